"""What differs between two objects that are the same one in two environments. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hmsplan.model import FieldChange, Ref, Secret, values_at
from hmsplan.planner.diff import at_path, diff, sort_key

if TYPE_CHECKING:
    from hmsplan.kinds import Kind
    from hmsplan.model import Address, FieldPath, Spec


def differing(kind: Kind, left: Spec, right: Spec) -> tuple[FieldChange, ...]:
    """Return the fields that differ, ``before`` on the left and ``after`` on the right; MISSING where there is none.

    Of a secret only whether it is set counts.
    """
    found = {change.path: change for change in diff(kind, right, left)}
    for change in diff(kind, left, right):
        found.setdefault(change.path, FieldChange(change.path, change.after, change.before))
    for path in _secret_paths(kind, left) ^ _secret_paths(kind, right):
        values = (at_path(kind, left, path), at_path(kind, right, path))
        if not any(path[: len(other)] == other for other in found):
            found[path] = FieldChange(path, *values)
    return tuple(sorted(found.values(), key=lambda change: sort_key(change.path)))


def _secret_paths(kind: Kind, spec: Spec) -> set[FieldPath]:
    """Return where a secret is set, outside of lists: of items that only one side has, all is told."""
    return {
        path
        for pattern in kind.secrets
        for path, value in values_at(spec, pattern)
        if value is not None and all(isinstance(part, str) for part in path)
    }


def by_address(value: Any) -> Any:
    """Return a declared value with ``${kind.key}`` in place of each reference, and one word for every secret."""
    if isinstance(value, Ref):
        return f"${{{value.address}}}"
    if isinstance(value, Secret):
        return Secret(Secret.LIVE)
    if isinstance(value, Mapping):
        return {key: by_address(item) for key, item in value.items()}
    return [by_address(item) for item in value] if isinstance(value, list) else value


def live_by_address(kind: Kind, fields: Spec, owners: Mapping[str, Address]) -> Spec:
    """Return what can be compared of live *fields*, with ``${kind.key}`` in place of each id of a managed object."""
    kept = {name: value for name, value in fields.items() if name not in kind.computed}
    for pattern in kind.refs:
        for path, value in list(values_at(kept, pattern)):
            if isinstance(value, str) and value in owners:
                kept = _put(kept, path, f"${{{owners[value]}}}")
    return kept


def _put(value: Any, path: FieldPath, new: str) -> Any:
    if not path:
        return new
    head, *rest = path
    if isinstance(value, list):
        return [_put(item, tuple(rest), new) if index == head else item for index, item in enumerate(value)]
    return {**value, head: _put(value[head], tuple(rest), new)}


def overlap(one: FieldPath, other: FieldPath) -> bool:
    """Say whether one of two paths leads to the other."""
    short = min(len(one), len(other))
    return one[:short] == other[:short]
