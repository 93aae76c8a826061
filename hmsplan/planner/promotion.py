"""What an environment may not have yet, because another one has not proven it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
    for change in changes:
        if change.action in _UNPROVEN or change.deposed:
            continue
        if reason := _missing(change, stack, requirement, proof, now):
            yield Refusal(Risk.UNPROVEN, change.address, reason)


def _missing(change: ResourceChange, stack: Stack, requirement: Requirement, proof: Proof, now: float) -> str:
    """Say what is missing; "" for nothing."""
    digest = stack.content_of(change.address)
    if change.action is not Action.DELETE and digest is None:
        return ""  # only this environment has it
    if proof.problem:
        return f"whether {requirement.environment} has it is not known: {proof.problem}"
    if change.action is Action.DELETE:
        return _still_there(change.address, requirement, proof, now)
    missing = _not_there(change.address, digest, requirement, proof, now)
    return missing or _ignored(change, stack, requirement)


def _not_there(address: Address, digest: str | None, requirement: Requirement, proof: Proof, now: float) -> str:
    first = requirement.environment
    if address in requirement.excluded:
        return f"not applied in {first}, which excludes it ({requirement.excluded[address]})"
    if address not in proof.contents:
        return f"not applied in {first}"
    content = proof.contents[address]
    if content is None:
        return f"not known to be applied in {first}: the last apply there did not finish it, or did not write it down"
    if content.digest != digest:
        return f"not applied in {first}, which has another version of it"
    made = proof.made.get(address, content.since)
    if content.since < made - _SLACK_S:
        by = f"before the object was made (@{proof.applies[made]})"
        return f"not known to be applied in {first}: by its state it is so since {by}"
    return _too_young(f"applied in {first}", content.since, requirement, proof, now)


def _ignored(change: ResourceChange, stack: Stack, requirement: Requirement) -> str:
    """Say which field that is sent here is left alone there, so that its value was not tried."""
    resource = stack.resources.get(change.address)
    own = resource.lifecycle.ignore_changes if resource is not None else ()
    sent = [field.path for field in change.fields]
    if change.action in _WHOLE:
        sent += [(name,) for name in change.after or ()]
    for path, source in requirement.ignored.get(change.address, {}).items():
        if path not in own and any(overlap(path, each) for each in sent):
            first = requirement.environment
            return f"{dotted(path)} is not known to be applied in {first}, which ignores changes of it ({source})"
    return ""


def _still_there(address: Address, requirement: Requirement, proof: Proof, now: float) -> str:
    first = requirement.environment
    if address in proof.contents:
        return f"not deleted in {first} yet"
    at = proof.deletions.get(address)
    return _too_young(f"deleted in {first}", at, requirement, proof, now) if at is not None else ""


def _too_young(what: str, since: float, requirement: Requirement, proof: Proof, now: float) -> str:
    """Say how long is missing; the apply that did it is named, if it is remembered."""
    left_s = since + requirement.for_s - now
    if left_s <= 0:
        return ""
    number = proof.applies.get(since)
    by = f" (@{number})" if number is not None else ""
    age, left, wanted = map(timestamps.length, (now - since, left_s, requirement.for_s))
    return f"{what} {age} ago{by}, and has to be for {wanted}: {left} to go"
