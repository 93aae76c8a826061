"""Which secret goes to whom: a secret in use may not go to a new receiver behind anybody's back. Pure.

A pull request cannot read a secret, but it can declare who gets one: a new assistant, a renamed tool, or another secret
in an old place. What the state remembers says where each secret has gone so far.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hmsplan.kinds import ANY, KINDS
from hmsplan.model import Refusal, Risk, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.kinds import Kind, Pattern
    from hmsplan.model import Address, Binding, ResourceChange, Spec, Value


def new_receivers(changes: Iterable[ResourceChange], bindings: Mapping[Address, Binding]) -> Iterator[Refusal]:
    """Name each secret that the state knows and that *changes* would send to a host which has not got it so far."""
    sent = [
        (change, secret, host)
        for change in changes
        if change.fields
        for secret, host in receivers(KINDS[change.address.kind], change.after)
    ]
    known: defaultdict[str, dict[str, list[Secret]]] = defaultdict(dict)
    for address, binding in bindings.items() if sent else ():
        for secret, host in receivers(KINDS[address.kind], binding.applied):
            known[secret.name].setdefault(host, []).append(secret)
    for change, secret, host in sent:
        got = known.get(secret.name, {})
        if got and host not in got and not _is_new(secret, got.values()):
            so_far = ", ".join(sorted(got))
            yield Refusal(
                Risk.EGRESS, change.address, f"${{secret:{secret.name}}} went to {so_far}, and would go to {host}"
            )


def _is_new(secret: Secret, earlier: Iterable[Iterable[Secret]]) -> bool:
    """Say whether its value is proven to be another one than was ever sent."""
    marks = [each.fingerprint for group in earlier for each in group]
    return all(mark is not None and secret.is_like(mark) is False for mark in marks)


def receivers(kind: Kind, spec: Spec) -> Iterator[tuple[Secret, str]]:
    """Yield each secret in *spec* with each host that gets it.

    Places beside the secret come first; where none of them says anything, one further up does ("without either, the
    assistant's webhook_url gets it").
    """
    for pattern, places in kind.receivers.items():
        for secret, at in _secrets(spec, pattern):
            beside = [place for place in places if place.count(ANY) == pattern.count(ANY)]
            hosts = _hosts(spec, beside, at) or _hosts(spec, places - set(beside), at)
            yield from ((secret, host) for host in hosts)


def _secrets(value: Value, pattern: Pattern, at: tuple[int, ...] = ()) -> Iterator[tuple[Secret, tuple[int, ...]]]:
    """Yield each secret of that place, declared or remembered, and the indexes on the way to it."""
    if not pattern:
        if isinstance(value, Secret):
            yield value, at
        elif isinstance(value, Mapping) and isinstance(value.get("$secret"), str):
            yield Secret.remembered(value), at
    elif pattern[0] == ANY:
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from _secrets(item, pattern[1:], (*at, index))
    elif isinstance(value, Mapping):
        yield from _secrets(value.get(pattern[0]), pattern[1:], at)


def _hosts(spec: Spec, places: Iterable[Pattern], at: tuple[int, ...]) -> list[str]:
    return sorted({_host(text) for place in places if isinstance(text := _value(spec, place, at), str) and text})


def _value(value: Value, place: Pattern, at: tuple[int, ...]) -> Value:
    indexes = iter(at)
    for part in place:
        if part == ANY and isinstance(value, list):
            value = value[next(indexes)]
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _host(text: str) -> str:
    """Return who is behind an address: host and port of a URL, without a login; of anything else, itself."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return text
    if not parts.hostname:
        return text.lower()
    return parts.hostname if port in {None, 443} else f"{parts.hostname}:{port}"
