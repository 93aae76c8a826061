"""Time zones by their IANA names, and what people write instead. Pure but for what tzdata ships.

A name is only ever looked up in that list; nothing is opened that is called as a stack says.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_PLACE: Final = frozenset({"Factory"})
_GREENWICH: Final = ("GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich")
_FIXED: Final = MappingProxyType(
    {"EST": "America/New_York", "MST": "America/Denver", "HST": "Pacific/Honolulu"}
    | dict.fromkeys(_GREENWICH, "Europe/London")
)
"""Names that are a fixed distance from UTC all year, and the place that is most often meant."""

_ETC: Final = re.compile(r"Etc/GMT([+-])([0-9]+)")
_OFFSET: Final = re.compile(r"\(?\s*(?:UTC|GMT|Z)?\s*[+-]\s*[0-9]{1,2}(?::?[0-9]{2})?\b.*", re.IGNORECASE | re.DOTALL)
_LONGEST: Final = 64
"""Characters of a text for which a name is looked for; the longest name has half as many."""

_ABBREVIATIONS: Final = MappingProxyType(
    {
        "AEDT": "Australia/Sydney",
        "AEST": "Australia/Sydney",
        "AKST": "America/Anchorage",
        "BST": "Europe/London",
        "CDT": "America/Chicago",
        "CEST": "Europe/Amsterdam",
        "CST": "America/Chicago",
        "EDT": "America/New_York",
        "EEST": "Europe/Helsinki",
        "IST": "Asia/Kolkata",
        "JST": "Asia/Tokyo",
        "MDT": "America/Denver",
        "MESZ": "Europe/Berlin",
        "MEZ": "Europe/Berlin",
        "MSK": "Europe/Moscow",
        "NZST": "Pacific/Auckland",
        "PDT": "America/Los_Angeles",
        "PST": "America/Los_Angeles",
        "SAST": "Africa/Johannesburg",
        "SGT": "Asia/Singapore",
        "WEST": "Europe/Lisbon",
    }
)

_WINDOWS: Final = MappingProxyType(
    {
        "AUS Eastern": "Australia/Sydney",
        "Alaskan": "America/Anchorage",
        "Arab": "Asia/Riyadh",
        "Arabian": "Asia/Dubai",
        "Argentina": "America/Argentina/Buenos_Aires",
        "Atlantic": "America/Halifax",
        "Canada Central": "America/Regina",
        "Cen. Australia": "Australia/Adelaide",
        "Central": "America/Chicago",
        "Central Europe": "Europe/Budapest",
        "Central European": "Europe/Warsaw",
        "China": "Asia/Shanghai",
        "E. Africa": "Africa/Nairobi",
        "E. Australia": "Australia/Brisbane",
        "E. Europe": "Europe/Chisinau",
        "E. South America": "America/Sao_Paulo",
        "Eastern": "America/New_York",
        "Egypt": "Africa/Cairo",
        "FLE": "Europe/Kyiv",
        "GMT": "Europe/London",
        "GTB": "Europe/Bucharest",
        "Greenwich": "Atlantic/Reykjavik",
        "Hawaiian": "Pacific/Honolulu",
        "India": "Asia/Kolkata",
        "Israel": "Asia/Jerusalem",
        "Korea": "Asia/Seoul",
        "Morocco": "Africa/Casablanca",
        "Mountain": "America/Denver",
        "New Zealand": "Pacific/Auckland",
        "Newfoundland": "America/St_Johns",
        "Pacific": "America/Los_Angeles",
        "Pacific SA": "America/Santiago",
        "Pakistan": "Asia/Karachi",
        "Romance": "Europe/Paris",
        "Russian": "Europe/Moscow",
        "SA Pacific": "America/Bogota",
        "SE Asia": "Asia/Bangkok",
        "Singapore": "Asia/Singapore",
        "South Africa": "Africa/Johannesburg",
        "Taipei": "Asia/Taipei",
        "Tokyo": "Asia/Tokyo",
        "Turkey": "Europe/Istanbul",
        "US Mountain": "America/Phoenix",
        "W. Australia": "Australia/Perth",
        "W. Central Africa": "Africa/Lagos",
        "W. Europe": "Europe/Berlin",
    }
)
"""The first half of Windows' names ("W. Europe Standard Time"), and a place for which it has that name."""


