"""Compare declared fields with a live object. Pure.

What ``diff`` calls equal, ``request_body`` never has to send, and what ``request_body`` builds, ``diff`` finds equal
once the API has stored it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hmsplan.kinds.identity import canonical
from hmsplan.model import (
    ANY,
    ANY_KEY,
    MISSING,
    FieldChange,
    FieldPath,
    Missing,
    Pattern,
    Secret,
    Spec,
    Value,
    values_at,
)
from hmsplan.text.canonical_json import canonical_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmsplan.kinds import Kind


def diff(kind: Kind, declared: Spec, live: Spec) -> tuple[FieldChange, ...]:
    """Compare the fields the author declared with the live object.

    Left-scoped at every depth: a key absent from *declared* is not managed and never appears, except inside
    ``kind.atomic``, which compares whole, and in lists, which are declared whole. A declared None equals a missing key
    unless ``kind.null_matters``. The values of secrets are left to ``secret_changes``; of write-only fields those are
    compared that *live* shows. Sorted by path, so equal input prints equal.
    Source: API reference, "Update": only the fields sent change.
    """
    found: list[FieldChange] = []
    for key, want in declared.items():
        have = live.get(key, MISSING)
        if have is MISSING and key in kind.write_only:
            continue
        if _equal(kind, want, have, (key,)):  # nearly always, and far cheaper than a walk
            continue
        found += _value(kind, want, have, (key,), (key,), lambda: (declared, live))
    return tuple(sorted(found, key=lambda change: sort_key(change.path))) if found else ()


def _equal(kind: Kind, want: Value, have: Value | Missing, pat: Pattern) -> bool:
    """Say whether two values are one; in JSON of the user's own, true is not 1."""
    if want != have:
        return False
    if type(want) is str:
        return True
    below = _json_below(kind.atomic, pat)
    if not below or want is have or _written_alike(want, have):
        return True
    pairs = (zip(values_at(want, rest), values_at(have, rest), strict=True) for rest in below)
    return all(same(one, other) for found in pairs for (_, one), (_, other) in found)


@functools.lru_cache(maxsize=1024)
def _json_below(atomic: frozenset[Pattern], pat: Pattern) -> tuple[Pattern, ...]:
    """Return where JSON of the user's own stands below *pat*, seen from there."""
    return tuple(json[len(pat) :] for json in atomic if json[: len(pat)] == pat)


def _written_alike(one: Value, other: Value | Missing) -> bool:
    """Say, far faster than a walk, whether two values are the same JSON; of some that are, it does not know."""
    try:
        return canonical_json(one) == canonical_json(other)
    except TypeError:  # a secret, a reference to an object that is not there yet
        return False


def same(one: Any, other: Any) -> bool:
    """Say whether two values are the same JSON: to Python true is 1, to a model ``default: true`` is not."""
    if isinstance(one, str | int | float):
        return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(item, other[key]) for key, item in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def sort_key(path: FieldPath) -> tuple[tuple[bool, str | int], ...]:
    """Order paths in which keys and indexes stand side by side."""
    return tuple((isinstance(part, str), part) for part in path)


def _value(
    kind: Kind, want: Value, have: Value | Missing, at: FieldPath, pat: Pattern, roots: Callable[[], tuple[Spec, Spec]]
) -> Iterator[FieldChange]:
    """Yield what differs at one place; *pat* is *at* with every list item written as ``*``."""
    if kind.is_secret(pat):
        if want is None and have not in (None, MISSING):  # whether there is one can be seen, if not which
            yield FieldChange(at, have, want)
        return
    want, have = canonical(kind, pat, want), canonical(kind, pat, have)
    if _equal(kind, want, have, pat) or _both_nothing(kind, pat, want, have) or _unseen(kind, pat, want, have):
        return
    if pat in kind.atomic:
        yield FieldChange(at, have, want)
    elif isinstance(want, Mapping) and isinstance(have, Mapping) and (*pat, ANY_KEY) in kind.secrets:
        yield from _names(want, spelled(kind, pat, want, have), at)
    elif isinstance(want, Mapping) and isinstance(have, Mapping):
        for key, item in want.items():
            yield from _value(kind, item, have.get(key, MISSING), (*at, key), (*pat, key), roots)
    elif isinstance(want, list) and isinstance(have, list):
        yield from _list(kind, want, have, at, pat, roots)
    else:
        yield FieldChange(at, have, want)


