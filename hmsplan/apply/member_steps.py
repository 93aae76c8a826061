"""Adding and removing members (the leads of a campaign), while people are being called.

Who was called, was added or taken off the list since the plan was made is looked up before each write. Phone numbers
are shown in no message.
"""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING

from hmsplan.api.endpoint import segments
from hmsplan.apply.fresh import RECENT_S, Outdated
from hmsplan.errors import HmsplanError, StaleStep
from hmsplan.members import fingerprint, is_untouched, person
from hmsplan.model import EMPTY, Intent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.api.client import Before
    from hmsplan.apply.context import Context
    from hmsplan.kinds import Kind, Members
    from hmsplan.model import RemoteObject, Step


async def add(context: Context, kind: Kind, members: Members, step: Step) -> str:
    """POST one member and return its id.

    Raises:
        StaleStep: the person was added or called by somebody else since the plan was made.
    """
    parent = step.id or context.ids[step.address]
    mark = fingerprint(members, step.spec, context.ledger.lineage)
    one = context.creator.one_at_a_time(kind, parent, (mark,))
    for number in itertools.count():
        with contextlib.suppress(Outdated):
            async with one, context.attempt(number):
                reading = await context.fresh.members(kind, parent)
                _refuse_met(context, members, step, parent, reading.objects)
                intent = Intent(
                    step=step.key,
                    address=step.address,
                    kind=kind.name,
                    identity=(mark,),
                    applied=EMPTY,
                    before=_with_mark(members, context.ledger.lineage, reading.objects, mark),
                    started=context.client.server_now(),
                    parent=parent,
                )
                still = context.fresh.still(reading)
                live = await context.creator.create(kind, intent, dict(step.spec), context.before(still))
            context.added[parent].add(live.id)
            await context.ledger.count(step.address, mark, settles=step.key)
            return live.id
    raise AssertionError


def _with_mark(members: Members, lineage: str, objects: Mapping[str, RemoteObject], mark: str) -> frozenset[str]:
    return frozenset(i for i, item in objects.items() if fingerprint(members, item.fields, lineage) == mark)


def _refuse_met(
    context: Context, members: Members, step: Step, parent: str, objects: Mapping[str, RemoteObject]
) -> None:
    """Refuse to add a person whom the plan did not see on the list, or saw waiting, and who was called since."""
    planned = {item.id: item for item in context.snapshot.members.get(parent, ())}
    who = person(members, step.spec)
    for item in objects.values():
        if item.id in context.added[parent] or person(members, item.fields) != who:
            continue
        was = planned.get(item.id)
        if was is None and parent not in context.made:
            raise StaleStep(
                f"{step.address}: somebody added this {members.singular} since the plan was made, and it would be "
                "called twice. Nothing was added. Plan again"
            )
        if was is not None and is_untouched(members, was) and not is_untouched(members, item):
            raise StaleStep(
                f"{step.address}: this {members.singular} was called since the plan was made, and would be called "
                "again. Nothing was added. Plan again"
            )


async def take_off(context: Context, kind: Kind, members: Members, step: Step) -> None:
    """DELETE one member, and return when the list shows that it is gone.

    Raises:
        StaleStep: it was called since the plan was made, or somebody took it off the list already.
        HmsplanError: the API refused, or still shows it when the grace time is over.
    """
    parent, member = context.ids[step.address], step.id or ""
    mark = fingerprint(members, step.spec, context.ledger.lineage)
    for number in itertools.count():
        with contextlib.suppress(Outdated):
            async with context.attempt(number):
                reading = await context.fresh.members(kind, parent, anew=True)
                _refuse_touched(members, step, reading.objects.get(member))
                ask = context.before(context.fresh.still(reading, at_most_s=RECENT_S))

                async def before(ask: Before = ask) -> None:
                    await ask()
                    await context.ledger.leave(step.address, mark)

                async with context.turns.together():
                    await context.client.delete(segments(kind.path, parent, members.path, member), before=before)
            break
    async for _ in context.grace.looks():
        listed = await context.fresh.members(kind, parent, anew=True)
        if member not in listed.objects:
            await context.ledger.count(step.address, mark, -1)
            return
    raise HmsplanError(
        f"{step.address}: the API took the DELETE of a {members.singular} and still shows it", summary="Not removed"
    )


def _refuse_touched(members: Members, step: Step, item: RemoteObject | None) -> None:
    if item is None:
        raise StaleStep(
            f"{step.address}: somebody took this {members.singular} off the list since the plan was made. Nothing was "
            "sent, and it is not added again. Plan again"
        )
    if not is_untouched(members, item):
        raise StaleStep(
            f"{step.address}: this {members.singular} was called since the plan was made, so it stays and is not added "
            "again. Plan again"
        )
