"""Adding and removing members (the leads of a campaign), while people are being called.

Who was called, was added or taken off the list since the plan was made is looked up before each write. Phone numbers
are shown in no message.
"""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmsplan.api.urls import segments
from hmsplan.apply.fresh import RECENT_S, Outdated
from hmsplan.apply.updates import refuse_started
from hmsplan.errors import ApiError, HmsplanError, StaleStep
from hmsplan.model import EMPTY, PendingCreate
from hmsplan.planner.members import fingerprint, is_untouched, person
from hmsplan.state.journal import Counted, Leaving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hmsplan.api.client import Before
    from hmsplan.apply.context import Context
    from hmsplan.kinds import Kind, Members
    from hmsplan.model import RemoteObject, Step


async def add(context: Context, kind: Kind, members: Members, step: Step) -> str:
    """POST one member and return its id.

    Raises:
        StaleStep: since the plan was made the person was added, called or taken off outside hmsplan, or the platform
            began to call the people on the list.
    """
    parent = step.id or context.ids[step.address]
    mark = fingerprint(members, step.spec, context.ledger.lineage)
    one = context.creator.one_at_a_time(kind, parent, (mark,))
    for number in itertools.count():
        with contextlib.suppress(Outdated):
            async with one, context.attempt(number):
                reading = await context.fresh.members(kind, parent)
                live, seen = await context.fresh.object(kind, parent)
                if live is not None:
                    refuse_started(context, kind, step, live)
                here = _same_person(context, members, parent, reading.objects, step)
                _refuse_met(context, members, step, parent, {item.id: item for item in here})
                intent = PendingCreate(
                    step=step.key,
                    address=step.address,
                    kind=kind.name,
                    identity=(mark,),
                    applied=EMPTY,
                    before=_with_mark(members, context.ledger.lineage, here, mark),
                    started=context.creator.sent_by(),
                    parent=parent,
                )
                stills = (context.fresh.still(reading), context.fresh.still(seen))
                added = await context.creator.create(kind, intent, dict(step.spec), context.before(*stills))
            context.added[parent].add(added.id)
            await context.ledger.write(Counted(step.address, mark, settles=step.key))
            return added.id
    raise AssertionError


def _with_mark(members: Members, lineage: str, found: Iterable[RemoteObject], mark: str) -> frozenset[str]:
    return frozenset(item.id for item in found if fingerprint(members, item.fields, lineage) == mark)


def _same_person(
    context: Context, members: Members, place: str, listed: Mapping[str, RemoteObject], step: Step
) -> Sequence[RemoteObject]:
    """Return the members of a list behind which the person is whom *step* adds."""
    return context.index.find(place, listed, person(members, step.spec), lambda item: _person(context, members, item))


def _refuse_met(
    context: Context, members: Members, step: Step, parent: str, objects: Mapping[str, RemoteObject]
) -> None:
    """Refuse to add a person who was added since, or who waited then and was called or taken off since."""
    if parent not in context.planned:
        context.planned[parent] = {item.id: item for item in context.snapshot.members.get(parent, ())}
    before = _same_person(context, members, f"{parent} as planned", context.planned[parent], step)
    planned = {item.id: item for item in before}
    for member in sorted((planned.keys() | objects.keys()) - context.added[parent] - context.removed[parent]):
        was, item = planned.get(member), objects.get(member)
        if item is None:
            raise StaleStep(
                f"{step.address}: this person was taken off the list since the plan was made, perhaps on request. "
                "Nothing was added. Plan again"
            )
        if was is None and parent not in context.made:
            raise StaleStep(
                f"{step.address}: this {members.singular} was added outside hmsplan since the plan was made, and would "
                "be called twice. Nothing was added. Plan again"
            )
        if was is not None and is_untouched(members, was) and not is_untouched(members, item):
            raise StaleStep(
                f"{step.address}: this {members.singular} was called since the plan was made, and would be called "
                "again. Nothing was added. Plan again"
            )


def _person(context: Context, members: Members, item: RemoteObject) -> str:
    """Return the person behind a member; read once for each, as every lead that is added is compared with all."""
    if item.id not in context.people:
        context.people[item.id] = person(members, item.fields)
    return context.people[item.id]


async def take_off(context: Context, kind: Kind, members: Members, step: Step) -> None:
    """DELETE one member, and return when the list shows that it is gone.

    Raises:
        StaleStep: it was called, or taken off the list, since the plan was made.
        HmsplanError: the API refused, or still shows it when the grace time is over.
    """
    parent, member = context.ids[step.address], step.id or ""
    removal = _Removal(context, step, fingerprint(members, step.spec, context.ledger.lineage))
    try:
        await _sent(context, kind, members, step, parent, removal)
    except (StaleStep, ApiError):
        with contextlib.suppress(HmsplanError):
            if removal.is_noted and (not removal.is_sent or await _is_listed(context, kind, parent, member)):
                await removal.undo()
        raise
    context.removed[parent].add(member)
    async for _ in context.grace.looks():
        if not await _is_listed(context, kind, parent, member):
            await context.ledger.write(Counted(step.address, removal.mark, -1))
            return
    raise HmsplanError(
        f"{step.address}: the API took the DELETE of a {members.singular} and still shows it", summary="Not removed"
    )


async def _sent(context: Context, kind: Kind, members: Members, step: Step, parent: str, removal: _Removal) -> None:
    """Look once more and DELETE. One that is gone after an answer got lost left by our hand."""
    member = step.id or ""
    where = segments(kind.path, parent, members.path, member)
    for number in itertools.count():
        with contextlib.suppress(Outdated):
            async with context.attempt(number):
                reading = await context.fresh.members(kind, parent, new=True)
                if removal.is_sent and member not in reading.objects:
                    return
                _refuse_touched(members, step, reading.objects.get(member))
                still = context.fresh.still(reading, at_most_s=RECENT_S)
                async with context.turns.together():
                    await context.client.delete(where, before=removal.before(still))
                return


async def _is_listed(context: Context, kind: Kind, parent: str, member: str) -> bool:
    listed = await context.fresh.members(kind, parent, new=True)
    return member in listed.objects


@dataclass(slots=True)
class _Removal:
    """Writes down that a removal is about to be sent: a person who is gone afterwards left by our hand."""

    context: Context
    step: Step
    mark: str
    is_noted: bool = False
    is_sent: bool = False

    def before(self, still: Callable[[], None]) -> Before:
        """Return what the client awaits right before it sends the DELETE."""
        ask = self.context.before(still)

        async def note() -> None:
            await ask()
            if not self.is_noted:
                await self.context.ledger.write(Leaving(self.step.address, self.mark))
                self.is_noted = True
            still()
            self.is_sent = True

        return note

    async def undo(self) -> None:
        """Write down that it did not happen."""
        ledger, address = self.context.ledger, self.step.address
        bound = ledger.binding(address)
        leaving = dict(bound.leaving) if bound is not None else {}
        leaving[self.mark] = leaving.get(self.mark, 0) - 1
        await ledger.stay(address, {mark: count for mark, count in leaving.items() if count > 0})


def _refuse_touched(members: Members, step: Step, item: RemoteObject | None) -> None:
    if item is None:
        raise StaleStep(
            f"{step.address}: this {members.singular} was taken off the list since the plan was made. Nothing was "
            "sent, and it is not added again. Plan again"
        )
    if not is_untouched(members, item):
        raise StaleStep(
            f"{step.address}: this {members.singular} was called since the plan was made, so it stays and is not added "
            "again. Plan again"
        )
