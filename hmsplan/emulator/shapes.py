"""Shapes: a small language for request bodies that reports every problem at once, each with its path.

Reading a value through a shape checks it and returns it cleaned: whole numbers as integers, clamped ranges,
unknown fields as the settings say. The shapes of the API itself are in `catalog` and `bodies`.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

if TYPE_CHECKING:
    from hmsplan.emulator.settings import Settings

ABSENT: Final = object()
"""No default; and what a shape returns for a field that must not be stored."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s.][^@\s]*")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_FORMATS = {"email": (_EMAIL, "an e-mail address"), "uri": (_URI, "a URL"), "uuid": (_UUID, "a UUID")}
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")


@dataclass(slots=True)
class Reading:
    """One request body on its way through the shapes.

    Attributes:
        settings: the answers to the open questions that shapes need.
        merged: the body was laid over a stored object, so a null that its field cannot hold removes the field.
        problems: what is wrong, one text each, in the order of the body.
    """

    settings: Settings
    merged: bool = False
    problems: list[str] = field(default_factory=list)

    def refuse(self, path: str, problem: str) -> None:
        """Note that the value at *path* is wrong."""
        self.problems.append(f"{path or 'body'}: {problem}")


class Shape(Protocol):
    """What a value has to look like."""

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Return *value* cleaned; note its problems, in which case the value returned is of no use."""
        ...


def _tidied(text: str) -> str:
    lines = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).split("\n")
    return "\n".join(line.rstrip() for line in lines).rstrip()


@dataclass(frozen=True, slots=True)
class Text:
    """Text; *limit* names the setting that holds its longest length."""

    min_length: int = 0
    max_length: int | None = None
    pattern: str | None = None
    format: str | None = None
    limit: str | None = None
    trimmed: bool = False
    default: Any = ABSENT

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Check type, length, pattern and format."""
        if not isinstance(value, str):
            reading.refuse(path, "must be text")
            return value
        if reading.settings.tidies:
            value = _tidied(value)
        if self.trimmed and reading.settings.trim_names:
            value = value.strip()
        longest = getattr(reading.settings, self.limit) if self.limit else self.max_length
        if len(value) < self.min_length:
            reading.refuse(path, "must not be empty" if self.min_length == 1 else f"needs {self.min_length} characters")
        if longest is not None and len(value) > longest:
            reading.refuse(path, f"longer than {longest} characters")
        if self.pattern is not None and not re.fullmatch(self.pattern, value, re.ASCII):
            reading.refuse(path, f"must match {self.pattern}")
        if self.format is not None and not _FORMATS[self.format][0].fullmatch(value):
            reading.refuse(path, f"must be {_FORMATS[self.format][1]}")
        return value.lower() if self.format == "uuid" else value


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number in E.164; other spellings are rewritten when the settings say so."""

    default: Any = ABSENT

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Check, and maybe rewrite, the number."""
        if isinstance(value, str) and reading.settings.phone_form == "rewritten":
            digits = re.sub(r"[\s().-]", "", value)
            value = "+" + digits[2:] if digits.startswith("00") else digits
        if not isinstance(value, str) or not _E164.fullmatch(value):
            reading.refuse(path, "must be a phone number in E.164, such as +31612345678")
        return value


@dataclass(frozen=True, slots=True)
class Number:
    """A number; *whole* numbers are stored as integers, *clamped* ones are pulled into their range."""

    minimum: float | None = None
    maximum: float | None = None
    whole: bool = False
    clamped: bool = False
    default: Any = ABSENT

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Check type and range."""
        if isinstance(value, bool) or not isinstance(value, int | float) or (self.whole and value != int(value)):
            reading.refuse(path, "must be a whole number" if self.whole else "must be a number")
            return value
        value = int(value) if self.whole else value
        if reading.settings.tidies and isinstance(value, float):
            (value,) = struct.unpack("f", struct.pack("f", value))
        low = self.minimum is not None and value < self.minimum
        high = self.maximum is not None and value > self.maximum
        if self.clamped and (low or high):
            return self.minimum if low else self.maximum
        if low:
            reading.refuse(path, f"must be at least {self.minimum}")
        if high:
            reading.refuse(path, f"must be at most {self.maximum}")
        return value


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    default: Any = ABSENT

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Check the type."""
        if not isinstance(value, bool):
            reading.refuse(path, "must be true or false")
        return value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few texts or numbers."""

    choices: tuple[str | int, ...]
    default: Any = ABSENT

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Look the value up; 1.0 is the number 1, true is not."""
        for choice in self.choices:
            if value == choice and not isinstance(value, bool) and isinstance(value, str) == isinstance(choice, str):
                return choice
        reading.refuse(path, f"must be one of {', '.join(map(str, self.choices))}")
        return value


