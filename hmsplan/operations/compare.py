"""What differs between two environments of one stack, in the files and on the platform, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hmsplan.api.client import ReadClient
from hmsplan.config.confined import ENVIRONMENTS
from hmsplan.config.explain import LIFECYCLE, Form, explain
from hmsplan.config.layers import Role
from hmsplan.kinds import KINDS
from hmsplan.kinds.references import owners_of
from hmsplan.model import MISSING, Address, Cause, CauseKind, Comparison, Difference, FieldChange, value_at
from hmsplan.operations.plan import plan_live
from hmsplan.planner.comparison import by_address, differing, live_by_address, overlap
from hmsplan.planner.diff import at_path, sort_key
from hmsplan.planner.drift import find_unmanaged

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from hmsplan.config.explain import Explained
    from hmsplan.kinds import Kind
    from hmsplan.model import (
        Drift,
        FieldPath,
        Missing,
        Plan,
        Resource,
        ResourceChange,
        Snapshot,
        Spec,
        Stack,
        Value,
    )
    from hmsplan.operations.workspace import Workspace


def compare(left: Stack, right: Stack, read_text: Callable[[str], str]) -> Comparison:
    """Compare what two environments of a stack declare. Offline; *read_text* returns a file of the stack."""
    sides = (_Side(left, read_text), _Side(right, read_text))
    addresses = sorted({*left.resources, *right.resources})
    found = [each for address in addresses for each in _declared(address, *sides)]
    return Comparison(left.environment, right.environment, False, len(addresses), tuple(found))


@dataclass(frozen=True, slots=True)
class _Side:
    """One environment, as far as the files go."""

    stack: Stack
    read_text: Callable[[str], str]
    _explained: dict[Address, tuple[Explained, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.stack.environment

    def fields(self, address: Address) -> Spec:
        """Return the fields as they can be compared, with what is said of the object's life."""
        resource = self.stack.resources[address]
        spec: Spec = by_address(dict(resource.spec))
        life, members = resource.lifecycle, KINDS[address.kind].members
        said = {
            "prevent_destroy": life.prevent_destroy or None,
            "ignore_changes": [".".join(map(str, path)) for path in life.ignore_changes] or None,
            "secret_version": life.secret_version,
        }
        spec = {**spec, LIFECYCLE: {name: value for name, value in said.items() if value is not None}}
        if members is not None and resource.members is not None:
            spec = {**spec, members.name: len(resource.members)}
        return spec

    def explained(self, address: Address) -> tuple[Explained, ...]:
        if address not in self._explained:
            self._explained[address] = explain(self.stack.resources[address], self.stack, self.read_text)
        return self._explained[address]


def _declared(address: Address, left: _Side, right: _Side) -> Iterator[Difference]:
    has = [address in side.stack.resources for side in (left, right)]
    if not all(has):
        here, there = (left, right) if has[0] else (right, left)
        causes = tuple(_why_alone(address, here, there))
        yield Difference(address, (), None if has[0] else MISSING, None if has[1] else MISSING, causes)
        return
    for change in _fields(address, left, right):
        yield Difference(address, change.path, change.before, change.after, tuple(_why(address, change, left, right)))


def _fields(address: Address, left: _Side, right: _Side) -> Iterator[FieldChange]:
    kind = KINDS[address.kind]
    yield from differing(kind, left.fields(address), right.fields(address))
    one, other = (side.stack.resources[address].members for side in (left, right))
    if kind.members is not None and None not in (one, other) and one != other and len(one or ()) == len(other or ()):
        yield FieldChange((kind.members.name,), len(one or ()), len(other or ()))  # as many, and not the same


def _why_alone(address: Address, here: _Side, there: _Side) -> Iterator[Cause]:
    if address in there.stack.excluded:
        yield Cause(CauseKind.EXCLUDE, there.name, source=there.stack.excluded[address])
    elif _is_own(resource := here.stack.resources[address]):
        yield Cause(CauseKind.FILE, here.name, source=resource.source)


def _is_own(resource: Resource) -> bool:
    return resource.source.file.startswith(f"{ENVIRONMENTS}/")


def _why(address: Address, change: FieldChange, left: _Side, right: _Side) -> Iterator[Cause]:
    """Yield each reason once: files of one environment, overrides, variables, and what is copied from elsewhere."""
    found: dict[Cause, None] = {}
    for side, other in ((left, right), (right, left)):
        resource = side.stack.resources[address]
        if _is_own(resource):
            found[Cause(CauseKind.FILE, side.name, source=resource.source)] = None
        for each in side.explained(address):
            if overlap(each.name, change.path):
                found |= dict.fromkeys(_causes(each, side, other))
    yield from found


def _causes(each: Explained, side: _Side, other: _Side) -> Iterator[Cause]:
    if each.written is not None and each.written.role is Role.OVERRIDE:
        yield Cause(CauseKind.OVERRIDE, side.name, source=each.written.source)
    for given in each.inputs:
        if given.form is Form.VARIABLE:
            values = [one.stack.variables.get(given.name) for one in (side, other)]
            if values[0] is not None and (values[1] is None or values[0].value != values[1].value):
                yield Cause(CauseKind.VARIABLE, side.name, given.name, given.source)
        elif given.form is Form.COPY and _copied(given.name, side.stack) != _copied(given.name, other.stack):
            yield Cause(CauseKind.COPY, side.name, given.name, given.source)


def _copied(origin: str, stack: Stack) -> Value | Missing:
    """Return what a copied field, as in ``numbers.main.phone_number``, is in one environment."""
    kind, key, *field_path = origin.split(".")
    resource = stack.resources.get(Address(kind, key))
    at = tuple(int(step) if step.isdecimal() else step for step in field_path)
    return by_address(value_at(resource.spec, at)) if resource is not None else MISSING


