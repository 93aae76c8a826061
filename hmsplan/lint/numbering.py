"""What the numbering plans of the world say about a number: its country, and what a call to it costs.

The plans are those of phonenumbers. Their patterns are used directly, since a campaign may have 100,000 leads and
parsing one number takes as long as matching twenty.
"""

from __future__ import annotations

import enum
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_ORDINARY: Final = ("fixed_line", "mobile", "toll_free", "voip", "uan", "pager", "personal_number", "voicemail")
_LONGEST_CODE: Final = 3
_NEVER: Final = re.compile("(?!)")
_KEPT: Final = 6
"""Digits of a number that stay when it is masked: its first four, and its last two."""


class Rate(enum.StrEnum):
    """What a number is, as far as the caller pays for it."""

    ORDINARY = "ordinary"
    PREMIUM = "premium rate"
    SHARED = "shared cost"
    UNKNOWN = "unknown"


class Number(NamedTuple):
    """What is known of a number in E.164.

    Attributes:
        country: two letters; "" for a number of no country, or one that no plan has.
    """

    country: str
    rate: Rate


class _Plan(NamedTuple):
    country: str
    begins: re.Pattern[str] | None
    ordinary: re.Pattern[str]
    premium: re.Pattern[str]
    shared: re.Pattern[str]


_UNKNOWN: Final = Number("", Rate.UNKNOWN)
_FICTION: Final = ("+447700900", "+1555")
"""Ranges that regulators keep free for films and tests: Ofcom, and the North American numbering plan."""


@lru_cache(maxsize=4096)
def look_up(number: str) -> Number:
    """Return the country of a number in E.164 and its rate; ``UNKNOWN`` is of no range that the plans know."""
    code, plans = _plans_of(number[1 : 1 + _LONGEST_CODE])
    national = number[1 + len(code) :]
    for plan in plans:
        if plan.begins is not None and plan.begins.match(national) is None:
            continue
        if plan.premium.fullmatch(national):
            return Number(plan.country, Rate.PREMIUM)
        if plan.shared.fullmatch(national):
            return Number(plan.country, Rate.SHARED)
        if plan.ordinary.fullmatch(national):
            return Number(plan.country, Rate.ORDINARY)
    return Number(plans[0].country, Rate.UNKNOWN) if len(plans) == 1 else _UNKNOWN


@lru_cache(maxsize=1024)
def is_in_no_plan(number: str) -> bool:
    """Say whether a number could not be dialled, though it has a possible length; slower and stricter than above."""
    import phonenumbers  # noqa: PLC0415 -- slow to import, and a stack may declare no number

    if number.startswith(_FICTION):
        return False
    try:
        return not phonenumbers.is_valid_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False  # the schema refuses it


def masked(number: str) -> str:
    """Return a number as it may be shown: ``+316 •••• 78``."""
    return f"{number[:4]} •••• {number[-2:]}" if len(number) > _KEPT else "••••"


@cache
def country_name(country: str) -> str:
    """Return the English name of a country by its two letters."""
    from importlib.resources import files  # noqa: PLC0415 -- only for what is found

    lines = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text("utf-8").splitlines()
    names = dict(line.split("\t") for line in lines if line and not line.startswith("#"))
    return {"GB": "the United Kingdom", "US": "the United States", "NL": "the Netherlands"}.get(
        country, names.get(country, country)
    )


@cache
def _plans_of(digits: str) -> tuple[str, Sequence[_Plan]]:
    """Return the calling code with which *digits* begin, and the plans of the countries that share it."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE as KNOWN  # noqa: PLC0415 -- as above

    codes = (digits[:length] for length in range(1, _LONGEST_CODE + 1))
    code = next((each for each in codes if each.isdecimal() and int(each) in KNOWN), "")
    if not code:
        return "", ()
    return code, tuple(_plan(country, int(code)) for country in KNOWN[int(code)])


@cache
def _plan(country: str, code: int) -> _Plan:
    from phonenumbers import PhoneMetadata  # noqa: PLC0415 -- as above

    everywhere = country == "001"
    found = PhoneMetadata.metadata_for_nongeo_region(code) if everywhere else PhoneMetadata.metadata_for_region(country)

    def pattern(*names: str) -> re.Pattern[str]:
        described = [getattr(found, name) for name in names]
        texts = [each.national_number_pattern for each in described if each and each.national_number_pattern]
        return re.compile("|".join(f"(?:{text})" for text in texts)) if texts else _NEVER

    begins = re.compile(found.leading_digits) if found is not None and found.leading_digits else None
    return _Plan(
        "" if everywhere else country, begins, pattern(*_ORDINARY), pattern("premium_rate"), pattern("shared_cost")
    )
