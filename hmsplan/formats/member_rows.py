"""The members that come, change and go, as far as a reader may know them. Pure.

A member is named by the line that declares it, the last two digits of its number, and the variables that change. Whom
only the platform still lists has no line, and values are told nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hmsplan.formats.redact import masked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.kinds import Members
    from hmsplan.model import MembersChange


class MemberRow(NamedTuple):
    """One member.

    Attributes:
        place: ``file:line``; "" where none declares it.
        number: masked.
        names: the variables that change; empty where they cannot be seen.
    """

    place: str
    number: str
    names: tuple[str, ...] = ()


def added(members: Members, change: MembersChange) -> Iterator[MemberRow]:
    """Yield the members that are new."""
    changed = {update.add for update in change.updates}
    for index in range(len(change.add)):
        if index not in changed:
            yield _declared(members, change, index)


def changed(members: Members, change: MembersChange) -> Iterator[MemberRow]:
    """Yield the members of which only the variables change."""
    for update in change.updates:
        yield _declared(members, change, update.add)._replace(names=update.names)


def removed(members: Members, change: MembersChange) -> Iterator[MemberRow]:
    """Yield the members that leave."""
    stay = {update.remove for update in change.updates}
    for index, item in enumerate(change.remove):
        if index not in stay:
            yield MemberRow("", masked(item.fields.get(members.identity[0])))


def counts(change: MembersChange) -> tuple[int, int, int]:
    """Count them: new, changed, gone."""
    both = len(change.updates)
    return len(change.add) - both, both, len(change.remove) - both


def member_json(members: Members | None, change: MembersChange | None, *, whole: bool) -> dict[str, Any] | None:
    """Return what JSON tells of the members, each one where it is *whole*; None when nothing about them changes.

    ``add`` and ``remove`` count what is sent, so that each of ``change`` is in both.
    """
    if change is None or members is None:
        return None
    told = {
        "add": len(change.add),
        "change": len(change.updates),
        "remove": len(change.remove),
        "pending": change.pending,
    }
    if not whole:
        return told
    rows = (("add", added), ("change", changed), ("remove", removed))
    return told | {"list": [_row_json(action, row) for action, found in rows for row in found(members, change)]}


def _row_json(action: str, row: MemberRow) -> dict[str, Any]:
    told = {"action": action, "source": row.place or None, "number": row.number}
    return told | {"variables": list(row.names)} if action == "change" else told


def _declared(members: Members, change: MembersChange, index: int) -> MemberRow:
    number = masked(change.add[index].get(members.identity[0]))
    return MemberRow(change.places[index] if change.places else "", number)
