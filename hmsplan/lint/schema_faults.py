"""Why nothing can meet a JSON Schema, as far as that can be seen without trying. Its form is another check's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.model import FieldPath

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}
_RANGES: Final = (
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
)
_LOWS: Final = frozenset(low for low, _ in _RANGES)
_ONE: Final = frozenset(["items", "additionalProperties", "contains", "propertyNames"])
"""Keywords that hold a schema; of ``not`` nothing is asked."""
_MANY: Final = frozenset(["anyOf", "allOf", "oneOf", "prefixItems"])
_NAMED: Final = frozenset(["properties", "patternProperties", "$defs", "definitions"])
_ELSEWHERE: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf", "patternProperties", "if"})
"""What may give an object properties that ``properties`` does not name."""


def faults(schema: Any, at: FieldPath = ()) -> Iterator[tuple[FieldPath, str]]:
    """Yield the path of each fault below *at*, and what it is."""
    if not isinstance(schema, dict):
        return
    if "enum" in schema or "const" in schema:
        yield from _of_values(schema, at)
    if not _LOWS.isdisjoint(schema):
        yield from _of_ranges(schema, at)
    if "required" in schema:
        yield from _of_required(schema, at)
    for path, part in _parts(schema):
        yield from faults(part, (*at, *path))


def _parts(schema: Mapping[str, Any]) -> Iterator[tuple[FieldPath, Any]]:
    """Yield the schemas right inside one."""
    for name, part in schema.items():
        if name in _ONE:
            yield (name,), part
        elif name in _MANY:
            yield from (((name, index), each) for index, each in enumerate(_listed(part)))
        elif name in _NAMED and isinstance(part, dict):
            yield from (((name, key), each) for key, each in part.items())


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _types(schema: Mapping[str, Any]) -> list[str] | None:
    """Return the types that a schema allows; None for one that says nothing of them that can be read."""
    types = schema.get("type")
    names = [types] if isinstance(types, str) else types
    readable = isinstance(names, list) and all(isinstance(name, str) and name in _TYPES for name in names)
    return names if readable else None


def _of_values(schema: Mapping[str, Any], at: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    types = _types(schema)
    if schema.get("enum") == []:
        yield (*at, "enum"), "enum is empty, so no value is among it."
    if types is None:
        return
    if "const" in schema and not _is_of(schema["const"], types):
        yield (*at, "const"), f"const is {wording.shown(schema['const'])}, which is not {wording.type_named(types)}."
    values = _listed(schema.get("enum"))
    for value in (each for each in values if not _is_of(each, types)):
        yield (*at, "enum"), f"{wording.shown(value)} in enum is not {wording.type_named(types)}, as type says."


def _is_of(value: Any, types: list[str]) -> bool:
    """Say whether a value is of one of *types*; true and false are not numbers, and what is not known may be any."""
    if isinstance(value, bool):
        return "boolean" in types
    if isinstance(value, float) and value.is_integer() and "integer" in types:
        return True
    known = (str, int, float, dict, list, type(None))
    return not isinstance(value, known) or any(isinstance(value, _TYPES[name]) for name in types)


def _of_ranges(schema: Mapping[str, Any], at: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    for low, high in _RANGES:
        least, most = schema.get(low), schema.get(high)
        if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
            yield (*at, low), f"{low} is {least:g} and {high} is {most:g}, so nothing is between them."


def _of_required(schema: Mapping[str, Any], at: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    properties, required = schema.get("properties"), _listed(schema.get("required"))
    if not isinstance(properties, dict) or schema.keys() & _ELSEWHERE:
        return
    for name in (each for each in required if isinstance(each, str) and each not in properties):
        guess = wording.did_you_mean(name, properties)
        shut = schema.get("additionalProperties") is False
        why = "additionalProperties refuses it" if shut else "nothing says what it is"
        yield (*at, "required"), f"{wording.shown(name)} is required and not among properties, so {why}.{guess}"
