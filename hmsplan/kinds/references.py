"""Which object refers to which, at every depth. Pure.

The order of steps, the guard of what is still used, the blast radius and the graph all ask here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from hmsplan.model import Address, FieldChange, FieldPath, Plan, Ref, Spec, Value, matches, values_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.kinds.kind import Kind, Use
    from hmsplan.model import Pattern


class Reference(NamedTuple):
    """One place in an object that refers to another one.

    Attributes:
        path: of that place; items of lists by index.
        kind: of the other object.
        target: its id, or its address while it has none.
        is_needed: the platform has no substitute for it.
    """

    path: FieldPath
    kind: str
    target: str | Address
    is_needed: bool = True


def references(kind: Kind, fields: Spec) -> Iterator[Reference]:
    """Yield every place in *fields* that refers to another object."""
    for pattern, other in kind.refs.items():
        for path, target in _targets(fields, pattern):
            yield Reference(path, other, target)
    for pattern, use in kind.uses.items():
        for path, identity in _named(fields, pattern, use):
            yield Reference(path, use.kind, identity, use.is_needed)


def lets_go(kind: Kind, live: Spec, changes: Iterable[FieldChange], target: str) -> bool:
    """Say whether *live* refers to the object *target*, and does not any more after *changes*."""
    counted = Counter(target for pattern in kind.refs for _, target in _targets(live, pattern))
    named = set(_used(kind, live))
    if not counted[target] and target not in named:
        return False
    changes = tuple(changes)
    for change in changes:
        counted.subtract(within(kind, change.path, change.before))
        counted.update(within(kind, change.path, change.after))
    return counted[target] <= 0 and (target not in named or target not in _used(kind, _changed(live, changes)))


def repoints(kind: Kind, changes: Iterable[FieldChange], target: str) -> bool:
    """Say whether one of *changes* takes a reference to the object *target* out of its place."""
    return any(
        target in set(within(kind, change.path, change.before)) - set(within(kind, change.path, change.after))
        for change in changes
    )


def owners_of(plan: Plan) -> dict[str, Address]:
    """Return which address of *plan* an id belongs to."""
    return {change.id: change.address for change in plan.changes if change.id is not None and not change.deposed}


def owned_references(kind: Kind, fields: Spec, owners: Mapping[str, Address]) -> Iterator[tuple[str, Address]]:
    """Yield each top-level field that refers to another object of the plan, and the address of that one."""
    for path, _, target, _ in references(kind, fields):
        needed = owners.get(target) if isinstance(target, str) else target
        if needed is not None:
            yield str(path[0]) if path else kind.identity, needed


def _targets(value: Value, pattern: Pattern) -> Iterator[tuple[FieldPath, str | Address]]:
    for path, found in values_at(value, pattern):
        if isinstance(found, Ref):
            yield path, found.address
        elif isinstance(found, str):
            yield path, found


def _named(value: Value, pattern: Pattern, use: Use) -> Iterator[tuple[FieldPath, str]]:
    for path, found in values_at(value, pattern):
        if (identity := use.named(found)) is not None:
            yield path, identity


def within(kind: Kind, at: FieldPath, value: Value) -> Iterator[str | Address]:
    """Yield what is referred to in *value*, which stands at the path *at* of an object."""
    depth = len(at)
    for pattern in kind.refs:
        if matches(at, pattern[:depth]):
            yield from (target for _, target in _targets(value, pattern[depth:]))


def _used(kind: Kind, fields: Spec) -> Iterator[str]:
    """Yield the identity of each object that is used under its name."""
    for pattern, use in kind.uses.items():
        yield from (identity for _, identity in _named(fields, pattern, use))


def _changed(fields: Value, changes: Iterable[FieldChange]) -> Value:
    """Return *fields* after *changes*, as far as mappings reach."""
    for change in changes:
        fields = _with(fields, change.path, change.after)
    return fields


def _with(value: Value, path: FieldPath, new: Value) -> Value:
    if not path:
        return new
    if not isinstance(value, Mapping):
        return value
    return {**value, path[0]: _with(value.get(path[0]), path[1:], new)}
