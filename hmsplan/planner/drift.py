"""What changed outside: the fields last applied against live. Pure.

A proposal is Stack against Snapshot, drift is State against Snapshot; the two are never mixed. What is live and
declared alike is no drift, whatever state remembers: somebody made the same change, or an apply died before it could
write it down.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hmsplan.kinds import KINDS
from hmsplan.kinds.identity import identity_of
from hmsplan.model import EMPTY, MISSING, Diagnostic, Drift, DriftKind, FieldChange, Severity, Topic
from hmsplan.planner.absence import is_whole
from hmsplan.planner.diff import at_path, diff, overlap, pattern_of
from hmsplan.planner.last_applied import is_settled
from hmsplan.planner.matching import NOWHERE, identify
from hmsplan.planner.members import fingerprint
from hmsplan.planner.request_body import resolve
from hmsplan.planner.resource_diff import is_final
from hmsplan.planner.safety import without_memory
from hmsplan.planner.trouble import troubles
from hmsplan.planner.unseen import unseen_fields
from hmsplan.text.timestamps import from_api, span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from hmsplan.kinds import Kind, Kinds
    from hmsplan.model import Address, Binding, FieldPath, Snapshot, Spec, Stack, State, Unsettled
    from hmsplan.planner.matching import Elsewhere, Identities


def find_drift(
    stack: Stack, snapshot: Snapshot, known: Identities, lineage: str, kinds: Kinds = KINDS
) -> tuple[Drift, ...]:
    """Find every bound object that is gone or that somebody changed, in the order of addresses.

    One that we made a moment ago, and that no reading shows yet, is neither.
    """
    found = []
    ids = {address: binding.id for address, binding in known.bindings.items()}
    for address, binding in sorted(known.bindings.items()):
        kind = kinds[address.kind]
        live = snapshot.get(address.kind, binding.id)
        if live is None:
            if address in known.gone:
                found.append(Drift(address.kind, binding.id, DriftKind.GONE, address, _name(kind, binding)))
            continue
        if is_final(kind, live.fields):
            continue  # the platform alone brought it there
        resource = stack.resources.get(address)
        declared = resource.spec if resource is not None else EMPTY
        fields = tuple(_changed(kind, binding, live.fields, declared, ids))
        if kind.members is not None and resource is not None:
            fields += tuple(_members(kind, binding, resource.members or (), snapshot, lineage))
        if fields:
            unseen = tuple(unseen_fields(kind, binding.applied, live.fields))
            name = _name(kind, binding)
            found.append(Drift(address.kind, binding.id, DriftKind.CHANGED, address, name, fields, unseen))
    return tuple(found)


def _name(kind: Kind, binding: Binding) -> str:
    return str(binding.applied.get(kind.identity, ""))


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
        if path[0] in binding.unconfirmed and (path[0] in kind.write_only or kind.is_secret(pattern_of(kind, path))):
            continue  # whether we did it ourselves is not known
        if len(path) == 1 and isinstance(now, str) and now in kind.runtime.get(str(path[0]), ()):
            continue
        said = at_path(kind, declared, path)
        if declared and said is MISSING and (now is MISSING or now is None):
            continue  # taken out on both sides
        if said is MISSING or any(overlap(path, other) for other in wanted):
            yield FieldChange(path, change.after, now)


def _members(
    kind: Kind, binding: Binding, declared: Sequence[Spec], snapshot: Snapshot, lineage: str
) -> Iterator[FieldChange]:
    """Count the declared members that we added and that are no longer there; their progress is no drift."""
    ours, gone = _ours_and_gone(kind, binding, declared, snapshot, lineage)
    if kind.members is not None and gone:
        counts = (len(ours), len(ours) - len(gone))
        was, now = (f"{n} {kind.members.singular if n == 1 else kind.members.name} of ours" for n in counts)
        yield FieldChange((kind.members.name,), was, now)


def gone_members(kind: Kind, binding: Binding, declared: Sequence[Spec], snapshot: Snapshot, lineage: str) -> list[int]:
    """Return the index of each declared member that we added and that is no longer there."""
    return _ours_and_gone(kind, binding, declared, snapshot, lineage)[1]


def _ours_and_gone(
    kind: Kind, binding: Binding, declared: Sequence[Spec], snapshot: Snapshot, lineage: str
) -> tuple[list[int], list[int]]:
    live = snapshot.members.get(binding.id)
    parent = snapshot.get(kind.name, binding.id)
    if kind.members is None or live is None or parent is None or not binding.members or not declared:
        return [], []
    if not is_whole(kind.members, parent, live):
        return [], []
    owned = Counter(binding.members)
    there = Counter(fingerprint(kind.members, item.fields, lineage) for item in live)
    ours, gone = [], []
    for index, spec in enumerate(declared):
        mark = fingerprint(kind.members, spec, lineage)
        if owned[mark] > 0:
            owned[mark] -= 1
            ours.append(index)
            if there[mark] > 0:
                there[mark] -= 1
            else:
                gone.append(index)
    return ours, gone


@dataclass(frozen=True, slots=True)
class Twin:
    """A live object that we do not manage, with the identity of one that we do or will.

    Attributes:
        id: the one that we manage; "" when it is still to be created.
        other: the id of its twin.
        environment: the other environment of the stack that binds the twin; "" when no state that we know does.
    """

    address: Address
    id: str
    name: str
    other: str
    environment: str = ""


def find_twins(
    stack: Stack, snapshot: Snapshot, found: Identities, elsewhere: Elsewhere = NOWHERE, kinds: Kinds = KINDS
) -> tuple[Twin, ...]:
    """Find what is live beside an object of ours under the same name, in the order of addresses.

    Two objects that the stack declares, or the state binds, are no twins however they are called.
    """
    ours = {(address.kind, binding.id) for address, binding in found.bindings.items()} | found.leaving
    strangers: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for name, objects in snapshot.objects.items():
        kind = kinds[name]
        for live in objects.values():
            if (name, live.id) not in ours and live.fields.get(kind.identity):
                strangers[name, identity_of(kind, live.fields)].append(live.id)
    undecided = {each.address for each in found.unsettled}
    twins = []
    for address in sorted({*found.bindings, *stack.resources} - undecided if strangers else ()):
        names, own = _names_of(address, stack, snapshot, found, kinds)
        others = {other: name for name in names for other in strangers.get((address.kind, name), ())}
        twins += [
            Twin(address, own, others[other], other, elsewhere.get((address.kind, other), ""))
            for other in sorted(others)
        ]
    return tuple(twins)


def _names_of(
    address: Address, stack: Stack, snapshot: Snapshot, found: Identities, kinds: Kinds
) -> tuple[list[str], str]:
    """Return what the object of an address is called and will be, and its id; no name where it does not exist."""
    kind, binding, resource = kinds[address.kind], found.bindings.get(address), stack.resources.get(address)
    live = snapshot.get(address.kind, binding.id) if binding is not None else None
    if live is None and resource is None:
        return [], ""
    specs = [live.fields if live is not None else EMPTY, resource.spec if resource is not None else EMPTY]
    return [identity_of(kind, spec) for spec in specs if spec.get(kind.identity)], live.id if live is not None else ""


def twin_warning(twin: Twin, kinds: Kinds = KINDS) -> Diagnostic:
    """Name both of a pair, and what to type."""
    kind = kinds[twin.address.kind]
    alike = f"has the {kind.identity} {twin.name!r} too"
    ours = f"{twin.address} is {twin.id}" if twin.id else f"{twin.address} would be created"
    if twin.environment:
        detail = (
            f"{ours}, and {twin.other} {alike}; it is bound in environment {twin.environment}. Give the two different "
            f"names, or leave one of them out with exclude: in its environment."
        )
    else:
        detail = (
            f"{ours}, and {twin.other} {alike}; no state binds it. Delete the one that was made by mistake, in the "
            f"dashboard. If {twin.other} is to stay in its place, first type:\n"
            f"  hmsplan state rm {twin.address}\n  hmsplan import {twin.address} {twin.other}"
        )
    return Diagnostic("Two live objects of one name", detail, address=twin.address, severity=Severity.WARNING)


def find_unmanaged(snapshot: Snapshot, bound: Collection[tuple[str, str]], kinds: Kinds = KINDS) -> tuple[Drift, ...]:
    """List the live objects that are not among *bound* (kind, id), by kind and name; the organization is none."""
    return tuple(
        sorted(
            (
                Drift(name, live.id, DriftKind.UNMANAGED, name=identity_of(kinds[name], live.fields))
                for name, objects in snapshot.objects.items()
                for live in objects.values()
                if (name, live.id) not in bound and not kinds[name].is_organization
            ),
            key=lambda drift: (drift.kind, drift.name, drift.id),
        )
    )


@dataclass(frozen=True, slots=True)
class DriftReport:
    """All that ``hmsplan drift`` knows.

    Attributes:
        drifted: objects that changed or are gone, and twins.
        unmanaged: live objects that nothing binds; not drift.
        coverage: kind to (objects that state binds and that are live, live objects).
        unseen: address to the applied fields whose live value the API does not tell.
        requests: how many HTTP requests it took.
        warnings: that no apply is remembered, what is not settled, or what the platform finds wrong with a managed
            object; not drift.
    """

    drifted: tuple[Drift, ...]
    unmanaged: tuple[Drift, ...]
    coverage: Mapping[str, tuple[int, int]]
    unseen: Mapping[Address, tuple[FieldPath, ...]]
    requests: int = 0
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def unsettled(self) -> tuple[Diagnostic, ...]:
        """Name the objects of which the readings do not tell whether they exist."""
        return tuple(warning for warning in self.warnings if warning.topic is Topic.UNSETTLED)

    @property
    def is_blind(self) -> bool:
        """Say whether nothing could be compared, because no apply is remembered."""
        return any(warning.topic is Topic.NO_STATE for warning in self.warnings)


def survey(
    stack: Stack, snapshot: Snapshot, state: State, elsewhere: Elsewhere = NOWHERE, kinds: Kinds = KINDS
) -> DriftReport:
    """Compare everything that is live with what was last applied; *elsewhere* is what other environments bind."""
    found = identify(replace(stack, resources={}, imports=()), snapshot, state, elsewhere, kinds)
    bindings = found.bindings
    bound = {(address.kind, binding.id) for address, binding in bindings.items()} | found.leaving
    coverage = {
        kind: (sum((kind, object_id) in bound for object_id in objects), len(objects))
        for kind, objects in snapshot.objects.items()
        if objects and (not kinds[kind].is_organization or any((kind, object_id) in bound for object_id in objects))
    }
    unseen = {
        address: tuple(unseen_fields(kinds[address.kind], binding.applied, live.fields))
        for address, binding in sorted(bindings.items())
        if (live := snapshot.get(address.kind, binding.id)) is not None
    }
    twins = tuple(
        Drift(twin.address.kind, twin.id, DriftKind.TWIN, twin.address, twin.name, (), (), twin.other, twin.environment)
        for twin in find_twins(stack, snapshot, found, elsewhere, kinds)
        if twin.id
    )
    return DriftReport(
        tuple(_timed(drift, snapshot) for drift in find_drift(stack, snapshot, found, state.lineage, kinds)) + twins,
        find_unmanaged(snapshot, bound, kinds),
        coverage,
        {address: paths for address, paths in unseen.items() if paths},
        snapshot.requests,
        (
            *_memory(stack, snapshot, state, elsewhere, kinds),
            *map(_not_settled, found.unsettled),
            *troubles(stack, bindings, snapshot, kinds),
        ),
    )


def _not_settled(item: Unsettled) -> Diagnostic:
    """Say that an object is not compared, and when to look again."""
    within = f"it may show up within {span(math.ceil(item.remaining_s))}"
    if item.id is not None:
        what = f"It was created a moment ago as {item.id}, and neither the list nor a GET shows it: {within}."
        what = f"{what} Look again then."
    else:
        left = f" {within[0].upper()}{within[1:]}." if item.is_waiting else ""
        what = (
            f"An earlier run sent a create and never got an answer.{left} To see what settles it, type\n  hmsplan plan"
        )
    detail = f"{item.address} is not compared. {what}"
    return Diagnostic("Not settled", detail, None, item.address, (), Severity.WARNING, Topic.UNSETTLED)


def _timed(drift: Drift, snapshot: Snapshot) -> Drift:
    """Add when it was read, and when the API says that it changed last."""
    live = snapshot.get(drift.kind, drift.id)
    updated = from_api(live.fields.get("updated_at")) if live is not None else None
    return replace(drift, read=snapshot.now, updated=updated)


def _memory(stack: Stack, snapshot: Snapshot, state: State, elsewhere: Elsewhere, kinds: Kinds) -> Iterator[Diagnostic]:
    """Warn of a state that knows no apply; only then is it worth looking what of the stack is live."""
    if not state.bindings:
        yield from without_memory(state, identify(stack, snapshot, state, elsewhere, kinds).adopted, kinds)
