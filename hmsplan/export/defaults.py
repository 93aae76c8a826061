"""Fields that say what the platform does anyway, by the defaults that the schemas document. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hmsplan.config import schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.model import Spec

_CHOICES: Final = ("anyOf", "oneOf")


def without_defaults(kind: str, spec: Spec) -> dict[str, Any]:
    """Return the fields of a resource that differ from the default, at every depth; required ones stay."""
    found: dict[str, Any] = _trimmed(spec, [schema.at(schema.of_kind(kind))])
    return found


def _trimmed(value: Any, places: list[schema.Place]) -> Any:
    """Return *value*, which all the schemas at *places* speak of, without the fields that have their default."""
    told = [each for place in places for each in _applying(place, value)]
    if isinstance(value, list):
        items = [place for each in told if (place := each.below("items")) is not None]
        return [_trimmed(item, items) for item in value]
    if not isinstance(value, dict):
        return value
    required = {name for each in told for name in each.schema.get("required", ())}
    found = {}
    for key, item in value.items():
        inner = [place for each in told if (place := each.below("properties", key)) is not None]
        if key in required or not _is_default(item, inner):
            found[key] = rest = _trimmed(item, inner)
            if item and rest == {} and key not in required:
                del found[key]
    return found


def _is_default(value: Any, places: list[schema.Place]) -> bool:
    known = [each.schema["default"] for place in places for each in _applying(place, value) if "default" in each.schema]
    return bool(known) and all(type(each) is type(value) and each == value for each in known)


def _applying(place: schema.Place, value: Any) -> Iterator[schema.Place]:
    """Yield every schema that holds for *value*: the one at *place*, and those that it leads to."""
    yield place
    said: Mapping[str, Any] = place.schema
    if "$ref" in said:
        yield from _applying(place.referred(), value)
    for index in range(len(said.get("allOf", ()))):
        yield from _applying(place.inside("allOf", index), value)
    for word in _CHOICES:
        for index in range(len(said.get(word, ()))):
            if (choice := place.inside(word, index)).allows(value):
                yield from _applying(choice, value)
    if "if" in said:
        branch = "then" if place.inside("if").allows(value) else "else"
        if branch in said:
            yield from _applying(place.inside(branch), value)
