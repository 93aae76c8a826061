"""DELETE: what is to go is looked at once more right before, and is gone when a reading shows it gone.

The plan was made minutes ago. Who uses the object now, and whether it is still the one that was planned, is asked
again, and nothing else of ours is sent in between. The answer to a DELETE proves nothing: a proxy answers 200 with a
page of its own, and an API may refuse later. Until a reading shows it gone, the state keeps it.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hmsplan.api.objects import delete_object
from hmsplan.api.refresh import read_one
from hmsplan.apply.fresh import Outdated
from hmsplan.errors import HmsplanError, StaleStep
from hmsplan.kinds import KINDS
from hmsplan.kinds.identity import identity_of
from hmsplan.model import MISSING, FieldChange, RemoteObject, Snapshot, dotted
from hmsplan.planner.blast_radius import users_of
from hmsplan.planner.diff import moved
from hmsplan.planner.members import fingerprint, is_untouched
from hmsplan.planner.resource_diff import acts
from hmsplan.state.journal import Leaving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hmsplan.api.client import Before
    from hmsplan.apply.context import Context
    from hmsplan.apply.fresh import Reading
    from hmsplan.kinds import Kind, Members
    from hmsplan.model import Spec, Step


_TRIES: Final = 2
"""A DELETE may be repeated; a second one finds out whether something else than the API answered the first."""


async def remove(context: Context, kind: Kind, step: Step, object_id: str) -> None:
    """DELETE one object, and return when it is shown to be gone.

    Raises:
        StaleStep: it moved since the plan, dials again, or something uses it that the plan did not know.
        HmsplanError: the API refused, or still shows it when the grace time is over.
    """
    bound = context.ledger.binding(step.address)
    try:
        if await _is_gone(context, kind, step, object_id):
            return
    except HmsplanError:
        if bound is not None and bound.id == object_id:
            await context.ledger.stay(step.address, bound.leaving)
        raise


async def _is_gone(context: Context, kind: Kind, step: Step, object_id: str) -> bool:
    for attempt in range(_TRIES):
        if not await _sent(context, kind, step, object_id):
            if attempt == 0 and _is_succeeded(context, step, object_id):
                raise StaleStep(
                    f"{step.address}: it was deleted outside hmsplan since its replace was planned. No new one "
                    "is created. Plan again"
                )
            return True
        async for _ in context.grace.looks():
            if await read_one(context.client, kind, object_id) is None:
                return True
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
            users = [await context.fresh.list(each, new=True) for each in _users(kind)]
            _refuse_used(context, kind, step, object_id, users)
            listed = [await context.fresh.members(kind, object_id, new=True)] if kind.members is not None else []
            for each in listed:
                _refuse_members(context, kind, step, live, each)
            checks = [context.fresh.still(each) for each in (reading, *users, *listed)]
            before = _Before(context, kind, step, [item for each in listed for item in each.objects.values()])
            with contextlib.suppress(Outdated):
                await delete_object(context.client, kind, live, before.ask(checks))
                return True


def _users(kind: Kind) -> Iterator[Kind]:
    return (each for each in KINDS.values() if kind.name in each.targets)


def _refuse_moved(context: Context, kind: Kind, step: Step, live: RemoteObject) -> None:
    """Refuse to delete what is not as it was when its delete was planned.

    Raises:
        StaleStep: naming what moved.
    """
    if acts(kind, live.fields):
        raise StaleStep(
            f"{step.address}: it was started again outside hmsplan since it was paused. It is not deleted while it "
            "calls people. Plan again"
        )
    planned = context.snapshot.get(kind.name, live.id)
    expected = (*step.expects, *(_expected(kind, planned.fields, live.fields) if planned is not None else ()))
    if found := moved(kind, expected, live.fields):
        told = ", ".join(dotted(field.path) for field in found)
        raise StaleStep(
            f"{step.address}: {told} changed outside hmsplan since its delete was planned. "
            "It was not deleted. Plan again"
        )


def _expected(kind: Kind, planned: Spec, live: Spec) -> Iterator[FieldChange]:
    moving = kind.computed | ({kind.status[0]} if kind.status is not None else set())
    referring = {
        pattern[0] for pattern in kind.refs if len(pattern) == 1
    }  # the API itself lets go of what was deleted before
    for key in sorted(planned.keys() | live.keys()):
        if key not in moving | referring:
            value = planned.get(key, MISSING)
            yield FieldChange((key,), value, value)


def _is_succeeded(context: Context, step: Step, object_id: str) -> bool:
    """Say whether a new object is to take the place of this one, which is bound until then."""
    bound = context.ledger.binding(step.address)
    return step.deposes == object_id and bound is not None and bound.id == object_id


def _refuse_members(context: Context, kind: Kind, step: Step, live: RemoteObject, listed: Reading) -> None:
    """Refuse to delete an object with members that came since, or to call those again who were called or taken off.

    Raises:
        StaleStep: saying how many they are.
    """
    members, planned = kind.members, context.snapshot.get(kind.name, live.id)
    if members is None or planned is None:
        return
    now, was = listed.objects, {item.id: item for item in context.snapshot.members.get(live.id, ())}
    total = planned.fields.get(members.total)
    counted = total if live.id not in context.snapshot.members and isinstance(total, int) else len(was)
    if came := max(sum(i not in was for i in now) - (counted - len(was)), 0):
        raise StaleStep(
            f"{step.address}: {_counted(members, came)} came on its list since its delete was planned, and would go "
            "with it. It was not deleted. Plan again"
        )
    if not _is_succeeded(context, step, live.id):
        return
    gone = sum(i not in now and i not in context.removed[live.id] for i in was)
    called = sum(
        is_untouched(members, item) and i in now and not is_untouched(members, now[i]) for i, item in was.items()
    )
    if gone or called:
        what = [
            f"{_counted(members, count)} {verb}" for count, verb in ((called, "called"), (gone, "taken off")) if count
        ]
        raise StaleStep(
            f"{step.address}: {' and '.join(what)} since its replace was planned, and would be called by the new one. "
            f"Nothing was deleted, and it stays {live.fields.get('status')}. Plan again, which counts them"
        )


def _counted(members: Members, count: int) -> str:
    return f"1 {members.singular}" if count == 1 else f"{count} {members.name}"


@dataclass(slots=True)
class _Before:
    """Asks right before a DELETE, and writes down who leaves by our hand with an object that another one succeeds."""

    context: Context
    kind: Kind
    step: Step
    listed: Sequence[RemoteObject]
    is_noted: bool = False

    def ask(self, checks: Sequence[Callable[[], None]]) -> Before:
        """Return what the client awaits."""
        first = self.context.before(*checks)

        async def note() -> None:
            await first()
            if not self.is_noted and _is_succeeded(self.context, self.step, self.step.id or ""):
                self.is_noted = True
                await self.context.ledger.write(*(Leaving(self.step.address, mark) for mark in self._marks()))
                for check in checks:
                    check()

        return note

    def _marks(self) -> Iterator[str]:
        members, lineage = self.kind.members, self.context.ledger.lineage
        for item in self.listed:
            if members is not None and is_untouched(members, item):
                yield fingerprint(members, item.fields, lineage)


def _refuse_used(context: Context, kind: Kind, step: Step, object_id: str, readings: Iterable[Reading]) -> None:
    """Refuse to delete what is still used: the API may cascade, and take away what the plan never knew.

    Raises:
        StaleStep: naming the users.
    """
    objects = {each.kind: reading.objects for reading in readings for each in reading.objects.values()}
    tolerated = context.tolerated.get(object_id, ())
    using = users_of(Snapshot(objects=objects), needing=True).get(object_id, ())
    if users := [live for live in using if live.id not in tolerated]:
        told = ", ".join(sorted(map(_title, users)))
        raise StaleStep(
            f"{step.address}: still used by {told}, which the plan did not know of. The {kind.singular} was not "
            "deleted. Let them use another one, and plan again"
        )


def _title(live: RemoteObject) -> str:
    kind = KINDS[live.kind]
    return f"{kind.singular} {identity_of(kind, live.fields)} ({live.id})"
