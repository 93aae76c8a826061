"""DELETE: what is to go is looked at once more right before, and is gone when a reading shows it gone.

The plan was made minutes ago. Who uses the object now, and whether it is still the one that was planned, is asked
again, and nothing else of ours is sent in between. The answer to a DELETE proves nothing: a proxy answers 200 with a
page of its own, and an API may refuse later. Until a reading shows it gone, the state keeps it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from hmsplan.api.endpoint import segments
from hmsplan.api.snapshot import read_one
from hmsplan.apply.fresh import Outdated
from hmsplan.changes import acts
from hmsplan.diff import moved
from hmsplan.errors import HmsplanError, StaleStep
from hmsplan.identity import identity_of
from hmsplan.kinds import KINDS
from hmsplan.model import FieldChange, RemoteObject, Snapshot, dotted
from hmsplan.reach import users_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.apply.context import Context
    from hmsplan.apply.fresh import Reading
    from hmsplan.kinds import Kind
    from hmsplan.model import Spec, Step


_TRIES: Final = 2
"""A DELETE may be repeated; a second one finds out whether something else than the API answered the first."""


async def remove(context: Context, kind: Kind, step: Step, object_id: str) -> None:
    """DELETE one object, and return when it is shown to be gone.

    Raises:
        StaleStep: it moved since the plan, dials again, or something uses it that the plan did not know.
        HmsplanError: the API refused, or still shows it when the grace time is over.
    """
    for _ in range(_TRIES):
        if not await _sent(context, kind, step, object_id):
            return
        async for _ in context.grace.looks():
            if await read_one(context.client, kind, object_id) is None:
                return
        if context.grace.stopping():
            break
    raise HmsplanError(
        f"{step.address}: the API took the DELETE of {object_id} and still shows it. It stays in the state, and the "
        "next apply goes on",
        summary="Not deleted",
    )


async def _sent(context: Context, kind: Kind, step: Step, object_id: str) -> bool:
    """Look once more, and DELETE; say whether there was anything to delete."""
    while True:
        async with context.alone():
            live, reading = await context.fresh.look_up(kind, object_id)
            if live is None:
                return False
            _refuse_moved(context, kind, step, live)
            users = [await context.fresh.list(each, anew=True) for each in _users(kind)]
            _refuse_used(kind, step, object_id, users)
            checks = [context.fresh.still(each) for each in (reading, *users)]
            with contextlib.suppress(Outdated):
                await context.client.delete(segments(kind.path, object_id), before=context.before(*checks))
                return True


def _users(kind: Kind) -> Iterator[Kind]:
    return (each for each in KINDS.values() if kind.name in each.refs.values())


def _refuse_moved(context: Context, kind: Kind, step: Step, live: RemoteObject) -> None:
    """Refuse to delete what is not as it was when its delete was planned.

    Raises:
        StaleStep: naming what moved.
    """
    if acts(kind, live.fields):
        raise StaleStep(
            f"{step.address}: {kind.status} was set again since it was paused. It is not deleted while it calls people"
        )
    planned = context.snapshot.get(kind.name, live.id)
    expected = _expected(kind, planned.fields) if planned is not None else ()
    if found := moved(kind, tuple(expected), live.fields):
        told = ", ".join(dotted(field.path) for field in found)
        raise StaleStep(
            f"{step.address}: {told} changed since its delete was planned, so somebody still works on it. "
            "It was not deleted. Plan again"
        )


def _expected(kind: Kind, planned: Spec) -> Iterator[FieldChange]:
    moving = kind.computed | ({kind.status[0]} if kind.status is not None else set())
    referring = {pattern[0] for pattern in kind.refs}  # the API itself lets go of what was deleted before
    for key, value in sorted(planned.items()):
        if key not in moving | referring:
            yield FieldChange((key,), value, value)


def _refuse_used(kind: Kind, step: Step, object_id: str, readings: Iterable[Reading]) -> None:
    """Refuse to delete what is still used: the API may cascade, and take away what the plan never knew.

    Raises:
        StaleStep: naming the users.
    """
    objects = {each.kind: reading.objects for reading in readings for each in reading.objects.values()}
    if users := users_of(Snapshot(objects=objects)).get(object_id):
        told = ", ".join(sorted(map(_title, users)))
        raise StaleStep(
            f"{step.address}: still used by {told}, which the plan did not know of. The {kind.singular} was not "
            "deleted. Let them use another one, and plan again"
        )


def _title(live: RemoteObject) -> str:
    kind = KINDS[live.kind]
    return f"{kind.singular} {identity_of(kind, live.fields)} ({live.id})"