def _names(want: Spec, have: Spec, at: FieldPath) -> Iterator[FieldChange]:
    """Yield the secrets of a map that are not on both sides: their names can be seen, if not their values.

    Such a map is declared whole. "PATCH replaces all stored headers", and those of others cannot be sent along.
    """
    for key in want.keys() - have.keys():
        if want[key] is not None:
            yield FieldChange((*at, key), MISSING, want[key])
    for key in have.keys() - want.keys():
        yield FieldChange((*at, key), have[key], MISSING)


def spelled(kind: Kind, pat: Pattern, names: Spec, fields: Spec) -> Spec:
    """Return *fields* with each key as *names* spells it, where the kind does not regard the case of keys."""
    if pat not in kind.caseless or names.keys() >= fields.keys():
        return fields
    known = {name.casefold(): name for name in names}
    return {known.get(key.casefold(), key): value for key, value in fields.items()}


def _list(
    kind: Kind,
    want: list[Value],
    have: list[Value],
    at: FieldPath,
    pat: Pattern,
    roots: Callable[[], tuple[Spec, Spec]],
) -> Iterator[FieldChange]:
    if pat in kind.unordered:
        if sorted(map(repr, want)) != sorted(map(repr, have)):
            yield FieldChange(at, have, want)
    elif not (all_mappings(want) and all_mappings(have)):
        yield FieldChange(at, have, want)
    else:
        declared = items_by_key(kind, pat, want)
        live = items_by_key(kind, pat, have)
        for key, item in declared.items():
            yield from _value(kind, item, live.get(key, MISSING), (*at, key), (*pat, ANY), roots)
        spare = kind.spare.get(pat)
        for key in live.keys() - declared.keys():
            if spare is None or not spare(key, declared, *roots()):
                yield FieldChange((*at, key), live[key], MISSING)


def items_by_key(kind: Kind, pat: Pattern, items: Sequence[Value]) -> dict[str | int, Value]:
    """Name the items of a list: by ``kind.keyed`` where it says how, else by index. A repeated name gets ``#2``."""
    name = kind.keyed.get(pat)
    if name is None:
        return dict(enumerate(items))
    named: dict[str | int, Value] = {}
    for item in items:
        first = key = name(item)
        count = 1
        while key in named:
            count += 1
            key = f"{first}#{count}"
        named[key] = item
    return named


def _both_nothing(kind: Kind, pat: Pattern, want: Value, have: Value | Missing) -> bool:
    """Null, absent and (where null clears) the empty text are one: "Empty string versus null is unknown"."""
    if pat in kind.null_matters:
        return False
    return _is_nothing(kind, pat, want) and _is_nothing(kind, pat, have)


def _is_nothing(kind: Kind, pat: Pattern, value: Value | Missing) -> bool:
    if len(pat) == 1 and pat[0] in kind.emptied and value == {}:
        return True
    return _is_one_of(value, (None, MISSING, "") if len(pat) == 1 and pat[0] in kind.clearable else (None, MISSING))


def _unseen(kind: Kind, pat: Pattern, want: Value, have: Value | Missing) -> bool:
    """Of a block that holds only secrets nothing need come back ("tool server.secret: unknown")."""
    hidden = isinstance(want, Mapping) and bool(want) and all(kind.is_secret((*pat, key)) for key in want)
    return hidden and _is_one_of(have, (None, MISSING))


def _is_one_of(value: Value, options: tuple[Value, ...]) -> bool:
    return any(value is option or (isinstance(value, str) and value == option) for option in options)


def all_mappings(items: list[Value]) -> bool:
    """Say whether *items* are objects, so that each can be compared with its counterpart."""
    return all(isinstance(item, Mapping) for item in items)


