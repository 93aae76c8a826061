"""What an environment may not have yet, because another one has not proven it. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.model import Action, Refusal, Risk, dotted
from hmsplan.planner.comparison import overlap
from hmsplan.text import timestamps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.model import Address, Proof, Requirement, ResourceChange, Stack

_UNPROVEN: Final = frozenset({Action.NO_OP, Action.FORGET})
"""What sends nothing needs no proof."""
_SLACK_S: Final = 60.0
"""The API tells its time in seconds, and how long an apply took is measured here."""
_WHOLE: Final = frozenset({Action.CREATE, Action.REPLACE})
"""What sends every field, whether it differs or not."""


def unproven(changes: Iterable[ResourceChange], stack: Stack, proof: Proof | None, now: float) -> Iterator[Refusal]:
    """Refuse each change of which the required environment does not have the content, or not for long enough.

    *proof* is None where it was not asked: a plan against a snapshot, which is not applied.
    """
    requirement = stack.requirement
    if requirement is None or proof is None:
        return
    for change, lack in _lacks(changes, stack, requirement, proof, now):
        yield Refusal(Risk.UNPROVEN, change.address, lack.reason)


def first_in(changes: Iterable[ResourceChange], stack: Stack, proof: Proof | None, now: float) -> str:
    """Return the environment in which an apply would prove what *changes* lack; "" where none would."""
    requirement = stack.requirement
    if requirement is None or proof is None:
        return ""
    lacks = _lacks(changes, stack, requirement, proof, now)
    return requirement.environment if any(lack.is_to_apply for _, lack in lacks) else ""


def proven_from(changes: Iterable[ResourceChange], stack: Stack, proof: Proof | None, now: float) -> float:
    """Return the first full minute from which time alone has proven all *changes*; *now* where it does not do that."""
    requirement = stack.requirement
    if requirement is None or proof is None:
        return now
    times = [lack.until for _, lack in _lacks(changes, stack, requirement, proof, now)]
    known = [until for until in times if until is not None]
    return math.ceil(max(known) / 60) * 60.0 if known and len(known) == len(times) else now


class _Lack(NamedTuple):
    """What a change lacks.

    Attributes:
        until: when it does not lack it any more, in Unix seconds; None = time alone does not help.
        is_to_apply: an apply in the required environment helps.
    """

    reason: str
    until: float | None = None
    is_to_apply: bool = False


def _lacks(
    changes: Iterable[ResourceChange], stack: Stack, requirement: Requirement, proof: Proof, now: float
) -> Iterator[tuple[ResourceChange, _Lack]]:
    for change in changes:
        if change.action in _UNPROVEN or change.deposed:
            continue
        if (lack := _missing(change, stack, requirement, proof, now)) is not None:
            yield change, lack


def _missing(change: ResourceChange, stack: Stack, requirement: Requirement, proof: Proof, now: float) -> _Lack | None:
    """Say what is missing; None for nothing."""
    digest = stack.content_of(change.address)
    if change.action is not Action.DELETE and digest is None:
        return None  # only this environment has it
    if proof.problem:
        reason = f"whether {requirement.environment} has it is not known: {proof.problem}"
        return _Lack(reason, is_to_apply=True)
    if change.action is Action.DELETE:
        return _still_there(change.address, requirement, proof, now)
    missing = _not_there(change.address, digest, requirement, proof, now)
    return missing or _ignored(change, stack, requirement)


def _not_there(
    address: Address, digest: str | None, requirement: Requirement, proof: Proof, now: float
) -> _Lack | None:
    first = requirement.environment
    if address in requirement.excluded:
        return _Lack(f"not applied in {first}, which excludes it ({requirement.excluded[address]})")
    if address not in proof.contents:
        return _Lack(f"not applied in {first}", is_to_apply=True)
    content = proof.contents[address]
    if content is None:
        why = "the last apply there did not finish it, or did not write it down"
        return _Lack(f"not known to be applied in {first}: {why}", is_to_apply=True)
    if content.digest != digest:
        return _Lack(f"not applied in {first}, which has another version of it", is_to_apply=True)
    made = proof.made.get(address, content.since)
    if content.since < made - _SLACK_S:
        by = f"before the object was made (@{proof.applies[made]})"
        return _Lack(f"not known to be applied in {first}: by its state it is so since {by}", is_to_apply=True)
    return _too_young("applied", content.since, requirement, proof, now)


def _ignored(change: ResourceChange, stack: Stack, requirement: Requirement) -> _Lack | None:
    """Say which field that is sent here is left alone there, so that its value was not tried."""
    resource = stack.resources.get(change.address)
    own = resource.lifecycle.ignore_changes if resource is not None else ()
    sent = [field.path for field in change.fields]
    if change.action in _WHOLE:
        sent += [(name,) for name in change.after or ()]
    first = requirement.environment
    for path, source in requirement.ignored.get(change.address, {}).items():
        if path not in own and any(overlap(path, each) for each in sent):
            ignores = f"which ignores changes of it ({source})"
            return _Lack(f"{dotted(path)} is not known to be applied in {first}, {ignores}")
    return None


def _still_there(address: Address, requirement: Requirement, proof: Proof, now: float) -> _Lack | None:
    if address in proof.contents:
        return _Lack(f"not deleted in {requirement.environment} yet", is_to_apply=True)
    at = proof.deletions.get(address)
    return _too_young("deleted", at, requirement, proof, now) if at is not None else None


def _too_young(done: str, since: float, requirement: Requirement, proof: Proof, now: float) -> _Lack | None:
    """Say how long is missing; the apply that did it is named, if it is remembered."""
    until = since + requirement.for_s
    if until <= now:
        return None
    number = proof.applies.get(since)
    by = f" (@{number})" if number is not None else ""
    age, left, wanted = map(timestamps.span, (now - since, max(until - now, 1.0), requirement.for_s))
    what = f"{done} in {requirement.environment} {age} ago{by}, and has to be for {wanted}: {left} to go"
    return _Lack(what, until)
