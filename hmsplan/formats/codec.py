"""A frozen value of ``model`` to JSON and back, exactly. Pure.

The types are the schema: a field that ``model`` gains is written and read without a word here. Reading is strict: a
missing or unknown key and a wrong type are a ``ValueError`` that says where. What the files do differently says a
``Form``.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import functools
import types
import typing
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar

from hmsplan.kinds import KINDS
from hmsplan.model import MISSING, Address, Ref, Secret, Unsendable

T = TypeVar("T")
Read: TypeAlias = Callable[[Any, str], Any]
"""Takes what JSON has for a value, and where it stands."""

TAG: Final = "$hmsplan"
"""The one key that a mapping of ours has where JSON has no word; a user's mapping with that key is wrapped."""

MAX_DEPTH: Final = 200
_SCALARS: Final = frozenset({str, int, float, bool})
_UNIONS: Final = (typing.Union, types.UnionType)


class Newer(ValueError):
    """It is whole, and says something that this version has no word for: a newer one wrote it."""


@dataclasses.dataclass(frozen=True, eq=False)
class Form:
    """How one kind of file writes what the types leave open.

    Attributes:
        fields_out: writes the fields of a user's object.
        fields_in: reads them.
        later: the fields of each type that earlier files lack; every other one is written, and has to be there. None =
            a field that has its default value is left out.
        is_kind_open: an address may be of a kind that this version does not know.
    """

    fields_out: Callable[[Any], Any]
    fields_in: Read
    later: Mapping[type, frozenset[str]] | None = None
    is_kind_open: bool = False


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
            return Ref(address_in(address, where))
        case {"$hmsplan": "secret", "name": str(name), "fingerprint": str() | None as mark, **more} if not more or (
            more.keys() == {"version"} and type(more["version"]) is int
        ):
            return Secret(name, None, mark, more.get("version"))
        case {"$hmsplan": "unsendable", "text": str(text), **more} if not more:
            return Unsendable(text)
        case {"$hmsplan": "missing", **more} if not more:
            return MISSING
    raise ValueError(f"{where}: a {TAG} object that this version does not know")


TAGGED: Final = Form(encode_value, decode_value)
"""The form of a plan and of what is in a snapshot: what JSON has no word for is tagged."""


def encode(value: Any, wanted: Any, form: Form = TAGGED) -> Any:  # noqa: PLR0911 -- one return a case
    """Return *value*, of the type *wanted*, as JSON; *form* is by default that of a plan."""
    if value is None:
        return None
    if _is_open(wanted):
        return form.fields_out(value)
    match value:
        case enum.Enum():
            return value.value
        case str() | int() | float():
            return value
        case Address():
            return str(value)
        case dt.datetime():
            return value.isoformat()
        case tuple() | frozenset():
            item = typing.get_args(_without_none(wanted))[0]
            return [encode(each, item, form) for each in (value if isinstance(value, tuple) else sorted(value))]
        case Mapping():
            item = typing.get_args(_without_none(wanted))[1]
            return {encode(key, str, form): encode(each, item, form) for key, each in sorted(value.items())}
        case _ if dataclasses.is_dataclass(value):
            return _encode_record(value, form)
    return encode_value(value)


def _encode_record(record: Any, form: Form) -> dict[str, Any]:
    return {
        name: encode(value, hint, form)
        for name, (hint, default) in _fields(record.__class__).items()
        if (value := getattr(record, name)) != default or form.later is not None
    }


def decode(data: Any, wanted: type[T], where: str, form: Form = TAGGED) -> T:
    """Read what ``encode`` wrote for the type *wanted*.

    Raises:
        ValueError: *data* is something else; says *where*.
        Newer: it has a key that this version does not know.
    """
    return typing.cast("T", _reader(typing.cast("Any", wanted), form)(data, where))


