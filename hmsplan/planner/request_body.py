"""Lay what is declared over what is live: the bodies that are sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hmsplan.kinds.identity import canonical
from hmsplan.model import ANY, ANY_KEY, FieldPath, Ref, Spec, Value, leaves
from hmsplan.planner.diff import all_mappings, conflicting_keys, items_by_key, spelled

if TYPE_CHECKING:
    from hmsplan.kinds import Kind
    from hmsplan.model import Pattern


def overlay(kind: Kind, declared: Spec, live: Spec, removed: Sequence[FieldPath] = ()) -> dict[str, Value]:
    """Build the body of a PATCH: every top-level field of *declared*, its block complete.

    Whether a nested block is merged or replaced by the API is unknown, so a block is the live one with the declared
    keys laid over it and without *removed*. A list has the declared items, each laid over the live one that ``diff``
    compares it with: what is not declared lives on in it, too. Right under both readings.
    """
    body: dict[str, Value] = {}
    for key, want in declared.items():
        have = live.get(key)
        gone = {path for path in removed if path[0] == key}
        if isinstance(want, Mapping) and isinstance(have, Mapping):
            gone |= {(key, name) for name in conflicting_keys(kind, key, declared, live) if name not in want}
        body[key] = _laid_over(kind, want, have, (key,), (key,), gone)
    return body


def _laid_over(kind: Kind, want: Value, have: Value, at: FieldPath, pat: Pattern, gone: set[FieldPath]) -> Value:
    """Lay one value over another; *pat* is *at* with every list item written as ``*``."""
    if pat in kind.atomic or pat in kind.unordered or (*pat, ANY_KEY) in kind.secrets:
        return want
    if isinstance(want, Mapping) and isinstance(have, Mapping):
        have = spelled(kind, pat, want, have)
        merged = {key: value for key, value in have.items() if (*at, key) not in gone}
        under = {key: have.get(key) for key in want}
        return merged | {
            key: _laid_over(kind, item, under[key], (*at, key), (*pat, key), gone) for key, item in want.items()
        }
    if isinstance(want, list) and isinstance(have, list) and all_mappings(want) and all_mappings(have):
        live = items_by_key(kind, pat, have)
        return [
            _item(kind, item, live.get(key), (*at, key), (*pat, ANY), gone)
            for key, item in items_by_key(kind, pat, want).items()
        ]
    return want


def _item(kind: Kind, want: Spec, have: Spec | None, at: FieldPath, pat: Pattern, gone: set[FieldPath]) -> Value:
    """Lay one item of a list over the live one; it keeps the form that its author chose while nothing is added."""
    if have is None:
        return want
    flat = canonical(kind, pat, want)
    merged = _laid_over(kind, flat, canonical(kind, pat, have), at, pat, gone)
    if merged == flat:
        return want
    return kind.sent_as[pat](merged) if pat in kind.sent_as else merged


def nulled(body: Spec, paths: Sequence[FieldPath]) -> Spec:
    """Return *body* with null at the given paths, as far as its mappings reach."""
    for path in paths:
        body = _nulled(body, path)
    return body


def _nulled(body: Spec, path: FieldPath) -> Spec:
    key, rest = str(path[0]), path[1:]
    if not rest:
        return {**body, key: None}
    inner = body.get(key)
    return {**body, key: _nulled(inner, rest)} if isinstance(inner, Mapping) else body


def without(spec: Spec, paths: Sequence[FieldPath]) -> Spec:
    """Return *spec* less the given paths, which may end inside a mapping; shares what is untouched."""
    for path in paths:
        spec = _without(spec, path)
    return spec


def _without(spec: Spec, path: FieldPath) -> Spec:
    key, rest = str(path[0]), path[1:]
    if key not in spec:
        return spec
    if not rest:
        return {name: value for name, value in spec.items() if name != key}
    inner = spec[key]
    return {**spec, key: _without(inner, rest)} if isinstance(inner, Mapping) else spec


def resolve(value: Value, ids: Mapping[Any, str]) -> Value:
    """Return *value* with every ``Ref`` whose id is known replaced by it; shares what holds none."""
    if isinstance(value, Ref):
        return ids.get(value.address, value)
    if isinstance(value, Mapping):
        new = {key: resolve(item, ids) for key, item in value.items()}
        return new if any(new[key] is not item for key, item in value.items()) else value
    if isinstance(value, list):
        items = [resolve(item, ids) for item in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    return value


def unknown(value: Value) -> bool:
    """Say whether *value* holds an id that is not known yet."""
    return any(isinstance(leaf, Ref) for _, leaf in leaves(value))