@dataclass(frozen=True, slots=True)
class Nullable:
    """The shape inside, or null; *text* marks a text that the settings may turn from "" into null."""

    shape: Shape
    default: Any = ABSENT

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Let null pass."""
        if value is None or (value == "" and isinstance(self.shape, Text) and reading.settings.empty_text == "null"):
            return None
        return self.shape.read(value, path, reading)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one shape."""

    item: Shape
    min_items: int = 0
    max_items: int | None = None
    default: Any = ABSENT

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Check length and items."""
        if not isinstance(value, list):
            reading.refuse(path, "must be a list")
            return value
        if len(value) < self.min_items:
            reading.refuse(path, f"needs at least {self.min_items} items")
        if self.max_items is not None and len(value) > self.max_items:
            reading.refuse(path, f"has more than {self.max_items} items")
        return [self.item.read(item, f"{path}[{index}]", reading) for index, item in enumerate(value)]


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object whose keys belong to the user; without a shape its values are any JSON."""

    value: Shape | None = None
    max_items: int | None = None
    default: Any = ABSENT

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Check size and values."""
        if not isinstance(value, dict):
            reading.refuse(path, "must be an object")
            return value
        if self.max_items is not None and len(value) > self.max_items:
            reading.refuse(path, f"has more than {self.max_items} entries")
        if self.value is None:
            return value
        return {key: self.value.read(item, f"{path}.{key}", reading) for key, item in value.items()}


Rule = Callable[[dict[str, Any]], Iterator[tuple[str, str]]]
"""Finds what the fields of an object do to each other: pairs of field and problem."""


@dataclass(frozen=True, slots=True)
class Record:
    """An object with known fields.

    Attributes:
        fields: shape of each known field.
        required: fields that must be there.
        rules: checks across fields, run when the fields by themselves are right.
        filled: when all defaults are stored, a missing object of this shape is stored too.
    """

    fields: Mapping[str, Shape]
    required: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()
    filled: bool = False
    default: Any = ABSENT

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Check every field, then the rules."""
        if not isinstance(value, dict):
            reading.refuse(path, "must be an object")
            return value
        before = len(reading.problems)
        for name in self.fields:
            if name in self.required and name not in value:
                reading.refuse(_join(path, name), "is required")
        found: dict[str, Any] = {}
        for name, item in value.items():
            self._field(name, item, path, reading, found)
        if len(reading.problems) == before:
            for rule in self.rules:
                for name, problem in rule(found):
                    reading.refuse(_join(path, name) if name else path, problem)
        return found

    def _field(self, name: str, item: Any, path: str, reading: Reading, found: dict[str, Any]) -> None:
        shape = self.fields.get(name)
        if shape is None:
            if item is None and reading.merged:
                return
            if reading.settings.unknown_fields == "refused":
                reading.refuse(_join(path, name), "is not a known field")
            elif reading.settings.unknown_fields == "stored":
                found[name] = item
        elif item is None and reading.merged and not isinstance(shape, Nullable):
            if name in self.required:
                reading.refuse(_join(path, name), "cannot be removed")
        elif (cleaned := shape.read(item, _join(path, name), reading)) is not ABSENT:
            found[name] = cleaned

    def but(self, **fields: Shape) -> Record:
        """Return this record with more fields, or other shapes for its own."""
        return replace(self, fields={**self.fields, **fields})


@dataclass(frozen=True, slots=True)
class Variant:
    """An object whose field *tag* tells which of several records it is."""

    tag: str
    cases: Mapping[str, Record]
    default: Any = ABSENT

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Read through the record that the tag names."""
        if not isinstance(value, dict):
            reading.refuse(path, "must be an object")
            return value
        case = self.case(value)
        if case is None:
            reading.refuse(_join(path, self.tag), f"must be one of {', '.join(self.cases)}")
            return value
        return case.read(value, path, reading)

    def case(self, value: Mapping[str, Any]) -> Record | None:
        """Return the record that *value* claims to be."""
        tag = value.get(self.tag)
        return self.cases.get(tag) if isinstance(tag, str) else None


@dataclass(frozen=True, slots=True)
class Late:
    """A field that belongs to updates, met on create: ignored, refused or stored as the settings say."""

    shape: Shape
    default: Any = ABSENT

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Apply the settings' ``late_fields``."""
        match reading.settings.late_fields:
            case "stored":
                return self.shape.read(value, path, reading)
            case "refused":
                reading.refuse(path, "cannot be set on create; update the assistant afterwards")
        return ABSENT


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def fill(shape: Shape, value: Any) -> Any:
    """Return *value* with the documented defaults of what it leaves out, at every depth."""
    match shape:
        case Nullable(shape=inner) if value is not None:
            return fill(inner, value)
        case Variant() if isinstance(value, dict):
            case = shape.case(value)
            return fill(case, value) if case else value
        case ListOf(item=item) if isinstance(value, list):
            return [fill(item, element) for element in value]
        case Record() if isinstance(value, dict):
            return _filled(shape, value)
    return value


def _filled(shape: Record, value: dict[str, Any]) -> dict[str, Any]:
    found = dict(value)
    for name, part in shape.fields.items():
        if name in found:
            found[name] = fill(part, found[name])
        elif isinstance(part, Record) and part.filled:
            found[name] = fill(part, {})
        elif (default := cast("Any", part).default) is not ABSENT:
            found[name] = default
    return found
