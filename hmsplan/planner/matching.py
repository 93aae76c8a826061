"""Which live object is which address. Pure.

In this order: a binding in state (after ``moved:``), an open intent whose object was found, an ``imports:`` entry, and
last a unique natural key among the live objects that nothing binds. Nothing is adopted in silence: the plan shows it.
What another environment of the stack binds is never taken, and no object is ever bound by two addresses.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from hmsplan.kinds import KINDS
from hmsplan.kinds.identity import identity_of
from hmsplan.model import EMPTY, Binding, Diagnostic, PendingCreate, Unsettled
from hmsplan.planner.absence import is_whole, made_at, proves_absence
from hmsplan.planner.diff import diff
from hmsplan.planner.members import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmsplan.kinds import Kind, Kinds
    from hmsplan.model import Address, Import, RemoteObject, Resource, Snapshot, Spec, Stack, State

Elsewhere: TypeAlias = "Mapping[tuple[str, str], str]"
"""(kind, id) to the other environment of the same stack whose state binds that object."""

NOWHERE: Final[Elsewhere] = MappingProxyType({})


@dataclass(slots=True)
class Identities:
    """What is known of every address before anything is compared.

    Attributes:
        bindings: address to what state knows of it, moves done and found objects bound.
        adopted: addresses that state does not bind yet, with the reason they are recognised.
        moved: new address to the old one.
        gone: bound addresses whose object the API no longer has.
        leaving: (kind, id) of objects that were replaced and are still to be deleted.
        unsettled: open intents that the lists do not decide, and objects that we made a moment ago and cannot see yet.
        answered: open intents whose object was found, by address.
        counted: open intents whose member was found, with it.
        decided: keys of the open intents that need no more watching.
        problems: what keeps the plan from being made.
    """

    bindings: dict[Address, Binding]
    adopted: dict[Address, str] = field(default_factory=dict)
    moved: dict[Address, Address] = field(default_factory=dict)
    gone: set[Address] = field(default_factory=set)
    leaving: set[tuple[str, str]] = field(default_factory=set)
    unsettled: list[Unsettled] = field(default_factory=list)
    answered: dict[Address, PendingCreate] = field(default_factory=dict)
    counted: list[tuple[PendingCreate, RemoteObject]] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)


def identify(
    stack: Stack, snapshot: Snapshot, state: State, elsewhere: Elsewhere = NOWHERE, kinds: Kinds = KINDS
) -> Identities:
    """Find the live object of every address; ``Snapshot.now`` decides whether a grace time is over."""
    found = Identities(bindings=dict(state.bindings))
    _move(stack, found)
    _settle(stack, snapshot, state, found, elsewhere, kinds)
    found.leaving = {(d.address.kind, d.id) for d in state.deposed}
    found.leaving |= {(a.kind, i.deposes) for a, i in found.answered.items() if i.deposes is not None}
    _wait_for_new(stack, snapshot, found, kinds)
    _import(stack, snapshot, found, elsewhere, kinds)
    _adopt(stack, snapshot, found, elsewhere, kinds)
    waiting = {each.address for each in found.unsettled if each.id is not None}
    found.gone = {
        address
        for address, binding in found.bindings.items()
        if address not in waiting and snapshot.get(address.kind, binding.id) is None
    }
    _refuse_twice(stack, found)
    return found


def _remaining_s(stack: Stack, since: float, snapshot: Snapshot) -> float:
    """Return what is left of the grace time that began at *since*; a beginning in the future counts as now."""
    grace_s = stack.safety.settle_grace_s
    return min(max(since + grace_s - snapshot.now, 0.0), grace_s)


def _wait_for_new(stack: Stack, snapshot: Snapshot, found: Identities, kinds: Kinds) -> None:
    """Wait for what we made a moment ago: a list and a GET that lag behind do not prove that somebody deleted it.

    They do when they show another object of that identity which is younger, or the only one that there can be: ours was
    deleted, and made again.
    """
    for address, binding in sorted(found.bindings.items()):
        remaining_s = _remaining_s(stack, binding.made, snapshot) if binding.made else 0.0
        if not remaining_s or address in stack.removed or snapshot.get(address.kind, binding.id) is not None:
            continue
        resource = stack.resources.get(address)
        spec = resource.spec if resource is not None else binding.applied
        if not _is_made_again(kinds[address.kind], spec, binding.made, snapshot):
            found.unsettled.append(Unsettled(address, (), remaining_s, id=binding.id))


def _is_made_again(kind: Kind, spec: Spec, made: float, snapshot: Snapshot) -> bool:
    identity, objects = identity_of(kind, spec), snapshot.objects.get(kind.name, {}).values()
    same = (live for live in objects if identity_of(kind, live.fields) == identity)
    return any(kind.unique or made_at(live) >= int(made) for live in same)  # the API may cut its times to seconds


def _refuse_twice(stack: Stack, found: Identities) -> None:
    """Refuse two addresses of one object: each apply would undo the other's, and a delete of one take both."""
    first: dict[tuple[str, str], Address] = {}
    for address, binding in sorted(found.bindings.items()):
        if address in stack.removed:
            continue
        other = first.setdefault((address.kind, binding.id), address)
        if other != address:
            detail = (
                f"{other} and {address} both are {binding.id} in the state, and one object has one address. Forget the "
                f"wrong one:\n  hmsplan state rm {address}"
            )
            found.problems.append(Diagnostic("Bound twice", detail, address=address))


