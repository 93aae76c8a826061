"""A place in an object by the names of items, and by their indexes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hmsplan.model import ANY
from hmsplan.planner.diff import items_by_key

if TYPE_CHECKING:
    from hmsplan.kinds import Kind
    from hmsplan.model import FieldPath, Pattern, Value


def named_path(kind: Kind, fields: Value, path: FieldPath) -> FieldPath:
    """Return *path* with the name of each item in the place of its index, where its list has names."""
    return _walked(kind, fields, path, by_name=True)


def indexed_path(kind: Kind, fields: Value, path: FieldPath) -> FieldPath:
    """Return *path* with the index of each item in the place of its name, as far as there is such an item."""
    return _walked(kind, fields, path, by_name=False)


def _walked(kind: Kind, value: Value, path: FieldPath, *, by_name: bool) -> FieldPath:
    found: FieldPath = ()
    pat: Pattern = ()
    for part in path:
        where, step = part, str(part)
        if isinstance(value, list):
            names, step = list(items_by_key(kind, pat, value)), ANY
            index = part if isinstance(part, int) else names.index(part) if part in names else None
            where = part if index is None or index >= len(names) else names[index] if by_name else index
            value = value[index] if index is not None and index < len(value) else None
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
        found, pat = (*found, where), (*pat, step)
    return found
