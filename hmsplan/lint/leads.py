"""The people whom campaigns call: read once for all rules, however many they are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.lint.numbering import Rate, look_up
from hmsplan.lint.rule import Hit
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

MOST_PLACES: Final = 5
"""Leads of one campaign that one rule names; the others are counted."""


class Leads(NamedTuple):
    """What is known of the leads of one campaign.

    Attributes:
        first: number to the index of the lead that has it first.
        countries: two letters to how many leads; "" for numbers of no country.
        odd: index and rate of each lead whose number is no ordinary one.
        columns: names of variables.
    """

    first: Mapping[str, int]
    countries: Counter[str]
    odd: Sequence[tuple[int, Rate]]
    columns: Sequence[str]


def leads_of(view: View, campaign: Resource) -> Leads:
    """Return what is known of the leads of a campaign."""
    return view.once(_read, campaign)


def hits(campaign: Resource, indexes: Sequence[int], detail: Callable[[int], str]) -> Iterator[Hit]:
    """Yield a hit for each of the first leads of *indexes*; the last one counts the others."""
    more = len(indexes) - MOST_PLACES
    for position, index in enumerate(indexes[:MOST_PLACES]):
        is_last = position == MOST_PLACES - 1 and more > 0
        others = f" So it is with {wording.count(more, 'more lead')} of this campaign." if is_last else ""
        source = campaign.member_sources[index] if campaign.member_sources else None
        yield Hit(detail(index) + others, ("leads",), source=source)


def _read(campaign: Resource, _view: View) -> Leads:
    first: dict[str, int] = {}
    countries: Counter[str] = Counter()
    odd: list[tuple[int, Rate]] = []
    columns: dict[str, None] = {}
    for index, lead in enumerate(campaign.members or ()):
        number = lead["phone_number"]
        first.setdefault(number, index)
        found = look_up(number)
        countries[found.country] += 1
        if found.rate is not Rate.ORDINARY:
            odd.append((index, found.rate))
        columns |= dict.fromkeys(lead["variables"])
    return Leads(first, countries, odd, tuple(columns))
