"""Which secret goes to whom: the one guard of ``egress:``. Pure.

A pull request cannot read a secret, but it can declare who gets one: another URL of an object that holds a secret, a
new assistant, a renamed tool, another secret in an old place. What the state remembers says where each secret has gone
so far; where it remembers nothing, what is live does, because a pull request can take the memory away.

An object that holds a secret keeps its whole URL: hosts are shared by many, and the path may say who receives. Across
objects the receiver counts (``urls.receiver``): scheme, host and port.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hmsplan.kinds import KINDS
from hmsplan.model import ANY, ANY_KEY, EMPTY, MISSING, Action, Refusal, Risk, Secret, dotted, matches
from hmsplan.planner.diff import at_path, items_by_key
from hmsplan.planner.request_body import overlay, without
from hmsplan.secrets.urls import address, is_among, is_received, receiver, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.kinds import Kind, Kinds
    from hmsplan.model import Address, Binding, FieldPath, Pattern, ResourceChange, Spec, Stack, Value

_GONE = (None, MISSING)


def new_receivers(
    changes: Iterable[ResourceChange], stack: Stack, bindings: Mapping[Address, Binding], kinds: Kinds = KINDS
) -> Iterator[Refusal]:
    """Name each secret that *changes* keep or send while another than so far receives it; one refusal an object."""
    asked = [change for change in changes if _is_asked(change, _applied(change.address, bindings), kinds)]
    known = _known(asked, bindings, kinds) if any(_sends(change, kinds) for change in asked) else {}
    for change in asked:
        kind, applied = kinds[change.address.kind], _applied(change.address, bindings)
        resource = stack.resources.get(change.address)
        spec = _effective(kind, change, resource.lifecycle.ignore_changes if resource is not None else ())
        reason = next(_elsewhere(kind, change, spec, applied), "") or next(_spread(kind, change, spec, known), "")
        if reason:
            yield Refusal(Risk.EGRESS, change.address, reason)


def _is_asked(change: ResourceChange, applied: Spec, kinds: Kinds) -> bool:
    """Say whether *change* may send a secret, or let the state take another receiver for the one it sent to."""
    if change.action in {Action.DELETE, Action.FORGET} or not kinds[change.address.kind].receivers:
        return False
    return bool(change.fields) or (bool(applied) and applied != change.after)


def _sends(change: ResourceChange, kinds: Kinds) -> bool:
    return bool(change.fields) and bool(secrets_of(kinds[change.address.kind], change.after))


def _applied(address: Address, bindings: Mapping[Address, Binding]) -> Spec:
    """Return the fields last applied; none when the object was adopted and nothing of it was ever written."""
    return bindings[address].applied if address in bindings else EMPTY


def _effective(kind: Kind, change: ResourceChange, ignored: Iterable[FieldPath]) -> Spec:
    """Return the fields that the object has once *change* is done."""
    if change.action in {Action.CREATE, Action.REPLACE}:
        return change.after
    removed = [field.path for field in change.fields if field.after is MISSING]
    cleared = {str(field.path[0]): None for field in change.fields if field.after is None and len(field.path) == 1}
    declared = without(change.after, tuple(ignored))
    return {**change.before, **overlay(kind, declared, change.before, removed), **cleared}


# An object that exists, or that the state knows


def _elsewhere(kind: Kind, change: ResourceChange, spec: Spec, applied: Spec) -> Iterator[str]:
    """Say why a secret of an object would reach another URL than the object's own so far."""
    if change.id is None and not applied:
        return
    held = {place: None for side in (spec, change.after, applied) for place in secrets_of(kind, side)}
    gone = [field.path for field in change.fields if field.after in _GONE]
    staying = [place for place in held if not any(place[: len(path)] == path for path in gone)]
    left = [place for side in (applied, change.before) for place in secrets_of(kind, side) if place not in staying]
    for place in staying:
        was = _so_far(kind, change, applied, place, left)
        for field, url in receivers_of(kind, spec, place).items():
            if was is not None and not is_among(url, was):
                yield _reason(change, place, field, url, was, live=not applied)


def _so_far(
    kind: Kind, change: ResourceChange, applied: Spec, place: FieldPath, left: Iterable[FieldPath]
) -> list[str] | None:
    """Return the URLs that the secret at *place* may go to; None when any will do.

    A place that is new has those of the secrets that *left* the object, because a tool may merely have another name.
    Where the state remembers nothing of the object, it has all the hosts that the live one has.
    """
    sides = (applied, change.before)
    for side in sides:
        if urls := receivers_of(kind, side, place):
            return list(urls.values())
    if any(place in secrets_of(kind, side) for side in sides):
        return []
    if gone := [url for side in sides for each in left for url in receivers_of(kind, side, each).values()]:
        return gone
    return None if applied else _with_hosts_of(kind, change)


def _with_hosts_of(kind: Kind, change: ResourceChange) -> list[str]:
    """Return each declared URL whose host the live object sends to already."""
    there = list(_urls(kind, change.before))
    return [url for url in _urls(kind, change.after) if is_received(url, there)]


