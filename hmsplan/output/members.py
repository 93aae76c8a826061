"""The members of an object that come, change and go, as lines. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from hmsplan.formats import member_rows
from hmsplan.output.lines import Line, Tone, safe
from hmsplan.output.words import some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.formats.member_rows import MemberRow
    from hmsplan.kinds import Members
    from hmsplan.model import MembersChange

_MOST_ROWS: Final = 20
"""Of each: new, changed and gone. A reviewer who wants to see all of thousands reads the diff of the file."""
_MOST_NAMES: Final = 5


def member_lines(members: Members, change: MembersChange, mark: str) -> Iterator[Line]:
    """Yield how many members come, change and go, behind *mark*, and the first of each."""
    new, changed, gone = member_rows.counts(change)
    yield Line(f"{members.name}: {members_text(change)}", mark)
    for sign, how_many, rows in (
        ("+", new, member_rows.added(members, change)),
        ("~", changed, member_rows.changed(members, change)),
        ("-", gone, member_rows.removed(members, change)),
    ):
        yield from (Line(_row(row, is_changed=sign == "~"), sign, 1) for row in islice(rows, _MOST_ROWS))
        if how_many > _MOST_ROWS:
            yield Line(f"… and {how_many - _MOST_ROWS:,} more", sign, 1, Tone.QUIET)


def members_text(change: MembersChange) -> str:
    """Count the members that come, change and go, and those still to be dialled afterwards."""
    after = f"; then {change.pending:,} still to be called" if change.pending != len(change.add) else ""
    return counts_text(member_rows.counts(change)) + after


def counts_text(counts: tuple[int, int, int]) -> str:
    """Say how many members come, change and go, in Terraform's order."""
    words = ("to add", "to change", "to remove")
    return ", ".join(f"{number:,} {word}" for number, word in zip(counts, words, strict=True) if number) or "none"


def _row(row: MemberRow, *, is_changed: bool) -> str:
    """Name one member; safe to show."""
    names = ""
    if is_changed:
        names = f" ({some(row.names, _MOST_NAMES) if row.names else 'which variables cannot be seen'})"
    return safe(f"{f'{row.place} ' if row.place else ''}{row.number}{names}")
