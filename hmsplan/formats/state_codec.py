"""The values of a state to JSON and back; pure.

The dataclasses are the schema, as they are for ``codec``, which the files that exist cannot be read or written with:
every key is written, also one with its default; applied fields are kept as they are, so that one of the user's may have
any key; a ``Ref`` or ``Secret`` is refused, not tagged; an address may be of a kind that this version does not know. A
binding is written by hand: its address is the key of its line, and a digest stands in it.

Reading is strict: a missing key, an unknown key or a wrong type is a ``ValueError`` that says where. The callers add
which file it was and what to do.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import types
import typing
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar

import orjson

from hmsplan.errors import StateError
from hmsplan.model import Address, Binding, Deposed, PendingCreate

T = TypeVar("T")
Json: TypeAlias = dict[str, Any]
Read: TypeAlias = Callable[..., Any]
"""Takes what JSON has for a field, and ``where`` it stands."""
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
"""What a binding has in every version; its other fields came later, or have a default."""


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
    applied = digest(canonical(binding.applied))
    return {**_before_applied(binding), "applied": dict(binding.applied), **_after_applied(binding, applied)}


def binding_pieces(binding: Binding) -> tuple[bytes, bytes, bytes]:
    """Give the JSON of a binding in three pieces, of which the middle one is the bulk, with sorted keys."""
    applied = canonical(binding.applied)
    before, after = line(_before_applied(binding)), line(_after_applied(binding, digest(applied)))
    return before[:-1] + b',"applied":', applied, b"," + after[1:]


def _before_applied(binding: Binding) -> Json:
    return {"kind": binding.address.kind, "id": binding.id}


def _after_applied(binding: Binding, applied: str) -> Json:
    return {
        "digest": applied,
        "protected": binding.protected,
        "members": dict(sorted(binding.members.items())),
        "made": binding.made,
        "unkept": dict(sorted(binding.unkept.items())),
        "leaving": dict(sorted(binding.leaving.items())),
        "sent": sorted(binding.sent),
    }


def binding_in(name: str, value: Any) -> Binding:
    """Read the binding of the address *name*. Its digest is not checked here."""
    shape, readers = _schema(Binding)
    fields = check(value, _BINDING, {**shape, "digest": TEXT}, where=name)
    if "address" in fields:
        raise Newer(f"{name}: 'address' is unknown to this version")
    address = address_in(name, where="bindings")
    if fields["kind"] != address.kind:
        raise ValueError(f"{name}: its kind says {fields['kind']!r}")
    if not fields["id"]:
        raise ValueError(f"{name}: its id is empty")
    given = {"sent": list(fields["applied"]), **fields}
    return Binding(address, **{key: readers[key](given[key], where=name) for key in given.keys() & readers.keys()})


def _counted(members: Json, *, where: str) -> Mapping[str, int]:
    if not all(type(count) is int and count > 0 for count in members.values()):
        raise ValueError(f"{where}: members must be counted with whole numbers above 0")
    return MappingProxyType(members)


def _named(values: Json, *, where: str) -> Mapping[str, str]:
    texts(list(values.values()), where=where)
    return MappingProxyType(values)


def record_out(record: object) -> Json:
    """Give the JSON object of a dataclass, with every field by its name; write it with ``line``."""
    return {name: _field_out(getattr(record, name)) for name in _names(typing.cast("type", type(record)))}


@functools.cache
def _names(record: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(record))


def _field_out(value: Any) -> Any:  # noqa: PLR0911 -- one return a case
    match value:
        case str() | int() | None:  # most often, and a quick look
            return value
        case Address():
            return str(value)
        case frozenset():
            return sorted(value)
        case Mapping():
            return orjson.Fragment(canonical(value))
        case Binding():
            return binding_out(value)
        case Deposed() | PendingCreate():
            return record_out(value)
    return value


def record_in(record: type[T], value: Any, *, where: str) -> T:
    """Read what ``record_out`` wrote of the dataclass *record*."""
    shape, readers = _schema(typing.cast("type", record))
    fields = check(value, shape, where=where)
    return record(**{name: read(fields[name], where=where) for name, read in readers.items()})


@functools.cache
def _schema(record: type) -> tuple[Shape, Mapping[str, Read]]:
    """Return which types of JSON the fields of *record* have, and what reads each."""
    hints = typing.get_type_hints(record)
    fields = {name: _reader(hints[name]) for name in _names(record)}
    return {name: kinds for name, (kinds, _) in fields.items()}, {name: read for name, (_, read) in fields.items()}


def _reader(hint: Any) -> tuple[tuple[type, ...], Read]:
    """Return which types of JSON a field of the type *hint* may have, and what reads it."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        kinds, read = _reader(inner[0])
        return (*kinds, types.NoneType), lambda value, where: None if value is None else read(value, where=where)
    if origin is Mapping:
        return OBJECT, {int: _counted, str: _named}.get(inner[1], _as_it_is)
    if origin in {tuple, frozenset}:
        return LIST, lambda value, where: origin(texts(value, where=where))
    if hint is Address:
        return TEXT, address_in
    return ((int, float) if hint is float else (hint,)), _as_it_is


def _as_it_is(value: Any, where: str) -> Any:  # noqa: ARG001 -- as the other readers
    return value


def intent_in(value: Any) -> PendingCreate:
    """Read an open create; one of version 1 has no members."""
    step = value.get("step") if type(value) is dict else None
    where = f"the intent {step}" if type(step) is str else "intents"
    return record_in(PendingCreate, {"members": {}, **value} if type(value) is dict else value, where=where)


def check(value: Any, shape: Shape, more: Shape = MappingProxyType({}), *, where: str) -> Json:
    """Return *value* if it is an object with the keys of *shape*, perhaps some of *more*, and nothing else."""
    if type(value) is not dict:
        raise ValueError(f"{where}: an object is expected, not {_word(value)}")
    for key, kinds in shape.items():
        if key not in value:
            raise ValueError(f"{where}: {key!r} is missing")
        if type(value[key]) not in kinds:
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