def _move(stack: Stack, found: Identities) -> None:
    """Rename bindings, to the end of a chain; an entry whose origin is unknown was done by an earlier apply."""
    for move in stack.moved:
        binding = found.bindings.get(move.origin)
        if binding is None:
            continue
        target = _destination(stack, move.origin)
        if target in found.bindings:
            found.problems.append(
                Diagnostic(
                    "Move onto a bound address",
                    f"Both {move.origin} and {target} have a live object. Delete or forget one of them first.",
                    move.source,
                    target,
                )
            )
            continue
        del found.bindings[move.origin]
        found.bindings[target] = replace(binding, address=target)
        found.moved[target] = move.origin


def _destination(stack: Stack, address: Address) -> Address:
    """Return where the moved entries lead from *address*."""
    onward = {move.origin: move.target for move in stack.moved}
    while address in onward:  # validate refuses circles
        address = onward[address]
    return address


def _moved_along(stack: Stack, intent: PendingCreate, found: Identities) -> PendingCreate:
    """Let a create follow the moved entries, unless another object is there."""
    target = _destination(stack, intent.address)
    is_free = target not in found.bindings or found.moved.get(target) == intent.address
    return replace(intent, address=target) if is_free else intent


def matches(kind: Kind, intent: PendingCreate, live: RemoteObject) -> bool:
    """Say whether *live* is what the POST of *intent* would have made.

    A unique key decides alone; else the body has to be equal as well, less what a create does not take.
    """
    if kind.unique:
        return True
    sent = {key: value for key, value in intent.applied.items() if key not in kind.after_create and value is not None}
    return not diff(kind, sent, live.fields)


def same_identity(kind: Kind, intent: PendingCreate, objects: Iterable[RemoteObject]) -> list[RemoteObject]:
    """Find the objects that carry the natural key of *intent* and were not there before its POST."""
    return [o for o in objects if o.id not in intent.before and (identity_of(kind, o.fields),) == intent.identity]


def _settle(
    stack: Stack, snapshot: Snapshot, state: State, found: Identities, elsewhere: Elsewhere, kinds: Kinds
) -> None:
    """Decide the creates of earlier runs whose answer was lost, as far as the lists can."""
    for each in state.intents:
        intent = _moved_along(stack, each, found)
        remaining_s = _remaining_s(stack, intent.started, snapshot)
        if intent.parent is not None:
            _settle_member(kinds[intent.address.kind], intent, snapshot, state.lineage, found, remaining_s)
        else:
            _settle_object(kinds[intent.address.kind], intent, snapshot, found, elsewhere, remaining_s)