def at_path(kind: Kind, value: Value, path: FieldPath) -> Value | Missing:
    """Return what stands at *path* (keyed items by their key), or ``MISSING``."""
    return _found(kind, value, path)[0]


def _found(kind: Kind, value: Value, path: FieldPath) -> tuple[Value | Missing, Pattern]:
    """Return what stands at *path*, and the pattern of it."""
    pat: Pattern = ()
    for part in path:
        if isinstance(value, Mapping):
            value = spelled(kind, pat, {str(part): None}, value)
            value, pat = value.get(str(part), MISSING), (*pat, str(part))
        elif isinstance(value, list):
            value, pat = items_by_key(kind, pat, value).get(part, MISSING), (*pat, ANY)
            value = canonical(kind, pat, value)
        else:
            return MISSING, pat
    return value, pat


def moved(kind: Kind, expected: Sequence[FieldChange], live: Spec) -> tuple[FieldChange, ...]:
    """Return the changes of which *live* has neither the value before nor the one after, with what it has instead.

    Secrets are not among them, nor what an answer leaves out: what is live of them is unknown.
    """
    found = []
    for change in expected:
        if isinstance(change.before, Secret) or isinstance(change.after, Secret):
            continue
        if change.path[0] in kind.write_only and change.path[0] not in live:
            continue
        have, pat = _found(kind, live, change.path)
        if not any(_holds(kind, pat, change.path, value, have) for value in (change.before, change.after)):
            found.append(FieldChange(change.path, change.before, have))
    return tuple(found)


def _holds(kind: Kind, pat: Pattern, path: FieldPath, value: Value | Missing, have: Value | Missing) -> bool:
    """Say whether two values are one, what is in either counted."""
    sides: tuple[Spec, Spec] = ({}, {})
    return not any(
        True
        for want, other in ((value, have), (have, value))
        for _ in _value(kind, want, other, path, pat, lambda: sides)
    )


def agrees(kind: Kind, pat: Pattern, want: Value | Missing, have: Value | Missing) -> bool:
    """Say whether what is live at one place is as declared, of which only what is declared counts; see ``diff``."""
    sides: tuple[Spec, Spec] = ({}, {})
    return next(_value(kind, want, have, (), pat, lambda: sides), None) is None


def differences(kind: Kind, one: Spec, other: Spec) -> set[FieldPath]:
    """Return every path at which two specs differ, what only one of them has counted."""
    return {change.path for sides in ((one, other), (other, one)) for change in diff(kind, *sides)}


def overlap(one: FieldPath, other: FieldPath) -> bool:
    """Say whether one path is the other, or leads to it."""
    return all(a == b for a, b in zip(one, other, strict=False))


def dropped(kind: Kind, applied: Spec, declared: Spec, live: Spec) -> tuple[FieldChange, ...]:
    """Find the fields we applied, the author took out, and the object still has.

    Returns changes whose ``after`` is None (a top-level field that null clears) or ``MISSING`` (a key that has to leave
    its block). A top-level field that null does not clear is not among them: see ``released``.
    """
    found: list[FieldChange] = []
    for key, old in applied.items():
        have = live.get(key, MISSING)
        if key not in declared:
            if (
                key in kind.resettable
                and old is not None
                and (not _is_nothing(kind, (key,), have) or kind.is_secret((key,)))
            ):
                found += _cleared(kind, key, have)
        elif old != declared[key]:
            found += _dropped_within(kind, old, declared[key], have, (key,), (key,))
    return tuple(found)


def _cleared(kind: Kind, key: str, have: Value | Missing) -> Iterator[FieldChange]:
    """Take a whole field out; of a map of which an answer tells the names, each by its name."""
    if key in kind.shown_names and isinstance(have, Mapping):
        yield from (FieldChange((key, name), have[name], MISSING) for name in have)
    else:
        yield FieldChange((key,), have, None)


