"""Which spellings are one value, and which field values are one object. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.model import MISSING

if TYPE_CHECKING:
    from hmsplan.kinds.kind import Kind
    from hmsplan.model import Pattern, Spec, Value


def canonical(kind: Kind, pat: Pattern, value: Value) -> Value:
    """Return the form in which *value* is compared."""
    form = kind.canonical.get(pat)
    return value if form is None or value is MISSING or value is None else form(value)


def identity_of(kind: Kind, spec: Spec) -> str:
    """Return the natural key of a declared or live object in its canonical form; of a single one, what it is."""
    if kind.is_single:
        return kind.noun
    return str(canonical(kind, (kind.identity,), spec.get(kind.identity)))