@dataclass(frozen=True, slots=True)
class _Live:
    """One environment, as the platform has it.

    Attributes:
        changes: what an apply would do there, by address.
        drifted: the fields that changed outside, by address.
        objects: the live fields of each address that has an object.
        unmanaged: the live objects that neither this environment nor another one of the stack manages.
    """

    name: str
    stack: Stack
    changes: Mapping[Address, ResourceChange]
    drifted: Mapping[Address, tuple[FieldPath, ...]]
    objects: Mapping[Address, Spec]
    unmanaged: tuple[Drift, ...]

    @classmethod
    def of(cls, stack: Stack, plan: Plan, snapshot: Snapshot, bound: Collection[tuple[str, str]]) -> _Live:
        """Take what can be compared out of what was read."""
        changes = {change.address: change for change in plan.changes if not change.deposed}
        owners = owners_of(plan)
        found = {}
        for address, change in changes.items():
            live = snapshot.get(address.kind, change.id) if change.id is not None else None
            if live is not None:
                found[address] = live_by_address(KINDS[address.kind], live.fields, owners)
        drifted = {each.address: tuple(f.path for f in each.fields) for each in plan.drift if each.address is not None}
        ours = {(change.address.kind, change.id) for change in plan.changes if change.id is not None}
        unmanaged = find_unmanaged(snapshot, {*ours, *bound})
        return cls(stack.environment, stack, changes, drifted, found, unmanaged)

    def why(self, address: Address, path: FieldPath) -> Cause | None:
        """Say why the field at *path* is not as it is declared; None when it is."""
        if any(overlap(path, other) for other in self.drifted.get(address, ())):
            return Cause(CauseKind.DRIFT, self.name)
        change = self.changes.get(address)
        if change is not None and any(overlap(path, field.path) for field in change.fields):
            return Cause(CauseKind.NOT_APPLIED, self.name)
        return None


async def compare_live(declared: Comparison, left: Workspace, right: Workspace) -> Comparison:
    """Compare what the platform has, too: what differs there though the files do not say so. Reads only.

    Raises:
        ApiError: something could not be read.
        StateError: a state cannot be read.
        WrongOrganization: a key's organization is not the declared or remembered one.
    """
    sides = (await _read(left), await _read(right))
    meant: dict[Address, list[Difference]] = {}
    for each in declared.differences:
        meant.setdefault(each.address, []).append(each)
    addresses = sorted({address for side in sides for address in (*side.stack.resources, *side.objects)})
    found = [each for address in addresses for each in _with_live(address, meant.get(address, []), *sides)]
    unmanaged = {side.name: side.unmanaged for side in sides if side.unmanaged}
    return Comparison(declared.left, declared.right, True, len(addresses), tuple(found), unmanaged)


async def _read(workspace: Workspace) -> _Live:
    state, stack, elsewhere = workspace.state(), workspace.stack, workspace.elsewhere()
    async with workspace.client(ReadClient) as client, workspace.reading(client):
        plan, snapshot = await plan_live(client, stack, state, elsewhere=elsewhere)
    return _Live.of(stack, plan, snapshot, elsewhere)


def _with_live(address: Address, declared: Sequence[Difference], left: _Live, right: _Live) -> Iterator[Difference]:
    """Yield what differs of one address: as declared where both are as declared, and else as it is live."""
    there = [address in side.objects for side in (left, right)]
    wanted = [address in side.stack.resources for side in (left, right)]
    if there != wanted:
        late = [
            side.name
            for side, is_there, is_wanted in zip((left, right), there, wanted, strict=True)
            if is_there != is_wanted
        ]
        names = late if len(late) == 1 else [""]  # neither of them is as declared
        one, other = (None if each else MISSING for each in there)
        causes = tuple(Cause(CauseKind.NOT_APPLIED, name) for name in names)
        yield Difference(address, (), one, other, causes, is_live=True)
        if there[0] == there[1] and all(wanted):
            yield from declared
    elif not all(there):
        yield from declared
    else:
        found = [*_as_declared(address, declared, left, right), *_undeclared(address, declared, left, right)]
        yield from sorted(found, key=lambda each: sort_key(each.path))


def _as_declared(address: Address, declared: Iterable[Difference], left: _Live, right: _Live) -> Iterator[Difference]:
    kind = KINDS[address.kind]
    for each in declared:
        causes = tuple(filter(None, (side.why(address, each.path) for side in (left, right))))
        if causes:
            one, other = (at_path(kind, side.objects[address], each.path) for side in (left, right))
            yield Difference(address, each.path, one, other, causes, is_live=True)
        else:
            yield each


def _undeclared(address: Address, declared: Sequence[Difference], left: _Live, right: _Live) -> Iterator[Difference]:
    """Yield what differs live and not in the files."""
    kind = KINDS[address.kind]
    for change in differing(kind, left.objects[address], right.objects[address]):
        name = str(change.path[0])
        values = (change.before, change.after)
        if any(overlap(change.path, each.path) for each in declared) or _by_itself(kind, name, values):
            continue
        causes = [cause for side in (left, right) if (cause := side.why(address, change.path)) is not None]
        if not causes and not any(name in side.stack.resources[address].spec for side in (left, right)):
            causes = [Cause(CauseKind.NOT_DECLARED)]
        yield Difference(address, change.path, *values, tuple(causes), is_live=True)


def _by_itself(kind: Kind, name: str, values: tuple[Value | Missing, Value | Missing]) -> bool:
    """Say whether the platform came to one of the values by itself, as a campaign to its end."""
    return any(value in kind.runtime.get(name, frozenset()) for value in values if isinstance(value, str))
