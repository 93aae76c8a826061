"""A frozen value of ``model`` to JSON and back, exactly. Pure.

The types are the schema: a field that ``model`` gains is written and read without a word here. Reading is strict: a
missing or unknown key and a wrong type are a ``ValueError`` that says where.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from hmsplan.kinds import KINDS
from hmsplan.model import MISSING, Address, Ref, Secret, Unsendable

T = TypeVar("T")

TAG: Final = "$hmsplan"
"""The one key that a mapping of ours has where JSON has no word; a user's mapping with that key is wrapped."""

MAX_DEPTH: Final = 200


def encode(value: Any, wanted: Any) -> Any:
    """Return *value*, of the type *wanted*, as JSON. A field that has its default value is left out."""
    if wanted is Any or Any in typing.get_args(wanted):
        return encode_value(value)
    if isinstance(value, Address):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        hints = _hints(type(value))
        return {
            field.name: encode(getattr(value, field.name), hints[field.name])
            for field in dataclasses.fields(value)
            if field.compare and getattr(value, field.name) != _default(field)
        }
    if isinstance(value, tuple | frozenset):
        item = typing.get_args(_without_none(wanted))[0]
        return [encode(each, item) for each in (value if isinstance(value, tuple) else sorted(value))]
    return value.value if isinstance(value, enum.Enum) else encode_value(value)


def encode_value(value: Any) -> Any:
    """Return any value of a field as JSON, so that ``decode_value`` gives the same back."""
    match value:
        case str() | int() | float() | None if type(value) is not Unsendable:
            return value
        case dict() | Mapping():  # nearly always the first, and that is a quick look
            inner = {key: encode_value(item) for key, item in value.items()}
            return {TAG: "object", "value": inner} if TAG in inner else inner
        case list() | tuple():
            return [encode_value(item) for item in value]
    return _tagged(value)


def _tagged(value: Any) -> dict[str, Any]:
    """Return what JSON has no word for."""
    match value:
        case Ref():
            return {TAG: "ref", "address": str(value.address)}
        case Secret():
            version = {} if value.version is None else {"version": value.version}
            return {TAG: "secret", "name": value.name, "fingerprint": value.fingerprint, **version}
        case Unsendable():
            return {TAG: "unsendable", "text": str(value)}
        case _ if value is MISSING:
            return {TAG: "missing"}
    raise ValueError(f"no JSON for {type(value).__name__}")


def decode(data: Any, wanted: type[T], where: str) -> T:
    """Read what ``encode`` wrote for the type *wanted*.

    Raises:
        ValueError: *data* is something else; says *where*.
    """
    return typing.cast("T", _decode(data, wanted, where))


def _decode(data: Any, wanted: Any, where: str) -> Any:
    origin, args = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted is Any or Any in args:
        value = decode_value(data, where)
        return _must(value, dict, where) if origin is Mapping else value
    if origin in {typing.Union, types.UnionType}:
        return _decode_union(data, args, where)
    if origin in {tuple, frozenset}:
        return origin(_decode(item, args[0], f"{where}[{i}]") for i, item in enumerate(_must(data, list, where)))
    return _decode_plain(data, wanted, where)


def _decode_plain(data: Any, wanted: Any, where: str) -> Any:
    if wanted is Address:
        return _decode_address(data, where)
    if dataclasses.is_dataclass(wanted):
        return _decode_dataclass(data, typing.cast("type", wanted), where)
    if issubclass(wanted, enum.Enum):
        return _decode_enum(data, wanted, where)
    return float(data) if wanted is float and type(data) is int else _must(data, wanted, where)


def _decode_union(data: Any, args: tuple[Any, ...], where: str) -> Any:
    if data is None and type(None) in args:
        return None
    rest = [arg for arg in args if arg is not type(None)]
    if len(rest) == 1:
        return _decode(data, rest[0], where)
    if type(data) not in rest:
        raise ValueError(f"{where} cannot be {_word(data)}")
    return data


def _decode_address(data: Any, where: str) -> Address:
    try:
        address = Address.parse(_must(data, str, where))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    if address.kind not in KINDS:
        raise ValueError(f"{where}: this version knows no kind {address.kind}")
    return address


def _decode_enum(data: Any, wanted: type[enum.Enum], where: str) -> enum.Enum:
    try:
        return wanted(data)
    except ValueError:
        raise ValueError(f"{where} cannot be {data!r:.40}") from None


def _decode_dataclass(data: Any, wanted: type, where: str) -> Any:
    fields = {field.name: field for field in dataclasses.fields(wanted) if field.compare}
    hints = _hints(wanted)
    for name in _must(data, dict, where):
        if name not in fields:
            raise ValueError(f"{where}: {name!r:.60} is unknown to this version")
    given = {name: _decode(data[name], hints[name], f"{where}.{name}") for name in fields if name in data}
    for name, field in fields.items():
        if name not in given and _default(field) is dataclasses.MISSING:
            raise ValueError(f"{where}: {name!r} is missing")
    return wanted(**given)


def decode_value(data: Any, where: str, depth: int = 0) -> Any:
    """Read what ``encode_value`` wrote."""
    if depth > MAX_DEPTH:
        raise ValueError(f"{where} is nested more than {MAX_DEPTH} deep")
    if isinstance(data, list):
        return [decode_value(item, where, depth + 1) for item in data]
    if not isinstance(data, dict):
        return data
    match data:
        case {"$hmsplan": "object", "value": dict(inner), **more} if not more:
            data = inner
        case {"$hmsplan": _}:
            return _untagged(data, where)
    return {key: decode_value(item, where, depth + 1) for key, item in data.items()}


def _untagged(data: dict[str, Any], where: str) -> Any:
    """Read what ``_tagged`` wrote."""
    match data:
        case {"$hmsplan": "ref", "address": address, **more} if not more:
            return Ref(_decode_address(address, where))
        case {"$hmsplan": "secret", "name": str(name), "fingerprint": str() | None as mark, **more} if not more or (
            more.keys() == {"version"} and type(more["version"]) is int
        ):
            return Secret(name, None, mark, more.get("version"))
        case {"$hmsplan": "unsendable", "text": str(text), **more} if not more:
            return Unsendable(text)
        case {"$hmsplan": "missing", **more} if not more:
            return MISSING
    raise ValueError(f"{where}: a {TAG} object that this version does not know")


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default


def _without_none(wanted: Any) -> Any:
    if typing.get_origin(wanted) in {typing.Union, types.UnionType}:
        return next(arg for arg in typing.get_args(wanted) if arg is not type(None))
    return wanted


def _must(data: Any, wanted: Any, where: str) -> Any:
    if type(data) is not wanted:
        raise ValueError(f"{where} cannot be {_word(data)}")
    return data


def _word(data: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", type(None): "null", bool: "true or false"}
    return names.get(type(data), "a number")
