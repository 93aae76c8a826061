"""Which object has to be deleted before another one may be created, because the API has their identity only once. Pure.

A replace creates the new object before it deletes the old one. Where the new one takes the phone number of another
object of the plan, that order cannot be kept: the number has to be free first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.errors import ConfigError
from hmsplan.kinds import KINDS
from hmsplan.kinds.identity import identity_of
from hmsplan.model import Action, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hmsplan.kinds import Kinds
    from hmsplan.model import Address, ResourceChange, Snapshot


def identity_needs(
    changes: Sequence[ResourceChange], snapshot: Snapshot, kinds: Kinds = KINDS
) -> Mapping[Address, Address]:
    """Return, for the address of each create that takes the identity of a live object, whose delete it has to wait for.

    The second address has the step that deletes it: the delete of a replace, of what is not declared any more, or of
    what an earlier apply replaced. Both are the same address where that one is its own.

    Raises:
        ConfigError: an object keeps the identity that another one is to get, or they would exchange theirs in a circle.
    """
    holders, going = _holders(changes, snapshot, kinds), {change.id: change for change in changes if _deletes(change)}
    needs: dict[Address, ResourceChange] = {}
    problems = []
    for change in changes:
        if (holder := holders.get(change.address)) is None or change.deposed:
            continue
        if holder in going:
            needs[change.address] = going[holder]
        else:
            problems.append(_kept(change, holder, changes, kinds))
    problems += [_circle(around, changes, kinds) for around in _circles(needs)]
    if problems:
        raise ConfigError(problems)
    return {address: change.address for address, change in needs.items()}


def outage(change: ResourceChange, holder: Address, kinds: Kinds = KINDS) -> str:
    """Say that what *change* creates cannot be reached until *holder* has let go of its identity."""
    kind = kinds[change.address.kind]
    if kind.loss:
        return f"the old one is deleted first: {kind.loss}"
    identity = identity_of(kind, change.after)
    origin = f"at {holder}" if holder != change.address else "first"
    return f"{identity} is deleted {origin} before it is created here: in between it cannot be reached"


def _holders(changes: Iterable[ResourceChange], snapshot: Snapshot, kinds: Kinds) -> dict[Address, str]:
    """Return the id of the live object that has the identity which an address is to get by a create."""
    found: dict[Address, str] = {}
    live: dict[str, dict[str, str]] = {}
    for change in changes:
        kind = kinds[change.address.kind]
        if not kind.unique or change.action not in {Action.CREATE, Action.REPLACE}:
            continue
        if kind.name not in live:
            objects = snapshot.objects.get(kind.name, {}).values()
            live[kind.name] = {identity_of(kind, each.fields): each.id for each in objects}
        holder = live[kind.name].get(identity_of(kind, change.after))
        if holder is not None:
            found[change.address] = holder
    return found


def _deletes(change: ResourceChange) -> bool:
    return change.action in {Action.DELETE, Action.REPLACE} and change.id is not None


def _kept(change: ResourceChange, holder: str, changes: Iterable[ResourceChange], kinds: Kinds) -> Diagnostic:
    """Name the object that keeps the identity which *change* needs."""
    kind = kinds[change.address.kind]
    owner = next((str(c.address) for c in changes if c.id == holder and c.address.kind == kind.name), "")
    detail = (
        f"{change.address} is to be the {kind.singular} {identity_of(kind, change.after)}, which the API has once. "
    )
    if owner:
        detail += f"{owner} has it ({holder}) and keeps it: give one of the two another {kind.identity}."
    else:
        detail += (
            f"{holder} has it, and this plan does not change that one. If it is the one you mean, type:\n"
            f"  hmsplan state rm {change.address}\n  hmsplan import {change.address} {holder}"
        )
    return Diagnostic("Identity is taken", detail, change.source, change.address, (kind.identity,))


def _circles(needs: Mapping[Address, ResourceChange]) -> Iterator[list[Address]]:
    """Yield each circle of replaces that wait for each other's delete, which comes after their own create."""
    seen: set[Address] = set()
    for start in sorted(needs):
        around: list[Address] = []
        here = start
        while here in needs and here not in seen and needs[here].action is Action.REPLACE:
            seen.add(here)
            around.append(here)
            here = needs[here].address
        if here in around and len(around) > 1:  # what takes its own place is deleted before it is made
            yield around[around.index(here) :]


def _circle(around: Sequence[Address], changes: Iterable[ResourceChange], kinds: Kinds) -> Diagnostic:
    first = next(change for change in changes if change.address == around[0] and not change.deposed)
    kind = kinds[first.address.kind]
    refs = " and ".join(sorted({str(pattern[0]) for pattern in kind.refs}))
    spare = f"{around[0]}_moved"
    origins, targets = [around[0], *around[1:], spare], [spare, *around]
    moves = "".join(f"\n  hmsplan state mv {o} {t}" for o, t in zip(origins, targets, strict=True))
    detail = (
        f"{' and '.join(map(str, around))} would exchange their {kind.identity}, and the API has each only once: none "
        f"can be created before another one is deleted. Leave each {kind.identity} where it is and exchange the other "
        f"fields ({refs}); or, if the keys are to change places, type:{moves}"
    )
    return Diagnostic("Circle of identities", detail, first.source, first.address, (kind.identity,))
