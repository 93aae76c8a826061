"""What calling people takes, as rows of a table and a sentence. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.model import CampaignMinutes, Minutes

HEADS: Final = ("campaign", "people", "minutes each", "minutes", "last day")
_NUMBERS: Final = (1, 2, 3)
"""Columns of numbers, which end in one line."""


def minutes_rows(minutes: Minutes | None) -> Iterator[tuple[str, ...]]:
    """Yield the heads, and a row for each campaign."""
    if minutes is None:
        return
    yield HEADS
    for each in minutes.campaigns:
        numbers = (f"{each.people:,}", in_minutes(each.call_s / 60), in_minutes(each.minutes))
        yield (str(each.address), *numbers, each.last_day or "not known")


def balance_text(minutes: Minutes | None) -> str:
    """Say how much the campaigns take of what is left, and how sure that is; "" for nothing known."""
    if minutes is None:
        return ""
    left = "how many are left is not known" if minutes.left is None else f"{in_minutes(minutes.left)} are left"
    of = " and ".join(dict.fromkeys(map(_source, minutes.campaigns)))
    return f"Calls: {in_minutes(minutes.needed)} minutes, {left}. By the median of {of}, one call at a time."


def _source(each: CampaignMinutes) -> str:
    return f"{count(each.calls, 'call')} of {'its assistant' if each.is_own else 'any assistant'}"


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the rows of a table in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if number in _NUMBERS else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def in_minutes(value: float) -> str:
    """Write minutes with a tenth, where there is one."""
    return f"{value:,.1f}".removesuffix(".0")
