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
from hmsplan.stack.layers import value_at, values_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hmsplan.kinds import Kind, Pattern
    from hmsplan.model import Address, Binding, FieldPath, ResourceChange, Spec, Value


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
        for path, value in values_at(spec, pattern):
            if (secret := _secret(value)) is None:
                continue
            at = [part for part in path if isinstance(part, int)]
            beside = [place for place in places if place.count(ANY) == pattern.count(ANY)]
            hosts = _hosts(spec, beside, at) or _hosts(spec, places - set(beside), at)
            yield from ((secret, host) for host in hosts)


def _secret(value: Value) -> Secret | None:
    """Return the secret that *value* is, declared or remembered."""
    if isinstance(value, Secret):
        return value
    return Secret.remembered(value) if isinstance(value, Mapping) and isinstance(value.get("$secret"), str) else None


def _hosts(spec: Spec, places: Iterable[Pattern], at: Sequence[int]) -> list[str]:
    found = (value_at(spec, _path(place, at)) for place in places)
    return sorted({_host(text) for text in found if isinstance(text, str) and text})


def _path(place: Pattern, at: Iterable[int]) -> FieldPath:
    """Return *place* within the list items that a secret stands in."""
    indexes = iter(at)
    return tuple([next(indexes) if part == ANY else part for part in place])


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
