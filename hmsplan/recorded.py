"""The form in which applied fields are remembered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hmsplan.model import Ref, Secret

if TYPE_CHECKING:
    from hmsplan.model import Address, Spec, Value


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
