"""What a list proves of an object that is not on it. Pure.

"Not paginated may still hide a server-side cap" (API notes, 2), and a list may lag behind what was written. Whether a
create happened, or whom a campaign has to call, is decided from lists, so each has to prove first that it is whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.text import timestamps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sized

    from hmsplan.kinds import Kind, Members
    from hmsplan.model import RemoteObject

CAP_STEP: Final = 50
"""Caps are round: 50, 100, 1000."""

_DATE_S: Final = 1.0
"""A ``Date`` comes in whole seconds, so what is told by it may be so much too early."""


def may_be_cut(kind: Kind, objects: Sized) -> bool:
    """Say whether a list of *objects* may be the beginning of a longer one; one that pages was read to its end."""
    return not kind.paged and len(objects) > 0 and len(objects) % CAP_STEP == 0


def proves_absence(kind: Kind, objects: Iterable[RemoteObject], since: float) -> bool:
    """Say whether a list of all *objects* of a kind proves that nothing else was made at *since* or later.

    Args:
        kind: of the objects.
        objects: all that the list shows.
        since: Unix seconds by the API's clock, when the POST was sent.

    A list that may be cut proves it only by showing an object that is surely younger than that.
    """
    listed = list(objects)
    return not may_be_cut(kind, listed) or any(made_at(each) > since + _DATE_S for each in listed)


def is_whole(members: Members, parent: RemoteObject, found: Sized) -> bool:
    """Say whether a list of members may be believed: it has as many as the *parent* counts.

    Where the parent does not count them, a list of a round length may be cut.
    """
    total = parent.fields.get(members.total)
    if isinstance(total, int) and not isinstance(total, bool):
        return len(found) >= total
    return len(found) == 0 or len(found) % CAP_STEP != 0


def made_at(live: RemoteObject) -> float:
    """Return when an object was made, in Unix seconds; 0 when it does not say."""
    return timestamps.from_api(live.fields.get("created_at")) or 0.0