@functools.cache
def _reader(wanted: Any, form: Form) -> Read:
    """Return what reads the type *wanted*."""
    origin, args = typing.get_origin(wanted), typing.get_args(wanted)
    if _is_open(wanted):
        outside = {Mapping: dict, list: list}.get(origin)
        return lambda data, where: form.fields_in(must(data, outside, where) if outside else data, where)
    if origin in _UNIONS:
        return _union(args, form)
    if origin is Mapping:
        key, item = (_reader(arg, form) for arg in args)
        return lambda data, where: MappingProxyType(
            {key(name, where): item(each, f"{where}.{name}") for name, each in must(data, dict, where).items()}
        )
    if origin in {tuple, frozenset}:
        item = _reader(args[0], form)
        return lambda data, where: origin(item(each, f"{where}[{i}]") for i, each in enumerate(must(data, list, where)))
    return _plain(wanted, form)


def _plain(wanted: Any, form: Form) -> Read:
    if wanted is Address:
        return lambda data, where: address_in(data, where, is_kind_open=form.is_kind_open)
    if dataclasses.is_dataclass(wanted):
        return _record(typing.cast("type", wanted), form)
    if wanted is dt.datetime:
        return _datetime
    if issubclass(wanted, enum.Enum):
        return lambda data, where: _enum(data, wanted, where)
    return lambda data, where: data if wanted is float and type(data) is int else must(data, wanted, where)


def _union(args: tuple[Any, ...], form: Form) -> Read:
    rest = [arg for arg in args if arg is not type(None)]
    read = _reader(rest[0], form) if len(rest) == 1 else None

    def one_of(data: Any, where: str) -> Any:
        if data is None and len(rest) < len(args):
            return None
        if read is not None:
            return read(data, where)
        if type(data) not in rest:
            raise ValueError(f"{where} cannot be {_word(data)}")
        return data

    return one_of


def address_in(data: Any, where: str, *, is_kind_open: bool = False) -> Address:
    """Read an address, of a kind that this version knows unless *is_kind_open*."""
    try:
        address = Address.parse(must(data, str, where))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    if address.kind not in KINDS and not is_kind_open:
        raise ValueError(f"{where}: this version knows no kind {address.kind}")
    return address


def _datetime(data: Any, where: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(must(data, str, where))
    except ValueError:
        raise ValueError(f"{where} cannot be {data!r:.40}") from None


def _enum(data: Any, wanted: type[enum.Enum], where: str) -> enum.Enum:
    try:
        return wanted(data)
    except ValueError:
        raise ValueError(f"{where} cannot be {data!r:.40}") from None


def _record(wanted: type, form: Form) -> Read:
    fields = {name: _reader(hint, form) for name, (hint, _) in _fields(wanted).items()}
    scalars = {name: hint for name, (hint, _) in _fields(wanted).items() if hint in _SCALARS}
    if form.later is None:
        needed = {name for name, (_, default) in _fields(wanted).items() if default is dataclasses.MISSING}
    else:
        needed = fields.keys() - form.later.get(wanted, frozenset())

    def record(data: Any, where: str) -> Any:
        if missing := needed - must(data, dict, where).keys():
            raise ValueError(f"{where}: {min(missing)!r} is missing")
        if unknown := [name for name in data if name not in fields]:
            raise Newer(f"{where}: {unknown[0]!r:.60} is unknown to this version")
        found = dict(data)
        for name, item in data.items():
            if type(item) is not scalars.get(name):  # one that is, is right as it stands: most of a large state is
                found[name] = fields[name](item, f"{where}.{name}")
        return wanted(**found)

    return record


@functools.cache
def _fields(record: Any) -> Mapping[str, tuple[Any, Any]]:
    """Return type and default of the fields of *record*."""
    hints = typing.get_type_hints(record)
    return {
        field.name: (
            hints[field.name],
            field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default,
        )
        for field in dataclasses.fields(record)
        if field.compare
    }


@functools.cache
def _is_open(wanted: Any) -> bool:
    """Say whether *wanted* is what a user writes, of which we know no type."""
    return wanted is Any or Any in typing.get_args(wanted)


def _without_none(wanted: Any) -> Any:
    if typing.get_origin(wanted) in _UNIONS:
        return next(arg for arg in typing.get_args(wanted) if arg is not type(None))
    return wanted


def must(data: Any, wanted: Any, where: str) -> Any:
    """Return *data* if it is of the type *wanted*."""
    if type(data) is not wanted:
        raise ValueError(f"{where} cannot be {_word(data)}")
    return data


def _word(data: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", type(None): "null", bool: "true or false"}
    return names.get(type(data), "a number")
