"""What each verb of a step does to the API and to the state."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from hmsplan.apply.fresh import Outdated
from hmsplan.apply.member_steps import add, take_off
from hmsplan.apply.removals import remove
from hmsplan.apply.updates import sendable, update
from hmsplan.apply.verify import left_behind, merged_beside, vital
from hmsplan.errors import StaleStep
from hmsplan.kinds import KINDS
from hmsplan.kinds.identity import identity_of
from hmsplan.model import EMPTY, Binding, Deposed, Outcome, PendingCreate, RemoteObject, Status, Verb, dotted
from hmsplan.planner.last_applied import record, unsent, with_secrets
from hmsplan.planner.members import carried, fingerprint, merged
from hmsplan.planner.request_body import resolve
from hmsplan.state.journal import Counted, DeposedGone, Unbound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.apply.context import Context
    from hmsplan.kinds import Kind
    from hmsplan.model import Spec, Step


async def perform_step(context: Context, step: Step) -> Outcome:  # noqa: PLR0911 -- a table
    """Do what *step* says, write it down, and judge the answer.

    Raises:
        HmsplanError: it was not done.
    """
    kind = KINDS[step.address.kind]
    match step.verb:
        case Verb.CREATE if step.member and kind.members is not None:
            return Outcome(step, Status.DONE, await add(context, kind, kind.members, step))
        case Verb.DELETE if step.member and kind.members is not None:
            await take_off(context, kind, kind.members, step)
            return Outcome(step, Status.DONE, step.id)
        case Verb.CREATE:
            return await _create(context, kind, step)
        case Verb.UPDATE:
            return await _update(context, kind, step)
        case Verb.DELETE:
            await remove(context, kind, step, _id(step))
            return await _forget(context, step)
        case Verb.BIND:
            return await _bind(context, kind, step)
        case Verb.FORGET:
            return await _forget(context, step)


async def _create(context: Context, kind: Kind, step: Step) -> Outcome:
    spec = resolve(step.spec, context.ids)
    body = dict(sendable(spec))
    if kind.members is not None and step.members:
        body[kind.members.name] = [dict(member) for member in step.members]
    marks = _marks(context, kind, step.members or ())
    if (bound := context.ledger.binding(step.address)) is not None:
        marks = carried(bound.members, bound.leaving, marks)
    applied = record(step.records or EMPTY, context.ids)
    live = await _made(context, kind, step, spec, applied, marks, body)
    context.ids[step.address] = live.id
    context.made[live.id] = live.fields
    context.fresh.learn(live)
    deposed = Deposed(step.address, step.deposes) if step.deposes else None
    made, sent = context.client.server_now(), with_secrets(kind, spec)
    binding = Binding(step.address, live.id, applied, step.protected, marks, made=made, sent=sent)
    await context.ledger.bind(binding, settles=step.key, deposed=deposed)
    live = await _cleared(context, kind, step, live)
    to_do = tuple(kind.to_do(live.fields)) if kind.to_do is not None else ()
    return replace(_judged(kind, step, spec, live), to_do=to_do)


async def _made(
    context: Context,
    kind: Kind,
    step: Step,
    spec: Spec,
    applied: Spec,
    marks: Mapping[str, int],
    body: Mapping[str, object],
) -> RemoteObject:
    """POST, if no object of this name was made since the plan was made."""
    identity = identity_of(kind, spec)
    one = context.creator.one_at_a_time(kind, None, (identity,))
    for number in itertools.count():
        with contextlib.suppress(Outdated):
            async with one, context.attempt(number):
                reading = await context.fresh.list(kind)
                found = context.index.find(kind.name, reading.objects, identity, lambda o: identity_of(kind, o.fields))
                same = {live.id for live in found}
                _refuse_twin(context, kind, step, same)
                intent = PendingCreate(
                    step=step.key,
                    address=step.address,
                    kind=kind.name,
                    identity=(identity,),
                    applied=applied,
                    before=frozenset(same),
                    started=context.creator.sent_by(),
                    deposes=step.deposes,
                    protected=step.protected,
                    members=marks,
                )
                still = context.fresh.still(reading)
                return await context.creator.create(kind, intent, body, context.before(still))
    raise AssertionError


def _refuse_twin(context: Context, kind: Kind, step: Step, same: set[str]) -> None:
    """Refuse to create what was created outside hmsplan since the plan was made.

    Raises:
        StaleStep: naming it.
    """
    planned = context.snapshot.objects.get(kind.name, {})
    if came := sorted(i for i in same if i not in planned and i not in context.made):
        raise StaleStep(
            f"{step.address}: a {kind.singular} of the same {kind.identity} was created outside hmsplan since the plan "
            f"was made ({', '.join(came)}). Nothing was created. Plan again: it offers to adopt it"
        )


async def _cleared(context: Context, kind: Kind, step: Step, live: RemoteObject) -> RemoteObject:
    """Clear what the platform filled in though it is declared null, which a create has no word for."""
    nulls = {key: None for key in step.clears if live.fields.get(key) not in (None, "")}
    if not nulls:
        return live
    live = await update(context, kind, replace(step, verb=Verb.UPDATE, spec=nulls), live.id)
    context.made[live.id] = live.fields
    return live


async def _update(context: Context, kind: Kind, step: Step) -> Outcome:
    object_id = step.id or context.ids[step.address]
    live = await update(context, kind, step, object_id)
    bound = context.ledger.binding(step.address)
    if not step.rests:
        sent = {str(name) for name in step.spec}
        unkept = {path: seen for path, seen in bound.unkept.items() if _top(path) not in sent} if bound else {}
        applied, known = _applied(context, step, bound), bound or Binding(step.address, object_id)
        whole, unconfirmed = known.sent | with_secrets(kind, step.spec), known.unconfirmed.intersection(applied) - sent
        known = replace(known, unkept=unkept, sent=whole, unconfirmed=unconfirmed)
        await context.ledger.bind(replace(known, id=object_id, applied=applied, protected=step.protected))
    return _judged(kind, step, resolve(step.spec, context.ids), live)


def _top(path: str) -> str:
    return path.split(".", 1)[0].split("[", 1)[0]


async def _bind(context: Context, kind: Kind, step: Step) -> Outcome:
    if step.member:
        await context.ledger.write(
            Counted(step.address, fingerprint_of(context, kind, step.spec), settles=step.settles)
        )
        return Outcome(step, Status.DONE, step.id)
    if step.moved_from is not None:
        await context.ledger.move(step.moved_from, step.address)
    bound = context.ledger.binding(step.address)
    intent = context.ledger.intent(step.settles) if step.settles else None
    known = bound if bound is not None and bound.id == step.id else Binding(step.address, _id(step))
    members = merged(known.members, intent.members) if intent is not None else known.members
    applied = _applied(context, step, bound)
    binding = replace(
        known,
        applied=applied,
        unconfirmed=known.unconfirmed.intersection(applied),
        protected=step.protected,
        members=merged(members, _marks(context, kind, step.members or ())),
        made=intent.started if intent is not None else known.made,
        sent=known.sent | frozenset(intent.applied if intent is not None else ()),
    )
    deposed = Deposed(step.address, step.deposes) if step.deposes else None
    await context.ledger.bind(binding, settles=step.settles, deposed=deposed)
    return Outcome(step, Status.DONE, step.id)


def _applied(context: Context, step: Step, bound: Binding | None) -> Spec:
    """Return the fields to remember once *step* is done; what is remembered already when it says nothing."""
    known = bound.applied if bound is not None else EMPTY
    if step.records is None:
        return known
    return record(unsent(KINDS[step.address.kind], step.records, known, sent=step.spec), context.ids)


async def _forget(context: Context, step: Step) -> Outcome:
    if step.deposes is not None:
        await context.ledger.write(DeposedGone(step.deposes))
    else:
        await context.ledger.write(Unbound(step.address))
    return Outcome(step, Status.DONE, step.id)


def fingerprint_of(context: Context, kind: Kind, spec: Spec) -> str:
    """Return the fingerprint of one member under which this state remembers it."""
    if kind.members is None:
        raise AssertionError
    return fingerprint(kind.members, spec, context.ledger.lineage)


def _marks(context: Context, kind: Kind, specs: tuple[Spec, ...]) -> Mapping[str, int]:
    return MappingProxyType(dict(Counter(fingerprint_of(context, kind, spec) for spec in specs)))


def _id(step: Step) -> str:
    if step.id is None:
        raise AssertionError
    return step.id


def _judged(kind: Kind, step: Step, spec: Spec, live: RemoteObject) -> Outcome:
    """Compare an answer with what was sent; what it leaves out or has otherwise is left to the list at the end."""
    wrong = vital(kind, spec, live.fields)
    notes = (
        *(
            f"the API kept {dotted(path)}; it is released and stays as it is"
            for path in left_behind(kind, step.removed, live.fields)
        ),
        *merged_beside(kind, spec, live.fields),
    )
    return Outcome(step, Status.FAILED if wrong else Status.DONE, live.id, error=wrong, notes=notes)
