"""What is wrong with a JSON Schema that a model has to fill in, although it is a schema. Pure."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.model import dotted
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.model import FieldPath

_MOST_DEEP: Final = 32
_BOUNDS: Final = (
    *(("minimum", "maximum"), ("exclusiveMinimum", "exclusiveMaximum"), ("minLength", "maxLength")),
    *(("minItems", "maxItems"), ("minProperties", "maxProperties")),
)
_LEASTS: Final = frozenset(least for least, _ in _BOUNDS)
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int, float),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_ELSEWHERE: Final = ("allOf", "anyOf", "oneOf", "$ref", "if", "patternProperties")
_SAYING: Final = frozenset({"type", "description", "title", "examples", "default", "format", "pattern"})
"""What a schema may say, other than being a list, without anything to be wrong about."""
_DESCRIBING: Final = frozenset({"description", "title", "$ref", "const", "enum"})
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
    loops: set[str] = set()
    for fault in _of(schema, schema, ()):
        if fault.wrong is not Wrong.RECURSION or fault.detail not in loops:  # a loop is told where it is entered
            yield fault
            loops.add(fault.detail)


def _instead(schema: Mapping[str, Any]) -> str:
    return f", not {wording.shown(schema['type'])}" if "type" in schema else ""


def _of(schema: Mapping[str, Any], root: Mapping[str, Any], path: FieldPath) -> Iterator[Fault]:
    if len(path) > _MOST_DEEP:
        return
    if isinstance(target := schema.get("$ref"), str):
        yield from _of_reference(target, root, path)
    if "required" in schema:
        yield from _of_required(schema, path)
    yield from _of_values(schema, path)
    properties = schema.get("properties")
    for name, value in properties.items() if isinstance(properties, dict) else ():
        if value is False and name in schema.get("required", ()):
            yield Fault(Wrong.IMPOSSIBLE, (*path, "properties", name), f"{name} is required, and false takes no value.")
        if isinstance(value, dict) and _DESCRIBING.isdisjoint(value):
            yield Fault(Wrong.UNDESCRIBED, (*path, "properties", name), f"{name} has no description.")
    for at, below in _below(schema):
        if isinstance(below, dict) and (not below.keys() <= _SAYING or below.get("type") == "array"):
            yield from _of(below, root, (*path, *at))


def _below(schema: Mapping[str, Any]) -> Iterator[tuple[FieldPath, Any]]:
    for key, value in schema.items():
        if key in _ONE:
            yield (key,), value
        elif key in _MANY and isinstance(value, dict):
            for name, below in value.items():
                yield (key, name), below
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


def _of_required(schema: Mapping[str, Any], path: FieldPath) -> Iterator[Fault]:
    required, known = schema.get("required"), schema.get("properties")
    if not isinstance(required, list) or any(key in schema for key in _ELSEWHERE):
        return
    known = known if isinstance(known, dict) else {}
    for index, name in enumerate(required):
        if isinstance(name, str) and name not in known:
            guess = wording.did_you_mean(name, known) or f" Describe it in {dotted((*path, 'properties'))}."
            yield Fault(Wrong.REQUIRED, (*path, "required", index), f"{name} is required, and no property.{guess}")


def _of_values(schema: Mapping[str, Any], path: FieldPath) -> Iterator[Fault]:
    choices, types = schema.get("enum"), schema.get("type")
    if choices == []:
        yield Fault(Wrong.IMPOSSIBLE, (*path, "enum"), "enum is empty: there is nothing to choose from.")
    elif isinstance(choices, list) and "const" in schema and schema["const"] not in choices:
        yield Fault(Wrong.IMPOSSIBLE, (*path, "const"), "const is not among the values of enum.")
    elif isinstance(choices, list) and types is not None and not any(_fits(each, types) for each in choices):
        detail = f"No value of enum is {wording.type_named(types)}. Write each as the type says."
        yield Fault(Wrong.IMPOSSIBLE, (*path, "enum"), detail)
    for least, most in () if _LEASTS.isdisjoint(schema) else _BOUNDS:
        low, high = (schema[least], schema.get(most)) if least in schema else (None, None)
        if isinstance(low, int | float) and isinstance(high, int | float) and _is_empty(low, high, least):
            detail = f"{least} is {low} and {most} is {high}: no value lies between. Swap them."
            yield Fault(Wrong.IMPOSSIBLE, (*path, least), detail)
    if types == "array" and not {"items", "prefixItems"} & schema.keys():
        detail = "A list has to say what it holds; OpenAI refuses it without. Write items: {type: string}, say."
        yield Fault(Wrong.IMPOSSIBLE, path, detail)
    if path and types == "object" and schema.get("additionalProperties") is False and not _may_hold(schema):
        detail = (
            "The block has no properties, and additionalProperties: false refuses all others. Describe what it holds."
        )
        yield Fault(Wrong.IMPOSSIBLE, path, detail)


def _is_empty(low: float, high: float, least: str) -> bool:
    return low >= high if least.startswith("exclusive") else low > high


def _may_hold(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("properties")) or any(key in schema for key in _ELSEWHERE)


def _fits(value: Any, types: str | list[str]) -> bool:
    listed = [types] if isinstance(types, str) else types
    return any(isinstance(value, _TYPES.get(name, (object,))) and _is_one(value, name) for name in listed)


def _is_one(value: Any, name: str) -> bool:
    return not isinstance(value, bool) or name == "boolean"
