"""The form in which applied fields are remembered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hmsplan.kinds.normalise import is_tidied
from hmsplan.model import ANY, ANY_KEY, MISSING, Ref, Secret, dotted
from hmsplan.planner.diff import at_path, items_by_key, spelled
from hmsplan.planner.digest import plain
from hmsplan.text.canonical_json import digest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hmsplan.kinds import Kind
    from hmsplan.model import Address, Binding, FieldChange, Missing, Pattern, Spec, Stack, State, Value


def record(spec: Spec, ids: Mapping[Address, str] | None = None) -> dict[str, Any]:
    """Return *spec* with ids in place of references, names in place of secrets and lists in place of tuples.

    What holds none of these is not copied: a plain ``dict`` comes back as it is.

    Raises:
        KeyError: the id of a reference is not in *ids*.
    """
    recorded = _recorded(spec, ids or {})
    return recorded if type(recorded) is dict else dict(recorded)


def _recorded(value: Value, ids: Mapping[Address, str]) -> Value:
    if isinstance(value, Ref):
        return ids[value.address]
    if isinstance(value, Secret):
        return value.recorded()
    if isinstance(value, Mapping):
        fields = {key: _recorded(item, ids) for key, item in value.items()}
        same = type(value) is dict and all(fields[key] is item for key, item in value.items())
        return value if same else fields
    if isinstance(value, list | tuple):
        items = [_recorded(item, ids) for item in value]
        same = type(value) is list and all(new is old for new, old in zip(items, value, strict=True))
        return value if same else items
    return value


def with_secrets(kind: Kind, names: Collection[str]) -> frozenset[str]:
    """Return those of some top-level fields that may hold a secret somewhere inside."""
    return frozenset(pattern[0] for pattern in kind.secrets if len(pattern) > 1 and pattern[0] in names)


def blind(kind: Kind, body: Spec, live: Spec, applied: Spec) -> tuple[frozenset[str], Spec]:
    """Name the fields of *body* of which no answer will show whether they arrived, and that may be new.

    Returns also those of them that may have more in them by then than was applied, with all of it.
    """
    unseen = {key: value for key, value in body.items() if key in kind.write_only or kind.may_hold_secret((key,))}
    sent = {key: value for key, value in record(unseen).items() if _is_blind(kind, key, value, live, applied)}
    kept = {key: _joined(applied.get(key), value) for key, value in sent.items() if _is_all_unseen(kind, key)}
    return frozenset(sent), {key: value for key, value in kept.items() if value != applied.get(key)}


def _is_blind(kind: Kind, key: str, sent: Value, live: Spec, applied: Spec) -> bool:
    if key in kind.write_only:
        return key not in live and (key not in applied or applied[key] != sent)
    new, old = list(_marks(sent)), list(_marks(applied.get(key)))
    is_known = all(mark.get("fingerprint") is not None for mark in new)
    return not is_known or not all(mark in old for mark in new) or not all(mark in new for mark in old)


def _marks(value: Value) -> Iterator[Mapping[str, Any]]:
    """Yield what is recorded of each secret in *value* that the stack names."""
    if isinstance(value, Mapping):
        if "$secret" not in value:
            for item in value.values():
                yield from _marks(item)
        elif value["$secret"] != Secret.LIVE:
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _marks(item)


def _is_all_unseen(kind: Kind, key: str) -> bool:
    """Say whether all of a field is unseen, and not merely a secret inside."""
    return key in kind.write_only or kind.is_secret((key,)) or (key, ANY_KEY) in kind.secrets


def _joined(old: Value, new: Value) -> Value:
    """Return what is remembered of a field while either of two values may be stored: the old one, and new keys."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and "$secret" not in old:
        return {**old, **{key: value for key, value in new.items() if value is not None}}
    return new if old is None else old


def seen(value: Value | Missing) -> str:
    """Return the digest under which a live value is remembered; "" for one that is not there."""
    return "" if value is MISSING else digest(plain(value))


def is_settled(kind: Kind, change: FieldChange, binding: Binding) -> bool:
    """Say whether a field differs only because the API did not store it as it was applied.

    *change* has what is live as ``before`` and what is wanted as ``after``. It is settled when that is what was applied
    last and either the API merely tidied it, or it still has what was found there right after.
    """
    if change.after is MISSING or isinstance(change.after, Secret):
        return False
    applied, remembered = at_path(kind, binding.applied, change.path), plain(change.after)
    if is_tidied(change.after, change.before):
        return applied is MISSING or applied == remembered
    known = binding.unkept.get(dotted(change.path))
    return known is not None and known == seen(change.before) and applied == remembered


def unsent(kind: Kind, spec: Spec, known: Spec, sent: Collection[str] = ()) -> Spec:
    """Return *spec* with what is remembered of each secret in its place, but for the top-level fields that are *sent*.

    What was sent at an earlier time stays known when this run has no key for fingerprints, or another one; where
    nothing is known of the value, the present one is taken for it. Of a secret that is sent, only this run can tell.
    """
    kept = {key: _unsent(kind, value, known.get(key), (key,)) for key, value in spec.items() if key not in sent}
    return spec if all(kept[key] is spec[key] for key in kept) else {**spec, **kept}


def _unsent(kind: Kind, value: Value, known: Value, pat: Pattern) -> Value:
    if not kind.may_hold_secret(pat):
        return value
    if isinstance(value, Secret):
        return known if _tells_more(known, value) else value
    if isinstance(value, Mapping) and isinstance(known, Mapping):
        known = spelled(kind, pat, value, known)
        return {key: _unsent(kind, item, known.get(key), (*pat, key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(known, list):
        there = items_by_key(kind, pat, known)
        items = items_by_key(kind, pat, value)
        return [_unsent(kind, item, there.get(key), (*pat, ANY)) for key, item in items.items()]
    return value


def _tells_more(known: Value, secret: Secret) -> bool:
    if not isinstance(known, Mapping) or known.get("$secret") != secret.name:
        return False
    return known.get("fingerprint") is not None or secret.fingerprint is None


def share(state: State, stack: Stack) -> State:
    """Return *state* with one object wherever what is remembered equals what is declared.

    Nearly all of a large stack does. The copies go away, and comparing the two again costs next to nothing.
    """
    bindings = dict(state.bindings)
    for address, binding in state.bindings.items():
        resource = stack.resources.get(address)
        if resource is not None and binding.applied == resource.spec:
            bindings[address] = replace(binding, applied=resource.spec)
    return replace(state, bindings=MappingProxyType(bindings))