def _settle_object(
    kind: Kind, intent: PendingCreate, snapshot: Snapshot, found: Identities, elsewhere: Elsewhere, remaining_s: float
) -> None:
    bound = {binding.id for address, binding in found.bindings.items() if address.kind == kind.name}
    bound |= {object_id for name, object_id in elsewhere if name == kind.name}
    listed = snapshot.objects.get(kind.name, {}).values()
    candidates = same_identity(kind, intent, [live for live in listed if live.id not in bound])
    certain = [live for live in candidates if matches(kind, intent, live)]
    if len(certain) == 1:
        found.bindings[intent.address] = Binding(
            intent.address,
            certain[0].id,
            intent.applied,
            intent.protected,
            intent.members,
            intent.started,
            sent=frozenset(intent.applied),
        )
        found.answered[intent.address] = intent
        found.adopted[intent.address] = "an earlier run created it; the answer was lost"
    elif candidates:
        ids = tuple(sorted(live.id for live in candidates))
        found.unsettled.append(Unsettled(intent.address, ids, intent=intent))
    elif remaining_s > 0 or kind.name in snapshot.lagging or not proves_absence(kind, listed, intent.started):
        found.unsettled.append(Unsettled(intent.address, (), remaining_s, intent))
    else:
        found.decided.append(intent.step)


def _settle_member(
    kind: Kind, intent: PendingCreate, snapshot: Snapshot, lineage: str, found: Identities, remaining_s: float
) -> None:
    """Count a member that is there now as ours; one that is not may still show up within the grace time."""
    binding = found.bindings.get(intent.address)
    if kind.members is None or binding is None or binding.id != intent.parent:
        found.decided.append(intent.step)
        return
    parent, listed = snapshot.get(kind.name, binding.id), snapshot.members.get(binding.id, ())
    mark = intent.identity[0]
    new = [item for item in listed if item.id not in intent.before]
    ours = next((item for item in new if fingerprint(kind.members, item.fields, lineage) == mark), None)
    if ours is not None:
        owned = {**binding.members, mark: binding.members.get(mark, 0) + 1}
        found.bindings[intent.address] = replace(binding, members=owned)
        found.counted.append((intent, ours))
    elif remaining_s > 0 or (parent is not None and not is_whole(kind.members, parent, listed)):
        found.unsettled.append(Unsettled(intent.address, (), remaining_s, intent))
    else:
        found.decided.append(intent.step)


def _import(stack: Stack, snapshot: Snapshot, found: Identities, elsewhere: Elsewhere, kinds: Kinds) -> None:
    """Bind what ``imports:`` names; an entry whose target is bound to that id already was done by an earlier apply."""
    owner = {(a.kind, b.id): a for a, b in found.bindings.items() if a not in stack.removed}
    for entry in stack.imports:
        binding, named = found.bindings.get(entry.target), (entry.target.kind, entry.id)
        if binding is not None and binding.id == entry.id:
            continue
        if detail := _unimportable(entry, binding, owner.get(named), snapshot, found, elsewhere, kinds):
            found.problems.append(Diagnostic("Cannot import", detail, entry.source, entry.target))
        else:
            found.bindings[entry.target] = Binding(entry.target, entry.id)
            found.adopted[entry.target] = "imports entry"
            owner[named] = entry.target


def _unimportable(
    entry: Import,
    binding: Binding | None,
    other: Address | None,
    snapshot: Snapshot,
    found: Identities,
    elsewhere: Elsewhere,
    kinds: Kinds,
) -> str:
    """Say why an ``imports:`` entry cannot be followed; "" when it can."""
    named = (entry.target.kind, entry.id)
    if binding is not None:
        return f"{entry.target} is bound to {binding.id}, not to {entry.id}. Take the entry out, or forget it first."
    if other is not None:
        return (
            f"{entry.id} is {other} already. To rename it, write moved: [{{from: {other}, to: {entry.target}}}] "
            "in place of the import."
        )
    if named in elsewhere:
        return (
            f"{entry.id} is bound in environment {elsewhere[named]}, and one object is managed in one place. Forget it "
            "there first, with: hmsplan state rm"
        )
    if named in found.leaving:
        return f"{entry.id} was replaced by an earlier apply and is still to be deleted. Take the entry out."
    if snapshot.get(*named) is None:
        return f"The organization has no {kinds[entry.target.kind].singular} with the id {entry.id}."
    return ""