def _dropped_within(
    kind: Kind, old: Value, new: Value, have: Value, at: FieldPath, pat: Pattern
) -> Iterator[FieldChange]:
    if kind.is_secret(pat):
        if new is None and old is not None:
            yield FieldChange(at, have, new)
        return
    if pat in kind.atomic:
        return
    old, new, have = (canonical(kind, pat, value) for value in (old, new, have))
    if isinstance(old, Mapping) and isinstance(new, Mapping) and isinstance(have, Mapping):
        old, have = (spelled(kind, pat, new, side) for side in (old, have))
        for key, item in old.items():
            if key in new:
                yield from _dropped_within(kind, item, new[key], have.get(key), (*at, key), (*pat, key))
            elif key in have and ((*pat, key) in kind.null_matters or None not in (item, have[key])):
                yield FieldChange((*at, key), have[key], MISSING)
            else:
                yield from _hidden(item, (*at, key))
    elif all(isinstance(side, list) and all_mappings(side) for side in (old, new, have)):
        olds, news, haves = (items_by_key(kind, pat, items) for items in (old, new, have))
        for key in olds.keys() & news.keys() & haves.keys():
            yield from _dropped_within(kind, olds[key], news[key], haves[key], (*at, key), (*pat, ANY))


def _hidden(old: Value, at: FieldPath) -> Iterator[FieldChange]:
    """Find the secrets in what was applied and taken out: they may be there although no answer shows them."""
    if isinstance(old, Mapping) and "$secret" in old:
        yield FieldChange(at, Secret.remembered(old), MISSING)
    elif isinstance(old, Mapping):
        for key, item in old.items():
            yield from _hidden(item, (*at, key))


def released(kind: Kind, applied: Spec, declared: Spec) -> tuple[FieldPath, ...]:
    """Name the top-level fields we applied, the author took out, and that cannot be cleared."""
    gone = applied.keys() - declared.keys()
    return tuple(sorted((key,) for key in gone if key not in kind.resettable)) if gone else ()


def conflicting_fields(kind: Kind, declared: Spec, live: Spec) -> tuple[FieldChange, ...]:
    """Find the live keys that cannot stay beside what is declared, though they are not managed.

    A block whose provider changes keeps nothing of the old one; ElevenLabs v3 and v4 "refuse similarity_boost, style,
    speed, use_speaker_boost. Switching the model therefore needs those keys gone from the same request".
    """
    found: list[FieldChange] = []
    for block in kind.union.keys() | kind.refused_with.keys():
        want, have = declared.get(block), live.get(block)
        if not (isinstance(want, Mapping) and isinstance(have, Mapping)):
            continue
        leaving = [
            key for key in conflicting_keys(kind, block, declared, live) if key not in want and have[key] is not None
        ]
        found += [FieldChange((block, key), have[key], MISSING) for key in leaving]
    return tuple(found)


def conflicting_keys(kind: Kind, block: str, declared: Spec, live: Spec) -> frozenset[str]:
    """Name the keys of the live *block* that have to go."""
    if switches(kind, block, declared, live):
        return frozenset(live[block])
    if block not in kind.refused_with:
        return frozenset()
    refused = kind.refused_with[block]({**live[block], **declared[block]})
    return refused.intersection(live[block])


def switches(kind: Kind, block: str, declared: Spec, live: Spec) -> bool:
    """Say whether *block* changes to another member of its union (another provider, another tool type)."""
    field = kind.union.get(block)
    if field is None:
        return False
    pat: Pattern = (block, field)
    sides = (declared.get(block), live.get(block))
    if field in declared or field in live:  # the discriminator stands beside the block
        pat, sides = (field,), (declared, live)
    want, have = (side.get(field) if isinstance(side, Mapping) else None for side in sides)
    return want is not None and have is not None and canonical(kind, pat, want) != canonical(kind, pat, have)


def pattern_of(kind: Kind, path: FieldPath) -> Pattern:
    """Return *path* with every list item written as ``*``; an item of a keyed list has a name for an index."""
    pat: tuple[str, ...] = ()
    for part in path:
        pat = (*pat, ANY if isinstance(part, int) or pat in kind.keyed else part)
    return pat
