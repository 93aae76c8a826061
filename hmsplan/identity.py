"""Which live object is which address. Pure.

In this order: a binding in state (after ``moved:``), an open intent whose object was found, an ``imports:`` entry, and
last a unique natural key among the live objects that nothing binds. Nothing is adopted in silence: the plan shows it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hmsplan.diff import canonical, diff
from hmsplan.kinds import KINDS
from hmsplan.members import fingerprint
from hmsplan.model import Binding, Diagnostic, Intent, Unsettled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmsplan.kinds import Kind
    from hmsplan.model import Address, RemoteObject, Resource, Snapshot, Spec, Stack, State


@dataclass(slots=True)
class Identities:
    """What is known of every address before anything is compared.

    Attributes:
        bindings: address to what state knows of it, moves done and found objects bound.
        adopted: addresses that state does not bind yet, with the reason they are recognised.
        moved: new address to the old one.
        gone: bound addresses whose object the API no longer has.
        unsettled: open intents that the lists do not decide.
        answered: open intents whose object was found, by address.
        counted: open intents whose member was found, with it.
        decided: keys of the open intents that need no more watching.
        problems: what keeps the plan from being made.
    """

    bindings: dict[Address, Binding]
    adopted: dict[Address, str] = field(default_factory=dict)
    moved: dict[Address, Address] = field(default_factory=dict)
    gone: set[Address] = field(default_factory=set)
    unsettled: list[Unsettled] = field(default_factory=list)
    answered: dict[Address, Intent] = field(default_factory=dict)
    counted: list[tuple[Intent, RemoteObject]] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)


def identify(stack: Stack, snapshot: Snapshot, state: State, now: float) -> Identities:
    """Find the live object of every address; *now* in Unix seconds decides whether a grace time is over."""
    found = Identities(bindings=dict(state.bindings))
    _move(stack, found)
    _settle(stack, snapshot, state, found, now)
    _import(stack, snapshot, found)
    _adopt(stack, snapshot, found)
    found.gone = {
        address for address, binding in found.bindings.items() if snapshot.get(address.kind, binding.id) is None
    }
    return found


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


def _moved_along(stack: Stack, intent: Intent, found: Identities) -> Intent:
    """Let a create follow the moved entries, unless another object is there."""
    target = _destination(stack, intent.address)
    is_free = target not in found.bindings or found.moved.get(target) == intent.address
    return replace(intent, address=target) if is_free else intent


def identity_of(kind: Kind, spec: Spec) -> str:
    """Return the natural key of a declared or live object in its canonical form."""
    return str(canonical(kind, (kind.identity,), spec.get(kind.identity)))


def matches(kind: Kind, intent: Intent, live: RemoteObject) -> bool:
    """Say whether *live* is what the POST of *intent* would have made.

    A unique key decides alone; else the body has to be equal as well, less what a create does not take.
    """
    if kind.unique:
        return True
    sent = {key: value for key, value in intent.applied.items() if key not in kind.after_create and value is not None}
    return not diff(kind, sent, live.fields)


def same_identity(kind: Kind, intent: Intent, objects: Iterable[RemoteObject]) -> list[RemoteObject]:
    """Find the objects that carry the natural key of *intent* and were not there before its POST."""
    return [o for o in objects if o.id not in intent.before and (identity_of(kind, o.fields),) == intent.identity]


def _settle(stack: Stack, snapshot: Snapshot, state: State, found: Identities, now: float) -> None:
    """Decide the creates of earlier runs whose answer was lost, as far as the lists can."""
    for each in state.intents:
        intent = _moved_along(stack, each, found)
        kind = KINDS[intent.address.kind]
        remaining = intent.started + stack.safety.settle_grace_s - now
        if intent.parent is not None:
            _settle_member(kind, intent, snapshot, state.lineage, found, remaining)
            continue
        bound = {binding.id for binding in found.bindings.values()}
        objects = [o for o in snapshot.objects.get(kind.name, {}).values() if o.id not in bound]
        candidates = same_identity(kind, intent, objects)
        certain = [o for o in candidates if matches(kind, intent, o)]
        if len(certain) == 1:
            binding = Binding(intent.address, certain[0].id, intent.applied, intent.protected)
            found.bindings[intent.address] = binding
            found.answered[intent.address] = intent
            found.adopted[intent.address] = "an earlier run created it; the answer was lost"
        elif candidates:
            found.unsettled.append(Unsettled(intent, tuple(sorted(o.id for o in candidates))))
        elif remaining > 0 or kind.name in snapshot.lagging:  # a list that lacks others proves nothing of this one
            found.unsettled.append(Unsettled(intent, (), max(0.0, remaining)))
        else:
            found.decided.append(intent.step)


def _settle_member(
    kind: Kind, intent: Intent, snapshot: Snapshot, lineage: str, found: Identities, remaining: float
) -> None:
    """Count a member that is there now as ours; one that is not may still show up within the grace time."""
    binding = found.bindings.get(intent.address)
    if kind.members is None or binding is None or binding.id != intent.parent:
        found.decided.append(intent.step)
        return
    mark = intent.identity[0]
    new = [m for m in snapshot.members.get(binding.id, ()) if m.id not in intent.before]
    ours = next((m for m in new if fingerprint(kind.members, m.fields, lineage) == mark), None)
    if ours is not None:
        owned = {**binding.members, mark: binding.members.get(mark, 0) + 1}
        found.bindings[intent.address] = replace(binding, members=owned)
        found.counted.append((intent, ours))
    elif remaining > 0:
        found.unsettled.append(Unsettled(intent, (), remaining))
    else:
        found.decided.append(intent.step)


def _import(stack: Stack, snapshot: Snapshot, found: Identities) -> None:
    """Bind what ``imports:`` names; an entry whose target is bound to that id already was done by an earlier apply."""
    owner = {(a.kind, b.id): a for a, b in found.bindings.items() if a not in stack.removed}
    for entry in stack.imports:
        binding = found.bindings.get(entry.target)
        other = owner.get((entry.target.kind, entry.id))
        if binding is not None and binding.id == entry.id:
            continue
        if binding is not None:
            detail = (
                f"{entry.target} is bound to {binding.id}, not to {entry.id}. Take the entry out, or forget it first."
            )
        elif other is not None:
            detail = (
                f"{entry.id} is {other} already. To rename it, write moved: [{{from: {other}, to: {entry.target}}}] "
                "in place of the import."
            )
        elif snapshot.get(entry.target.kind, entry.id) is None:
            detail = f"The organization has no {KINDS[entry.target.kind].singular} with the id {entry.id}."
        else:
            found.bindings[entry.target] = Binding(entry.target, entry.id)
            found.adopted[entry.target] = "imports entry"
            continue
        found.problems.append(Diagnostic("Cannot import", detail, entry.source, entry.target))


def _adopt(stack: Stack, snapshot: Snapshot, found: Identities) -> None:
    """Recognise the live objects of unbound addresses by their natural key.

    An address whose object is gone takes part when the key is unique: it could not be made a second time.
    """
    open_addresses = {u.intent.address for u in found.unsettled}
    by_kind: dict[str, list[Resource]] = defaultdict(list)
    for address, resource in stack.resources.items():
        binding = found.bindings.get(address)
        gone = binding is not None and snapshot.get(address.kind, binding.id) is None
        if (binding is None or (gone and KINDS[address.kind].unique)) and address not in open_addresses:
            by_kind[address.kind].append(resource)
    for name, resources in by_kind.items():
        _adopt_kind(KINDS[name], resources, snapshot.objects.get(name, {}), stack, found)


def _adopt_kind(
    kind: Kind, resources: list[Resource], objects: Mapping[str, RemoteObject], stack: Stack, found: Identities
) -> None:
    owner = {binding.id: address for address, binding in found.bindings.items() if address.kind == kind.name}
    by_identity: dict[str, list[str]] = defaultdict(list)
    for live in objects.values():
        by_identity[identity_of(kind, live.fields)].append(live.id)
    wanted: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        wanted[identity_of(kind, resource.spec)].append(resource)
    for identity, rivals in wanted.items():
        ids = by_identity.get(identity, [])
        free = sorted(object_id for object_id in ids if object_id not in owner)
        left = sorted(owner[object_id] for object_id in ids if object_id in owner and _is_left(owner[object_id], stack))
        _adopt_one(kind, identity, rivals, free, left, found)


def _is_left(address: Address, stack: Stack) -> bool:
    return address not in stack.resources and address not in stack.removed


def _adopt_one(
    kind: Kind, identity: str, rivals: list[Resource], free: list[str], left: list[Address], found: Identities
) -> None:
    """Bind the one address to the one free object of that key, or say why nobody can tell."""
    first = rivals[0]
    if left:
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
        detail = (
            f"{len(free)} live objects have the {kind.identity} {identity!r}: {', '.join(free)}. Say which one is "
            f"{first.address}:\n  hmsplan import {first.address} ID"
        )
    else:
        if free:
            found.bindings[first.address] = Binding(first.address, free[0])
            found.adopted[first.address] = f"the only live object with the {kind.identity} {identity!r}"
        return
    found.problems.append(Diagnostic(summary, detail, first.source, first.address))
