"""What is wrong with the JSON Schema of a tool's arguments, beside what nothing could meet at all. Pure."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.lint import schema_faults
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.model import FieldPath

_MOST_DEEP: Final = 32
_ELSEWHERE: Final = ("allOf", "anyOf", "oneOf", "$ref", "if", "patternProperties")
_ALTERNATIVES: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_ONE: Final = frozenset({"items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"})
_MANY: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})


class Wrong(enum.Enum):
    """What is wrong."""

    REQUIRED = enum.auto()
    REFERENCE = enum.auto()
    RECURSION = enum.auto()
    IMPOSSIBLE = enum.auto()
    UNDESCRIBED = enum.auto()


class Fault(NamedTuple):
    """One place where it is."""

    wrong: Wrong
    path: FieldPath
    detail: str


def faults(schema: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong with the parameters of a function, which are an object."""
    if schema and schema.get("type") != "object" and not any(key in schema for key in _ELSEWHERE):
        detail = f"The arguments of a call are a block of names and values: write type: object{_instead(schema)}."
        yield Fault(Wrong.IMPOSSIBLE, ("type",) if "type" in schema else (), detail)
    for path, detail in schema_faults.faults(schema):
        yield Fault(Wrong.REQUIRED if path[-1] == "required" else Wrong.IMPOSSIBLE, path, detail)
    loops: set[str] = set()
    for fault in _of(schema, schema, ()):
        if fault.wrong is not Wrong.RECURSION or fault.detail not in loops:  # a loop is told where it is entered
            yield fault
            loops.add(fault.detail)


def _instead(schema: Mapping[str, Any]) -> str:
    return f", not {wording.shown(schema['type'])}" if "type" in schema else ""


def _of(schema: Any, root: Mapping[str, Any], path: FieldPath) -> Iterator[Fault]:
    if not isinstance(schema, dict) or len(path) > _MOST_DEEP:
        return
    if isinstance(target := schema.get("$ref"), str):
        yield from _of_reference(target, root, path)
    yield from _of_blocks(schema, path)
    for name, value in _properties(schema):
        if value is False and name in schema.get("required", ()):
            yield Fault(Wrong.IMPOSSIBLE, (*path, "properties", name), f"{name} is required, and false takes no value.")
        if isinstance(value, dict) and not ({"description", "title", "$ref", "const", "enum"} & value.keys()):
            yield Fault(Wrong.UNDESCRIBED, (*path, "properties", name), f"{name} has no description.")
    for at, below in _below(schema):
        yield from _of(below, root, (*path, *at))


def _properties(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    properties = schema.get("properties")
    if isinstance(properties, dict):
        yield from properties.items()


def _below(schema: Mapping[str, Any]) -> Iterator[tuple[FieldPath, Any]]:
    for key, value in schema.items():
        if key in _ONE:
            yield (key,), value
        elif key in _MANY and isinstance(value, dict):
            yield from (((key, name), below) for name, below in value.items())
        elif key in _ALTERNATIVES and isinstance(value, list):
            yield from (((key, index), below) for index, below in enumerate(value))


def _of_reference(target: str, root: Mapping[str, Any], path: FieldPath) -> Iterator[Fault]:
    at = (*path, "$ref")
    if not target.startswith("#"):
        yield Fault(Wrong.REFERENCE, at, f"{wording.shown(target)} lies elsewhere, and a model cannot fetch it.")
        return
    parts = pointed(target)
    if _at(root, parts) is None:
        names = [f"#/{key}/{name}" for key in ("$defs", "definitions") for name in root.get(key) or ()]
        yield Fault(Wrong.REFERENCE, at, f"{wording.shown(target)} leads nowhere.{wording.did_you_mean(target, names)}")
    elif _comes_back(parts, root):
        detail = f"{wording.shown(target)} contains itself. Say how deep it may go by writing the levels out."
        yield Fault(Wrong.RECURSION, at, detail)


def pointed(target: str) -> tuple[str, ...]:
    """Return the parts of a JSON pointer in a fragment."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in target[1:].split("/")[1:])


def _at(root: Any, parts: tuple[str, ...]) -> Any:
    for part in parts:
        if isinstance(root, list) and part.isdigit() and int(part) < len(root):
            root = root[int(part)]
        elif isinstance(root, dict) and part in root:
            root = root[part]
        else:
            return None
    return root


def _comes_back(start: tuple[str, ...], root: Mapping[str, Any]) -> bool:
    """Say whether what lies at *start* refers, through whatever else, to a block that *start* lies in, or is."""
    seen: set[tuple[str, ...]] = set()
    waiting = [start]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        for target in _targets(_at(root, here)):
            if start[: len(target)] == target:
                return True
            waiting.append(target)
    return False


def _targets(schema: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(schema, dict):
        target = schema.get("$ref")
        if isinstance(target, str) and target.startswith("#"):
            yield pointed(target)
        for value in schema.values():
            yield from _targets(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _targets(value)


def _of_blocks(schema: Mapping[str, Any], path: FieldPath) -> Iterator[Fault]:
    if schema.get("required") and "properties" not in schema and not any(key in schema for key in _ELSEWHERE):
        names = wording.listed(map(str, schema["required"]))
        yield Fault(Wrong.REQUIRED, (*path, "required"), f"{names}: required, and no properties say what it is.")
    if schema.get("type") == "array" and not {"items", "prefixItems"} & schema.keys():
        detail = "A list has to say what it holds; OpenAI refuses it without. Write items: {type: string}, say."
        yield Fault(Wrong.IMPOSSIBLE, path, detail)
    is_shut = schema.get("type") == "object" and schema.get("additionalProperties") is False
    if path and is_shut and not schema.get("properties") and not any(key in schema for key in _ELSEWHERE):
        detail = "The block has no properties, and additionalProperties: false refuses all others. Say what it holds."
        yield Fault(Wrong.IMPOSSIBLE, path, detail)