def _adopt(stack: Stack, snapshot: Snapshot, found: Identities, elsewhere: Elsewhere, kinds: Kinds) -> None:
    """Recognise the live objects of addresses without one by their natural key.

    An address whose object is gone takes part: the state may be older than what is live, or somebody made it again.
    """
    undecided = {each.address for each in found.unsettled}
    by_kind: dict[str, list[Resource]] = defaultdict(list)
    for address, resource in stack.resources.items():
        binding = found.bindings.get(address)
        missing = binding is None or snapshot.get(address.kind, binding.id) is None
        if missing and address not in undecided:
            by_kind[address.kind].append(resource)
    for name, resources in by_kind.items():
        _adopt_kind(kinds[name], resources, snapshot, stack, found, elsewhere)


def _adopt_kind(
    kind: Kind, resources: list[Resource], snapshot: Snapshot, stack: Stack, found: Identities, elsewhere: Elsewhere
) -> None:
    owner = {binding.id: address for address, binding in found.bindings.items() if address.kind == kind.name}
    by_identity: dict[str, list[str]] = defaultdict(list)
    for live in snapshot.objects.get(kind.name, {}).values():
        if (kind.name, live.id) not in found.leaving:
            by_identity[identity_of(kind, live.fields)].append(live.id)
    wanted: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        wanted[identity_of(kind, resource.spec)].append(resource)
    for identity, rivals in wanted.items():
        ids = sorted(object_id for object_id in by_identity.get(identity, ()) if object_id not in owner)
        free = [object_id for object_id in ids if (kind.name, object_id) not in elsewhere]
        bound = sorted(owner[each] for each in by_identity.get(identity, ()) if each in owner)
        left = [address for address in bound if _is_left(address, stack)]
        if kind.unique and not free and ids:
            found.problems.append(_taken(kind, identity, rivals[0], ids[0], elsewhere[kind.name, ids[0]]))
        else:
            _adopt_one(kind, identity, rivals, free, left, found)


def _is_left(address: Address, stack: Stack) -> bool:
    return address not in stack.resources and address not in stack.removed


def _taken(kind: Kind, identity: str, resource: Resource, object_id: str, environment: str) -> Diagnostic:
    detail = (
        f"{resource.address} is the {kind.singular} {identity}, which is bound in environment {environment} "
        f"({object_id}), and the API has it only once. Leave it to one of the two, with exclude: in the other."
    )
    return Diagnostic("Bound in another environment", detail, resource.source, resource.address)


def _adopt_one(
    kind: Kind, identity: str, rivals: list[Resource], free: list[str], left: list[Address], found: Identities
) -> None:
    """Bind the one address to the one free object of that key, or say why that cannot be told."""
    first = rivals[0]
    lost = found.bindings.get(first.address)
    was = f"its object {lost.id} is gone; " if lost is not None else ""
    if left and lost is None:
        summary = "Renamed without a moved entry"
        detail = (
            f"{first.address} is declared, {left[0]} is not any more, and both are the {kind.singular} {identity!r}. "
            f"If it is the same one under a new key, add\n  moved: [{{from: {left[0]}, to: {first.address}}}]\n"
            f"so that it is neither deleted nor made twice. If not, forget the old one: removed: [{left[0]}]"
        )
    elif len(rivals) > 1 and (free or kind.unique):
        names = " and ".join(str(r.address) for r in rivals)
        summary, detail = (
            "Ambiguous identity",
            f"{names} have the same {kind.identity}, {identity!r}. Give each its own.",
        )
    elif len(free) > 1:
        summary = "Ambiguous identity"
        forget = f"\n  hmsplan state rm {first.address}" if lost is not None else ""
        detail = (
            f"{f'{first.address}: {was}' if was else ''}{len(free)} live objects have the {kind.identity} "
            f"{identity!r}: {', '.join(free)}. Say which one is {first.address}:{forget}"
            f"\n  hmsplan import {first.address} ID"
        )
    else:
        if free:
            kept = lost if lost is not None else Binding(first.address, free[0])
            found.bindings[first.address] = replace(kept, id=free[0], applied=EMPTY, made=0.0, unkept=EMPTY)
            found.adopted[first.address] = f"{was}{_the_only_one(kind, identity)}"
        return
    found.problems.append(Diagnostic(summary, detail, first.source, first.address))


def _the_only_one(kind: Kind, identity: str) -> str:
    if kind.is_organization:
        return "the organization of the key"
    if kind.is_single:
        return f"the only {kind.noun} there can be"
    return f"the only live object with the {kind.identity} {identity!r}"
