"""One binding, intent or deposed object to JSON and back; pure.

Reading is strict: a missing key, an unknown key or a wrong type is a ``ValueError`` that says where. The callers add
which file it was and what to do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import orjson

from hmsplan.errors import StateError
from hmsplan.model import Address, Binding, Deposed, PendingCreate

Json: TypeAlias = dict[str, Any]
Shape: TypeAlias = Mapping[str, tuple[type, ...]]

TEXT: Final = (str,)
NUMBER: Final = (int,)
OBJECT: Final = (dict,)
LIST: Final = (list,)
MAYBE_TEXT: Final = (str, type(None))

# Dataclasses and dates pass through to _plain, which refuses them: a Ref would otherwise be written as an object.
_STRICT: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_CANONICAL: Final = _STRICT | orjson.OPT_SORT_KEYS

_BINDING: Final[Shape] = {"kind": TEXT, "id": TEXT, "applied": OBJECT}
_BINDING_MORE: Final[Shape] = {
    "digest": TEXT,
    "protected": (bool,),
    "members": OBJECT,
    "made": (int, float),
    "unkept": OBJECT,
    "leaving": OBJECT,
    "sent": LIST,
}
_DEPOSED: Final[Shape] = {"address": TEXT, "id": TEXT}
_INTENT: Final[Shape] = {
    "step": TEXT,
    "address": TEXT,
    "kind": TEXT,
    "identity": LIST,
    "applied": OBJECT,
    "before": LIST,
    "started": (int, float),
    "parent": MAYBE_TEXT,
    "deposes": MAYBE_TEXT,
    "protected": (bool,),
}
_INTENT_MORE: Final[Shape] = {"members": OBJECT}


class Newer(ValueError):
    """It is whole, and says something that this version has no word for: a newer one wrote it."""


def newer(name: str, error: Newer) -> StateError:
    """Give the error for a file of a newer version: it is never called damaged, or somebody might delete it."""
    return StateError(
        f"{name}: {error}. A newer hmsplan wrote it, and nothing is damaged. Leave it as it is, and upgrade:\n"
        "  pip install --upgrade hmsplan",
        summary="State is newer than this hmsplan",
    )


def canonical(value: object) -> bytes:
    """Write compact JSON with sorted keys.

    Raises:
        StateError: *value* holds what JSON has no word for. A ``Ref`` or ``Secret`` that ``record`` has not seen is
            such a thing, so that no secret can slip into a file.
    """
    try:
        return orjson.dumps(value, default=_plain, option=_CANONICAL)
    except TypeError as error:
        raise StateError(f"a value cannot be kept: {error}") from error


def line(value: Json | str | float | None) -> bytes:
    """Write compact JSON in the order of its keys.

    Raises:
        StateError: as ``canonical``.
    """
    try:
        return orjson.dumps(value, default=_plain, option=_STRICT)
    except TypeError as error:
        raise StateError(f"a value cannot be kept: {error}") from error


def _plain(value: object) -> Json:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError


def digest(applied: bytes) -> str:
    """SHA-256, in hex, of the canonical JSON of the applied fields."""
    return hashlib.sha256(applied).hexdigest()


def binding_out(binding: Binding) -> Json:
    """Give the JSON object of a binding, without its address; write it with ``line``."""
    return {
        "kind": binding.address.kind,
        "id": binding.id,
        "applied": dict(binding.applied),
        "digest": digest(canonical(binding.applied)),
        "protected": binding.protected,
        "members": dict(sorted(binding.members.items())),
        "made": binding.made,
        "unkept": dict(sorted(binding.unkept.items())),
        "leaving": dict(sorted(binding.leaving.items())),
        "sent": sorted(binding.sent),
    }


def binding_pieces(binding: Binding) -> tuple[bytes, bytes, bytes]:
    """Give the JSON of a binding in three pieces, of which the middle one is the bulk."""
    applied = canonical(binding.applied)
    return (
        b'{"kind":%s,"id":%s,"applied":' % (line(binding.address.kind), line(binding.id)),
        applied,
        b',"digest":"%s","protected":%s,"members":%s,"made":%s,"unkept":%s,"leaving":%s,"sent":%s}'
        % (
            digest(applied).encode(),
            line(binding.protected),
            canonical(binding.members),
            line(binding.made),
            canonical(binding.unkept),
            canonical(binding.leaving),
            canonical(sorted(binding.sent)),
        ),
    )


def binding_in(name: str, value: Any) -> Binding:
    """Read the binding of the address *name*. Its digest is not checked here."""
    fields = check(value, _BINDING, _BINDING_MORE, where=name)
    address = address_in(name, where="bindings")
    if fields["kind"] != address.kind:
        raise ValueError(f"{name}: its kind says {fields['kind']!r}")
    if not fields["id"]:
        raise ValueError(f"{name}: its id is empty")
    unkept = fields.get("unkept", {})
    texts(list(unkept.values()), where=f"unkept of {name}")
    return Binding(
        address,
        fields["id"],
        fields["applied"],
        fields.get("protected", False),
        _counted(fields.get("members", {}), where=name),
        fields.get("made", 0.0),
        MappingProxyType(unkept),
        _counted(fields.get("leaving", {}), where=name),
        frozenset(texts(fields.get("sent", list(fields["applied"])), where=f"sent of {name}")),
    )


def _counted(members: Json, *, where: str) -> Mapping[str, int]:
    if not all(type(count) is int and count > 0 for count in members.values()):
        raise ValueError(f"{where}: members must be counted with whole numbers above 0")
    return MappingProxyType(members)


def deposed_out(deposed: Deposed) -> Json:
    """Give the JSON object of a deposed object."""
    return {"address": str(deposed.address), "id": deposed.id}


def deposed_in(value: Any) -> Deposed:
    """Read a deposed object."""
    fields = check(value, _DEPOSED, where="deposed")
    return Deposed(address_in(fields["address"], where="deposed"), fields["id"])


def intent_out(intent: PendingCreate) -> Json:
    """Give the JSON object of an intent; write it with ``line``."""
    return {
        "step": intent.step,
        "address": str(intent.address),
        "kind": intent.kind,
        "identity": intent.identity,
        "applied": orjson.Fragment(canonical(intent.applied)),
        "before": sorted(intent.before),
        "started": intent.started,
        "parent": intent.parent,
        "deposes": intent.deposes,
        "protected": intent.protected,
        "members": dict(sorted(intent.members.items())),
    }


def intent_in(value: Any) -> PendingCreate:
    """Read an intent."""
    fields = check(value, _INTENT, _INTENT_MORE, where="intents")
    where = f"the intent {fields['step']}"
    return PendingCreate(
        step=fields["step"],
        address=address_in(fields["address"], where=where),
        kind=fields["kind"],
        identity=texts(fields["identity"], where=where),
        applied=fields["applied"],
        before=frozenset(texts(fields["before"], where=where)),
        started=fields["started"],
        parent=fields["parent"],
        deposes=fields["deposes"],
        protected=fields["protected"],
        members=_counted(fields.get("members", {}), where=where),
    )


def check(value: Any, shape: Shape, more: Shape = MappingProxyType({}), *, where: str) -> Json:
    """Return *value* if it is an object with the keys of *shape*, perhaps some of *more*, and nothing else."""
    if type(value) is not dict:
        raise ValueError(f"{where}: an object is expected, not {_word(value)}")
    for key, types in shape.items():
        if key not in value:
            raise ValueError(f"{where}: {key!r} is missing")
        if type(value[key]) not in types:
            raise ValueError(f"{where}: {key!r} cannot be {_word(value[key])}")
    for key in value.keys() - shape.keys():
        if key not in more:
            raise Newer(f"{where}: {key!r} is unknown to this version")
        if type(value[key]) not in more[key]:
            raise ValueError(f"{where}: {key!r} cannot be {_word(value[key])}")
    return value


def texts(values: list[Any], *, where: str) -> tuple[str, ...]:
    """Return a list of strings as a tuple."""
    for value in values:
        if type(value) is not str:
            raise ValueError(f"{where}: a list of strings holds {_word(value)}")
    return tuple(values)


def address_in(text: str, *, where: str) -> Address:
    """Read an address."""
    try:
        return Address.parse(text)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _word(value: object) -> str:
    return {dict: "an object", list: "a list", str: "a string", type(None): "null", bool: "true or false"}.get(
        type(value), "a number"
    )
