"""PATCH: an object as it is now, with the declared fields laid over it.

A body is built on a reading of now, so that what was changed meanwhile and is not declared is kept. A field of
the plan that moved meanwhile fails the step: the plan was made for another value.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from hmsplan.api.objects import change_object
from hmsplan.apply.fresh import Outdated
from hmsplan.apply.unconfirmed import written_down
from hmsplan.apply.verify import left_behind, merged_blocks
from hmsplan.errors import Ambiguous, ApiError, HmsplanError, StaleStep
from hmsplan.model import MISSING, FieldChange, RemoteObject, Secret, dotted, leaves, values_at
from hmsplan.planner.diff import conflicting_fields, diff, moved
from hmsplan.planner.last_applied import is_settled
from hmsplan.planner.members import is_untouched, people
from hmsplan.planner.request_body import nulled, overlay, resolve, unknown
from hmsplan.planner.resource_diff import acts
from hmsplan.secrets.detect import is_mask, sounds_secret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
    from typing import TypeAlias

    from hmsplan.apply.context import Context
    from hmsplan.apply.fresh import Reading
    from hmsplan.kinds import Kind
    from hmsplan.model import FieldPath, Spec, Step, Value

    Check: TypeAlias = Callable[[], None]

T = TypeVar("T")
REFUSED = frozenset({400, 422})
"""The API looked at the body and did nothing."""


async def update(context: Context, kind: Kind, step: Step, object_id: str) -> RemoteObject:
    """PATCH one object and return it as the API answered; nothing is sent where it is so already.

    Raises:
        StaleStep: what the step rests on moved since the plan, or the object is gone.
        ApiError: the API refused, or the outcome is unknown.
    """
    spec = resolve(step.spec, context.ids)
    if step.starts:
        return await _start(context, kind, step, object_id, spec)

    async def write(live: RemoteObject, still: Check) -> RemoteObject:
        if _is_so(kind, step, spec, live.fields):
            return live
        return await _patch(context, kind, step, spec, live, still)

    def refuse(live: RemoteObject) -> None:
        _refuse_moved(context, kind, step, live)

    return await _on_now(context, kind, object_id, refuse, write)


async def _on_now(
    context: Context,
    kind: Kind,
    object_id: str,
    refuse: Callable[[RemoteObject], None],
    write: Callable[[RemoteObject, Check], Awaitable[T]],
) -> T:
    """Write on a reading that counts; again on another one when it no longer did, or its outcome is unknown.

    *refuse* raises when what the reading shows is not what the write rests on.
    """
    doubts = _Doubts(context, kind, object_id)
    for number in itertools.count():
        try:
            async with context.attempt(number):
                live, reading = await context.fresh.object(kind, object_id)
                live = _present(context, kind, object_id, live)
                refuse(live)
                return await write(live, context.fresh.still(reading))
        except Outdated:
            continue
        except Ambiguous as error:
            await doubts.look(error)
    raise AssertionError


@dataclass(slots=True)
class _Doubts:
    """A PATCH of which the outcome is unknown is looked at, and repeated once where it is proven not to hold."""

    context: Context
    kind: Kind
    object_id: str
    looked: bool = False

    async def look(self, error: Ambiguous) -> None:
        """Read the object back.

        Raises:
            Ambiguous: it is not there, or this is the second time.
        """
        if self.looked:
            raise error
        self.looked = True
        self.context.note(f"{self.kind.singular} {self.object_id}: {error}. Reading back ...")
        live, _ = await self.context.fresh.look_up(self.kind, self.object_id)
        if live is None:
            raise error


async def _start(context: Context, kind: Kind, step: Step, object_id: str, spec: Spec) -> RemoteObject:
    """Let the platform begin to call people: right after a look at the object and at who is on its list."""
    doubts = _Doubts(context, kind, object_id)
    while True:
        async with context.alone():
            live, reading = await context.fresh.look_up(kind, object_id)
            live = _present(context, kind, object_id, live)
            _refuse_moved(context, kind, step, live)
            if _is_so(kind, step, spec, live.fields):
                return live
            listed = await _waiting(context, kind, step, object_id)
            stills = [context.fresh.still(each) for each in (reading, listed) if each is not None]
            try:
                body = overlay(kind, spec, live.fields)
                return await _patched(context, kind, step, live, body, stills, alone=True)
            except Outdated:
                continue
            except Ambiguous as error:
                await doubts.look(error)


async def _waiting(context: Context, kind: Kind, step: Step, object_id: str) -> Reading | None:
    """Read who is on the list, and refuse to call more people than the plan said."""
    if kind.members is None or step.calls is None:
        return None
    listed = await context.fresh.members(kind, object_id, new=True)
    members = kind.members
    count = people(members, (item.fields for item in listed.objects.values() if is_untouched(members, item)))
    if count > step.calls:
        raise StaleStep(
            f"{step.address}: {count} people wait to be called, and the plan said {step.calls}: "
            f"{members.name} were added since. It was not started. Plan again"
        )
    return listed


def _present(context: Context, kind: Kind, object_id: str, live: RemoteObject | None) -> RemoteObject:
    """Return the object; what this run made or wrote a moment ago may not be shown yet.

    Raises:
        StaleStep: it is gone.
    """
    if live is not None:
        return live
    made = context.made.get(object_id)
    if made is None:
        raise StaleStep(f"the {kind.singular} {object_id} is gone since the plan was made. Plan again")
    return RemoteObject(kind.name, object_id, made)


def _refuse_moved(context: Context, kind: Kind, step: Step, live: RemoteObject) -> None:
    """Compare what the step rests on with what is live.

    Raises:
        StaleStep: naming each field that moved, and both values.
    """
    refuse_started(context, kind, step, live)
    made = context.made.get(live.id)
    if made is not None:
        found = moved(kind, tuple(_since_create(kind, step, made, context)), live.fields)
    else:
        expected = tuple(_expected(context, kind, step))
        found = (*moved(kind, expected, live.fields), *_unplanned(context, kind, step, expected, live.fields))
    if found:
        told = "; ".join(f"{dotted(f.path)} was {_short(f.before)} and is {_short(f.after)} now" for f in found)
        raise StaleStep(f"{step.address}: {told}. Nothing was sent. Plan again")


def _expected(context: Context, kind: Kind, step: Step) -> Iterator[FieldChange]:
    """Yield what the step expects, with the ids that were not known yet when it was planned.

    Such an id may also name an item of a list: the MCP server that is attached to an assistant.
    """
    names = {
        name_of(item): name_of(resolve(item, context.ids))
        for pattern, name_of in kind.keyed.items()
        for _, items in values_at(step.spec, pattern)
        for item in (items if isinstance(items, list) else ())
        if unknown(item)
    }
    for each in step.expects:
        path = tuple(names.get(part, part) if isinstance(part, str) else part for part in each.path)
        yield FieldChange(path, each.before, resolve(each.after, context.ids))


def _refuse_since(kind: Kind, step: Step, spec: Spec, answer: RemoteObject, live: RemoteObject) -> None:
    """Compare what the second half of a change rests on: what the answer to the first one showed.

    Raises:
        StaleStep: naming the fields that moved in between.
    """
    known = diff(kind, spec, answer.fields)
    if found := [change for change in diff(kind, spec, live.fields) if change not in known]:
        told = ", ".join(dotted(change.path) for change in found)
        raise StaleStep(f"{step.address}: {told} changed while it was being sent. Only a part was done. Plan again")


def _unplanned(
    context: Context, kind: Kind, step: Step, expected: Sequence[FieldChange], live: Spec
) -> Iterator[FieldChange]:
    """Name what the write would undo though the plan did not show it: a block is sent complete, a list as declared."""
    if step.rests:
        return
    spec, bound = resolve(step.spec, context.ids), context.ledger.binding(step.address)
    for change in (*diff(kind, spec, live), *conflicting_fields(kind, spec, live)):
        is_planned = any(_overlap(change.path, each.path) for each in expected)
        if not is_planned and not (bound is not None and is_settled(kind, change, bound)):
            yield FieldChange(change.path, change.after, change.before)


def _overlap(one: FieldPath, other: FieldPath) -> bool:
    """Say whether one path is the other, or leads to it."""
    return all(a == b for a, b in zip(one, other, strict=False))


def refuse_started(context: Context, kind: Kind, step: Step, live: RemoteObject) -> None:
    """Refuse what lets people be called once the platform calls them: as it was planned, none would have been.

    Raises:
        StaleStep: it was started since the plan was made.
    """
    planned = context.snapshot.get(kind.name, live.id)
    exposes = step.member or not kind.exposing.isdisjoint(step.spec)
    if exposes and not step.starts and acts(kind, live.fields) and not (planned and acts(kind, planned.fields)):
        raise StaleStep(
            f"{step.address}: it was started outside hmsplan since the plan was made, so this change would call "
            "people. Nothing was sent. Plan again"
        )


def _since_create(kind: Kind, step: Step, made: Spec, context: Context) -> Iterator[FieldChange]:
    """Say what an object that this run made has to be like still: as its create was answered."""
    spec = resolve(step.spec, context.ids)
    watched = {*spec, *(kind.exposing if step.starts else ())}
    for key in sorted(watched):
        first = kind.initial if kind.status is not None and key == kind.status[0] else MISSING
        before = made.get(key, first)
        if before is not MISSING or key in spec:
            yield FieldChange((key,), before, spec.get(key, before))


def _is_so(kind: Kind, step: Step, spec: Spec, live: Spec) -> bool:
    """Say whether the object is as the step wants it, as far as that can be seen."""
    if step.removed or has_secret(spec) or not all(key in live for key in spec):
        return False
    if step.rests:  # whatever does not act rests already
        return not acts(kind, live)
    return not diff(kind, spec, live)


async def _patch(
    context: Context, kind: Kind, step: Step, spec: Spec, live: RemoteObject, still: Check
) -> RemoteObject:
    """PATCH, and once more where the answer shows that the API lays a block over the stored one.

    Whether it merges or replaces is unknown. Where it merges, a key that is left out stays; null takes it out, as
    RFC 7396 has it, and user-owned JSON gets rid of its old keys when its block is cleared first.
    """
    answer = await _first(context, kind, step, spec, live, still)

    def refuse(live: RemoteObject) -> None:
        _refuse_since(kind, step, spec, answer, live)

    if left := left_behind(kind, step.removed, answer.fields):

        async def null(live: RemoteObject, still: Check) -> RemoteObject:
            body = sendable(overlay(kind, spec, live.fields, step.removed))
            return await _patched(context, kind, step, live, nulled(body, left), (still,))

        with contextlib.suppress(ApiError):
            answer = await _on_now(context, kind, live.id, refuse, null)
    if blocks := merged_blocks(kind, spec, answer.fields):

        async def clear(live: RemoteObject, still: Check) -> RemoteObject:
            await _patched(context, kind, step, live, dict.fromkeys(blocks), (still,))
            return live

        before = await _on_now(context, kind, live.id, refuse, clear)
        return await _rebuilt(context, kind, step, spec, before)
    return answer


async def _first(
    context: Context, kind: Kind, step: Step, spec: Spec, live: RemoteObject, still: Check
) -> RemoteObject:
    body = sendable(overlay(kind, spec, live.fields, step.removed))
    try:
        return await _patched(context, kind, step, live, body, (still,))
    except ApiError as error:
        if error.status not in REFUSED or not step.removed:
            raise
        with contextlib.suppress(ApiError):
            return await _patched(context, kind, step, live, nulled(body, step.removed), (still,))
        raise


async def _rebuilt(context: Context, kind: Kind, step: Step, spec: Spec, before: RemoteObject) -> RemoteObject:
    """Send blocks again that were cleared, with all that was in them right before, or came into them since."""

    async def send(live: RemoteObject, still: Check) -> RemoteObject:
        body = overlay(kind, spec, _joined(before.fields, live.fields), step.removed)
        return await _patched(context, kind, step, live, sendable(body), (still,))

    return await _on_now(context, kind, before.id, lambda _: None, send)


def _joined(before: Spec, now: Spec) -> Spec:
    """Return what is there *now*, and of its blocks also what was in them *before*."""
    joined = dict(now)
    for key, old in before.items():
        new = now.get(key)
        if isinstance(old, Mapping):
            joined[key] = old if new is None else _joined(old, new) if isinstance(new, Mapping) else new
        else:
            joined.setdefault(key, old)
    return joined


async def _patched(
    context: Context,
    kind: Kind,
    step: Step,
    live: RemoteObject,
    body: Spec,
    checks: Iterable[Check],
    *,
    alone: bool = False,
) -> RemoteObject:
    """PATCH once, and return the object as the API answered; where it answers nothing, as a GET shows it."""
    async with (
        contextlib.nullcontext() if alone else context.turns.together(),
        written_down(context, kind, step.address, live, body, context.before(*checks)) as before,
    ):
        answer = await change_object(context.client, kind, live, body, before)
    if answer is None:
        seen, _ = await context.fresh.look_up(kind, live.id)
        return seen or RemoteObject(kind.name, live.id, {**live.fields, **body})
    context.fresh.learn(answer)
    return answer


def has_secret(spec: Spec) -> bool:
    """Say whether *spec* holds a value that reading back does not show."""
    return any(isinstance(leaf, Secret) for _, leaf in leaves(spec))


def sendable(body: Spec) -> Spec:
    """Return *body* when every secret in it may be sent; the client unwraps them.

    Raises:
        HmsplanError: a secret has no value here, or the API masked it: a mask must never be sent back as the value.
    """
    for path, leaf in leaves(body):
        if isinstance(leaf, Secret):
            unknown = leaf.reveal() is None or (leaf.name == Secret.LIVE and is_mask(leaf.reveal() or ""))
        else:  # a field that the API knows and we do not, or one that was copied from its answer
            unknown = isinstance(leaf, str) and leaf != "" and sounds_secret(path[-1]) and is_mask(leaf)
        if unknown:
            detail = f"{dotted(path)} has to be sent along, and the API does not show its value. Declare it"
            raise HmsplanError(f"{detail} as ${{secret:name}}.", summary="Secret unknown")
    return body


def _short(value: Value) -> str:
    if isinstance(value, Secret):
        return str(value)
    text = "not there" if value is MISSING else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 -- one line of a report
