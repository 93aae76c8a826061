"""What changed outside: the fields last applied against live. Pure.

A proposal is Stack against Snapshot, drift is State against Snapshot; the two are never mixed. What is live and
declared alike is no drift, whatever state remembers: somebody made the same change, or an apply died before it could
write it down.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hmsplan.changes import is_final
from hmsplan.diff import at_path, diff
from hmsplan.identity import identify, identity_of
from hmsplan.kinds import KINDS
from hmsplan.members import fingerprint
from hmsplan.model import EMPTY, MISSING, Drift, DriftKind, FieldChange
from hmsplan.overlay import leaves, resolve
from hmsplan.recorded import is_settled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from hmsplan.kinds import Kind
    from hmsplan.model import Address, Binding, FieldPath, Snapshot, Spec, Stack, State


def find_drift(
    stack: Stack, snapshot: Snapshot, bindings: Mapping[Address, Binding], lineage: str
) -> tuple[Drift, ...]:
    """Find every bound object that is gone or that somebody changed, in the order of addresses."""
    found = []
    ids = {address: binding.id for address, binding in bindings.items()}
    for address, binding in sorted(bindings.items()):
        kind = KINDS[address.kind]
        live = snapshot.get(address.kind, binding.id)
        name = str(binding.applied.get(kind.identity, ""))
        if live is None:
            found.append(Drift(address.kind, binding.id, DriftKind.GONE, address, name))
            continue
        if is_final(kind, live.fields):
            continue  # the platform alone brought it there
        resource = stack.resources.get(address)
        declared = resource.spec if resource is not None else EMPTY
        fields = tuple(_changed(kind, binding, live.fields, declared, ids))
        members = (resource.members if resource is not None else None) or ()
        fields += tuple(_members(kind, binding, members, snapshot, lineage))
        if fields:
            unseen = tuple(unseen_fields(binding.applied))
            found.append(Drift(address.kind, binding.id, DriftKind.CHANGED, address, name, fields, unseen))
    return tuple(found)


def _changed(
    kind: Kind, binding: Binding, live: Spec, declared: Spec, ids: Mapping[Address, str]
) -> Iterator[FieldChange]:
    changes = [change for change in diff(kind, binding.applied, live) if not is_settled(kind, change, binding)]
    if not changes:
        return
    declared = resolve(declared, ids)
    wanted = [change.path for change in diff(kind, declared, live)]
    for change in changes:
        path, now = change.path, change.before
        if len(path) == 1 and isinstance(now, str) and now in kind.runtime.get(str(path[0]), ()):
            continue
        if at_path(kind, declared, path) is MISSING or any(_overlap(path, other) for other in wanted):
            yield FieldChange(path, change.after, now)


def _overlap(one: FieldPath, other: FieldPath) -> bool:
    """Say whether one path is the other, or leads to it."""
    return all(a == b for a, b in zip(one, other, strict=False))


def _members(
    kind: Kind, binding: Binding, declared: Sequence[Spec], snapshot: Snapshot, lineage: str
) -> Iterator[FieldChange]:
    """Count the declared members that we added and that are no longer there; their progress is no drift."""
    live = snapshot.members.get(binding.id)
    if kind.members is None or live is None or not binding.members or not declared:
        return
    wanted = Counter(fingerprint(kind.members, spec, lineage) for spec in declared)
    there = Counter(fingerprint(kind.members, item.fields, lineage) for item in live)
    owned = wanted & Counter(binding.members)
    ours, seen = owned.total(), (there & owned).total()
    if seen < ours:
        was, now = (f"{n} {kind.members.singular if n == 1 else kind.members.name} of ours" for n in (ours, seen))
        yield FieldChange((kind.members.name,), was, now)


def unseen_fields(applied: Spec) -> Iterator[FieldPath]:
    """Name the applied fields whose live value the API does not tell."""
    for path, _ in leaves(applied):
        if path[-1] == "$secret":
            yield path[:-1]


def find_unmanaged(snapshot: Snapshot, bound: Collection[tuple[str, str]]) -> tuple[Drift, ...]:
    """List the live objects that are not among *bound* (kind, id), by kind and name."""
    return tuple(
        sorted(
            (
                Drift(name, live.id, DriftKind.UNMANAGED, name=identity_of(KINDS[name], live.fields))
                for name, objects in snapshot.objects.items()
                for live in objects.values()
                if (name, live.id) not in bound
            ),
            key=lambda drift: (drift.kind, drift.name, drift.id),
        )
    )


@dataclass(frozen=True, slots=True)
class DriftReport:
    """All that ``hmsplan drift`` knows.

    Attributes:
        drifted: objects that changed or are gone.
        unmanaged: live objects that nothing binds; not drift.
        coverage: kind to (objects that state binds and that are live, live objects).
        unseen: address to the applied fields whose live value the API does not tell.
        requests: how many HTTP requests it took.
    """

    drifted: tuple[Drift, ...]
    unmanaged: tuple[Drift, ...]
    coverage: Mapping[str, tuple[int, int]]
    unseen: Mapping[Address, tuple[FieldPath, ...]]
    requests: int = 0


def survey(stack: Stack, snapshot: Snapshot, state: State, now: float) -> DriftReport:
    """Compare everything that is live with what was last applied."""
    bindings = identify(replace(stack, resources={}, imports=()), snapshot, state, now).bindings
    bound = {(address.kind, binding.id) for address, binding in bindings.items()}
    bound |= {(deposed.address.kind, deposed.id) for deposed in state.deposed}
    coverage = {
        kind: (sum((kind, object_id) in bound for object_id in objects), len(objects))
        for kind, objects in snapshot.objects.items()
        if objects
    }
    unseen = {address: tuple(unseen_fields(binding.applied)) for address, binding in sorted(bindings.items())}
    return DriftReport(
        find_drift(stack, snapshot, bindings, state.lineage),
        find_unmanaged(snapshot, bound),
        coverage,
        {address: paths for address, paths in unseen.items() if paths},
        snapshot.requests,
    )
