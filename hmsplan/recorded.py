"""The form in which applied fields are remembered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hmsplan.model import Ref, Secret

if TYPE_CHECKING:
    from hmsplan.model import Address, Spec, Stack, State, Value


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
        return {"$secret": value.name, "fingerprint": value.fingerprint}
    if isinstance(value, Mapping):
        fields = {key: _recorded(item, ids) for key, item in value.items()}
        same = type(value) is dict and all(fields[key] is item for key, item in value.items())
        return value if same else fields
    if isinstance(value, list | tuple):
        items = [_recorded(item, ids) for item in value]
        same = type(value) is list and all(new is old for new, old in zip(items, value, strict=True))
        return value if same else items
    return value


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
