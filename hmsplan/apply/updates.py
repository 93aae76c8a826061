"""PATCH: an object as it is now, with the declared fields laid over it.

A body is built on a reading of now, so that what somebody changed meanwhile and nobody declares lives on. A field of
the plan that moved meanwhile fails the step: the plan was made for another value.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from typing import TYPE_CHECKING

from hmsplan.api.endpoint import segments
from hmsplan.api.snapshot import parse_one, read_one
from hmsplan.apply.fresh import Outdated
from hmsplan.apply.verify import left_behind, merged_blocks
from hmsplan.changes import acts
from hmsplan.diff import diff, moved
from hmsplan.errors import Ambiguous, ApiError, HmsplanError, StaleStep
from hmsplan.members import is_untouched, people
from hmsplan.model import EMPTY, MISSING, FieldChange, RemoteObject, Secret, dotted
from hmsplan.overlay import leaves, nulled, overlay, resolve
from hmsplan.secrets.masks import is_mask, sounds_secret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from hmsplan.apply.context import Context
    from hmsplan.apply.fresh import Reading
    from hmsplan.kinds import Kind
    from hmsplan.model import Spec, Step, Value

REFUSED = frozenset({400, 422})
"""The API looked at the body and did nothing."""


async def update(context: Context, kind: Kind, step: Step, object_id: str) -> RemoteObject:
    """PATCH one object and return it as the API answered; nothing is sent where it is so already.

    Raises:
        StaleStep: what the step rests on moved since the plan, or the object is gone.
        ApiError: the API refused, or nobody knows what became of it.
    """
    spec = resolve(step.spec, context.ids)
    if step.starts:
        return await _start(context, kind, step, object_id, spec)
    for number in itertools.count():
        with contextlib.suppress(Outdated):
            async with context.attempt(number):
                live, reading = await context.fresh.object(kind, object_id)
                live = _present(context, kind, object_id, live)
                _refuse_moved(context, kind, step, live)
                if _is_so(kind, step, spec, live.fields):
                    return live
                return await _patch(context, kind, step, spec, live, context.fresh.still(reading))
    raise AssertionError


async def _start(context: Context, kind: Kind, step: Step, object_id: str, spec: Spec) -> RemoteObject:
    """Let the platform begin to call people: right after a look at the object and at who is on its list."""
    while True:
        async with context.alone():
            live, reading = await context.fresh.look_up(kind, object_id)
            live = _present(context, kind, object_id, live)
            _refuse_moved(context, kind, step, live)
            if _is_so(kind, step, spec, live.fields):
                return live
            listed = await _waiting(context, kind, step, object_id)
            stills = [context.fresh.still(each) for each in (reading, listed) if each is not None]
            with contextlib.suppress(Outdated):
                return await _patched(context, kind, object_id, spec, overlay(kind, spec, live.fields), stills)


async def _waiting(context: Context, kind: Kind, step: Step, object_id: str) -> Reading | None:
    """Read who is on the list, and refuse to call more people than the plan said."""
    if kind.members is None or step.calls is None:
        return None
    listed = await context.fresh.members(kind, object_id, anew=True)
    members = kind.members
    count = people(members, (item.fields for item in listed.objects.values() if is_untouched(members, item)))
    if count > step.calls:
        raise StaleStep(
            f"{step.address}: {count} people wait to be called, and the plan said {step.calls}. Somebody added "
            f"{members.name} meanwhile; it was not started. Plan again"
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
    made = context.made.get(live.id)
    expects = step.expects if made is None else tuple(_since_create(kind, step, made, context))
    if not (found := moved(kind, expects, live.fields)):
        return
    told = "; ".join(f"{dotted(f.path)} was {_short(f.before)} and is {_short(f.after)} now" for f in found)
    raise StaleStep(f"{step.address}: {told}. Nothing was sent. Plan again")


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
    context: Context, kind: Kind, step: Step, spec: Spec, live: RemoteObject, still: Callable[[], None]
) -> RemoteObject:
    """PATCH, and once more where the answer shows that the API lays a block over the stored one.

    Whether it merges or replaces is unknown. Where it merges, a key that is left out stays; null takes it out, as
    RFC 7396 has it, and user-owned JSON gets rid of its old keys when its block is cleared first.
    """
    body = sendable(overlay(kind, spec, live.fields, step.removed))
    send = functools.partial(_patched, context, kind, live.id)
    answer = await _first(send, spec, body, step, still)
    if (nulls := nulled(body, left_behind(kind, step.removed, answer.fields))) != body:
        with contextlib.suppress(ApiError):
            answer = await send(spec, nulls, ())
    if blocks := merged_blocks(kind, spec, answer.fields):
        cleared = dict.fromkeys(blocks)
        await send(cleared, cleared, ())
        answer = await send(spec, body, ())
    return answer


async def _first(
    send: Callable[..., Awaitable[RemoteObject]], spec: Spec, body: Spec, step: Step, still: Callable[[], None]
) -> RemoteObject:
    try:
        return await send(spec, body, (still,))
    except ApiError as error:
        if error.status not in REFUSED or not step.removed:
            raise
        with contextlib.suppress(ApiError):
            return await send(spec, nulled(body, step.removed), (still,))
        raise


async def _patched(
    context: Context, kind: Kind, object_id: str, spec: Spec, body: Spec, checks: Iterable[Callable[[], None]]
) -> RemoteObject:
    """PATCH once. When nobody knows what became of it, read back, and repeat only what is proven not to hold."""
    doubted: RemoteObject | None = None
    try:
        return await _sent(context, kind, object_id, body, checks)
    except Ambiguous as error:
        context.note(f"{kind.singular} {object_id}: {error}. Reading back ...")
        doubted = await read_one(context.client, kind, object_id)
        if doubted is None:
            raise
    if not has_secret(spec) and not diff(kind, spec, doubted.fields):
        context.fresh.learn(doubted)
        return doubted
    return await _sent(context, kind, object_id, body, checks)


async def _sent(
    context: Context, kind: Kind, object_id: str, body: Spec, checks: Iterable[Callable[[], None]]
) -> RemoteObject:
    where = segments(kind.path, object_id)
    answer = parse_one(kind, await context.client.patch(where, body, before=context.before(*checks)))
    known = context.fresh.last(object_id)
    live = answer or RemoteObject(kind.name, object_id, {**(known.fields if known is not None else EMPTY), **body})
    context.fresh.learn(live)
    return live


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
        else:  # a field that the API knows and we do not, or one that somebody copied from its answer
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