def _urls(kind: Kind, spec: Spec) -> Iterator[str]:
    for places in kind.receivers.values():
        for pattern in places:
            yield from (url for _, url in _walk(kind, spec, pattern) if isinstance(url, str) and url)


def _reason(change: ResourceChange, place: FieldPath, field: FieldPath, url: str, was: list[str], *, live: bool) -> str:
    if not any(place[: len(each.path)] == each.path for each in change.fields) and change.fields:
        return f"{dotted(field)} changes and {dotted(place)} is kept, so the new receiver gets the old secret"
    so_far = ", ".join(sorted(told(address(each)) for each in was)) or "nowhere that is known"
    source = "by what is live it goes to" if live else "so far it went to"
    return f"{dotted(place)} would go to {told(address(url))}; {source} {so_far}"


# One secret in many objects


def _known(
    changes: Iterable[ResourceChange], bindings: Mapping[Address, Binding], kinds: Kinds
) -> Mapping[str, set[str]]:
    """Return the name of each secret with the URLs that got it: the remembered ones, else the live ones."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    for bound, binding in bindings.items():
        for name, url in _sent(kinds[bound.kind], binding.applied, binding.applied):
            known[name].add(url)
    for change in changes:
        if change.id is not None and not _applied(change.address, bindings):
            for name, url in _sent(kinds[change.address.kind], change.after, change.before):
                known[name].add(url)
    return known


def _spread(kind: Kind, change: ResourceChange, spec: Spec, known: Mapping[str, set[str]]) -> Iterator[str]:
    """Say why a secret in use would reach a host that has not got it so far."""
    for name, url in _sent(kind, change.after, spec) if change.fields else ():
        got = known.get(name, ())
        if got and not is_received(url, got):
            so_far = ", ".join(sorted({told(receiver(each)) for each in got}))
            yield f"${{secret:{name}}} went to {so_far}, and would go to {told(receiver(url))}"


def _sent(kind: Kind, named: Spec, spec: Spec) -> Iterator[tuple[str, str]]:
    """Yield the name of each secret in *named* with each URL of *spec* that gets it."""
    for place, secret in secrets_of(kind, named).items():
        yield from ((secret.name, url) for url in receivers_of(kind, spec, place).values())


# Where secrets and receivers stand


def secrets_of(kind: Kind, spec: Spec) -> dict[FieldPath, Secret]:
    """Return each secret in *spec* whose receiver is declared, be it declared, remembered, or shown as a mask."""
    found = {}
    for pattern in kind.receivers:
        for path, value in _walk(kind, spec, pattern):
            if (secret := _secret(value)) is not None:
                found[path] = secret
    return found


def _secret(value: Value) -> Secret | None:
    if isinstance(value, Secret):
        return value
    if isinstance(value, Mapping) and isinstance(value.get("$secret"), str):
        return Secret.remembered(value)
    return Secret(Secret.LIVE) if isinstance(value, str) and value else None


def receivers_of(kind: Kind, spec: Spec, place: FieldPath) -> dict[FieldPath, str]:
    """Return each field of *spec*, with its URL or address, that receives the secret at *place*.

    Fields beside the secret come first; where none of them says anything, one further up does ("without either, the
    assistant's webhook_url gets it").
    """
    pattern = next(each for each in kind.receivers if matches(place, each))
    places = sorted(kind.receivers[pattern])
    keys = [part for part, want in zip(place, pattern, strict=True) if want == ANY]
    beside = _filled(kind, spec, [each for each in places if each.count(ANY) == len(keys)], keys)
    item = place[: len(pattern) - pattern[::-1].index(ANY)] if keys else ()
    if beside or at_path(kind, spec, item) is MISSING:
        return beside
    return _filled(kind, spec, [each for each in places if each.count(ANY) < len(keys)], keys)


def _filled(kind: Kind, spec: Spec, places: Iterable[Pattern], keys: list[str | int]) -> dict[FieldPath, str]:
    found: dict[FieldPath, str] = {}
    for place in places:
        here = iter(keys)
        path = tuple([next(here) if part == ANY else part for part in place])
        for value in (dict(_walk(kind, spec, place)).get(path), at_path(kind, spec, path)):
            if isinstance(value, str) and value and value not in found.values():
                found[path] = value
    return found


def _walk(
    kind: Kind, value: Value, pattern: Pattern, at: FieldPath = (), pat: Pattern = ()
) -> Iterator[tuple[FieldPath, Value]]:
    """Yield what stands at each place that *pattern* names, with its path; keyed items by their key."""
    if not pattern:
        yield at, value
    elif pattern[0] == ANY:
        items = items_by_key(kind, pat, value) if isinstance(value, list) else {}
        for key, item in items.items():
            yield from _walk(kind, item, pattern[1:], (*at, key), (*pat, ANY))
    elif isinstance(value, Mapping):
        for name in value if pattern[0] == ANY_KEY else value.keys() & pattern[:1]:
            yield from _walk(kind, value[name], pattern[1:], (*at, name), (*pat, name))