@cache
def names() -> frozenset[str]:
    """Return every time zone there is, old names included."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split()) - _NO_PLACE


@lru_cache(maxsize=256)
def why_not(text: str) -> str:
    """Say why *text* is not a time zone and what was probably meant; "" when it is one."""
    if text in names():
        return ""
    if (stripped := text.strip()) in names():
        return f"{wording.shown(text)} has a space at an end. Write {stripped}."
    if not stripped or len(stripped) > _LONGEST:
        return f"{wording.shown(text)} is not a time zone. Write an IANA name, such as Europe/Amsterdam."
    if _OFFSET.fullmatch(stripped):
        return (
            f"{wording.shown(text)} is a distance from UTC, which knows no summer time, and not a time zone. Write the "
            "IANA name of a place, such as Europe/Amsterdam."
        )
    if re.search(r"(?i)\b(standard|daylight|summer) time\b", stripped):
        return f"{stripped} is how Windows names a time zone. {_of_windows(stripped)}"
    guess = _meant(stripped)
    return f"{stripped} is not a time zone. " + (
        f"Did you mean {guess}?" if guess else "Write the IANA name of a place, such as Europe/Amsterdam."
    )


def unwise(text: str) -> str:
    """Say what surprises people about a time zone that there is; "" when nothing does."""
    if (etc := _ETC.fullmatch(text)) and int(etc[2]):
        side, hours = ("behind" if etc[1] == "+" else "ahead of"), wording.count(int(etc[2]), "hour")
        return f"{text} is {hours} {side} UTC, all year: the sign is the other way round, and there is no summer time."
    place = _FIXED.get(text.removeprefix("Etc/"))
    return f"{text} knows no summer time. Write the name of a place, such as {place}." if place else ""


@cache
def of_country(country: str) -> tuple[str, ...]:
    """Return the time zones of a country by its two letters, the one of most people first, as tzdata lists them."""
    return _by_country().get(country, ())


@lru_cache(maxsize=1024)
def minutes_from_utc(zone: str, day: dt.date) -> int:
    """Return how far ahead of UTC the clocks of a zone that there is are at noon of *day*."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 -- most commands never ask

    offset = ZoneInfo(zone).utcoffset(dt.datetime.combine(day, dt.time(12)))
    return int(offset.total_seconds()) // 60 if offset is not None else 0


@cache
def _by_country() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), zone)
    return found


def _of_windows(text: str) -> str:
    known = {name.lower(): zone for name, zone in _WINDOWS.items()}
    first = re.split(r"(?i)\s+(?:standard|daylight|summer) time\b", text)[0]
    zone = known.get(first.lower())
    return f"Did you mean {zone}? It is one of several places." if zone else "Write the IANA name of a place."


def _meant(text: str) -> str | None:
    """Return the name that somebody meant: by its abbreviation, its city, or one that is written much alike."""
    plain = _plain(text)
    if (by_name := _by_plain_name().get(plain)) is not None:
        return by_name
    if (city := _by_city().get(plain.rpartition("/")[2])) is not None:
        return city
    return _ABBREVIATIONS.get(text.upper()) or wording.nearest(text, sorted(names()))


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.replace("\\", "/")).lower()


@cache
def _by_plain_name() -> Mapping[str, str]:
    return {_plain(name): name for name in sorted(names())}


@cache
def _by_city() -> Mapping[str, str]:
    """Return the last part of each name; where several end alike, the shortest is the one that people know."""
    return {_plain(name).rpartition("/")[2]: name for name in sorted(names(), key=len, reverse=True)}
