"""Values that a JSON Schema allows, always the same ones. Pure.

For what the parameters of tools and the schemas of analyses are made of. A library that makes such values by chance
(hypothesis-jsonschema) would make a test that fails on Tuesdays. Every value is held against the schema in the end, so
what is not understood here is told, and never sent.
"""

from __future__ import annotations

import enum
import json
import re
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs

from hmsplan.kinds.fiction import CALLER
from hmsplan.webhooks.patterns import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEEPEST: Final = 12
_LONGEST: Final = 400
"""Characters of a text, and ten times the items of a list, that are written where a schema allows more."""
_FEW: Final = 3
_FORMATS: Final = {
    "date": ("2030-01-15", "2000-02-29", "2099-12-31"),
    "time": ("09:30:00Z", "00:00:00Z", "23:59:59Z"),
    "date-time": ("2030-01-15T09:30:00Z", "2000-02-29T00:00:00Z", "2099-12-31T23:59:59.999Z"),
    "email": ("robin@example.com", "a@b.example", "robin.van.den.berg+test@subdomain.example.com"),
    "uri": ("https://example.com/a", "https://example.com", "https://example.com/a/b?c=d%20e#f"),
    "uuid": ("5f0c7b0a-0000-4000-8000-000000000001",) * 3,
    "ipv4": ("192.0.2.1", "192.0.2.0", "192.0.2.255"),
    "ipv6": ("2001:db8::1",) * 3,
    "hostname": ("example.com", "a.example", "a-b-c.sub.example.com"),
    "duration": ("PT30M", "PT0S", "P1Y2M3DT4H5M6S"),
    "phone": (CALLER, CALLER, CALLER),
}
"""Per format what is usual, what is small and what is large."""
_NAMED: Final = (
    (("phone", "telefoon", "mobile", "mobiel", "caller", "number_to_call"), "phone"),
    (("email", "e_mail", "mail"), "email"),
    (("date", "datum", "birth", "geboorte", "day"), "date"),
    (("time", "tijd"), "time"),
)
"""Parts of names of properties that tell what a text without a format is: services read it as that."""
_ACCENTED: Final = "Zoë Ærø-Łukasiewicz "


class Variant(enum.Enum):
    """Which of the values that a schema allows."""

    USUAL = "all arguments"
    LEAST = "without optional arguments"
    SMALL = "the least that is allowed"
    LARGE = "the most that is allowed"


class NoValue(Exception):
    """No value was found that the schema allows; the text says why."""


def value_of(schema: Any, variant: Variant) -> Any:
    """Return a value that *schema* allows.

    Raises:
        NoValue: none was found.
    """
    try:
        found = _Maker(schema, variant).of(schema)
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    except RecursionError:
        raise NoValue("it is nested too deeply") from None
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
        raise NoValue(f"this schema is not understood ({type(error).__name__})") from None
    for wrong in validator.iter_errors(found):
        where = ".".join(map(str, wrong.instance_path)) or "the whole"
        raise NoValue(f"no value was found for {where} ({wrong.kind.name})")
    return found


def variants(schema: Mapping[str, Any]) -> Iterator[tuple[Variant, Any]]:
    """Yield each variant of the arguments that a schema allows, unless an earlier one is the same.

    Raises:
        NoValue: none was found for one of them.
    """
    seen: set[str] = set()
    for variant in Variant:
        value = value_of(schema, variant)
        written = json.dumps(value, sort_keys=True)
        if written not in seen:
            seen.add(written)
            yield variant, value


class _Maker:
    """Makes one value of one schema."""

    def __init__(self, root: Any, variant: Variant) -> None:
        self._root, self._variant = root, variant

    def of(self, schema: Any, name: str = "", depth: int = 0) -> Any:
        if depth > _DEEPEST:
            raise NoValue("it contains itself")
        if not isinstance(schema, dict):
            if schema is False:
                raise NoValue("false allows no value")
            return "text"
        schema = self._merged(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            choices = [each for each in schema["enum"] if each is not None] or schema["enum"]
            return choices[-1 if self._variant is Variant.LARGE else 0]
        if self._variant in {Variant.USUAL, Variant.LEAST}:
            for given in (*schema.get("examples", ()), *([schema["default"]] if "default" in schema else ())):
                if given is not None:
                    return given
        return self._typed(schema, name, depth)

    def _merged(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return a schema without references and alternatives: the first one of those that are not null."""
        seen = 0
        while any(key in schema for key in ("$ref", "allOf", "anyOf", "oneOf")):
            seen += 1
            if seen > _DEEPEST:
                raise NoValue("it contains itself")
            rest = {key: value for key, value in schema.items() if key not in {"$ref", "allOf", "anyOf", "oneOf"}}
            parts = [self._pointed(schema["$ref"])] if "$ref" in schema else []
            parts += schema.get("allOf", ())
            for key in ("anyOf", "oneOf"):
                options = [each for each in schema.get(key, ()) if each != {"type": "null"}]
                parts += options[:1]
            schema = _together([*parts, rest])
        return schema

    def _pointed(self, reference: str) -> Any:
        if not reference.startswith("#"):
            raise NoValue(f"{reference} lies elsewhere")
        found = self._root
        for part in reference[1:].split("/")[1:]:
            found = found[part.replace("~1", "/").replace("~0", "~")]
        return found

    def _typed(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        match _type_of(schema):
            case "object":
                return self._block(schema, depth)
            case "array":
                return self._list(schema, name, depth)
            case "integer" | "number" as kind:
                return self._number(schema, is_whole=kind == "integer")
            case "boolean":
                return self._variant is not Variant.SMALL
            case "null":
                return None
            case _:
                return self._text(schema, name)

    def _block(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        required = schema.get("required", ())
        known = schema.get("properties", {})
        wanted = required if self._variant in {Variant.LEAST, Variant.SMALL} else [*known, *required]
        found = {}
        for key in dict.fromkeys(wanted):
            try:
                found[key] = self.of(known.get(key, True), key, depth + 1)
            except NoValue as error:
                if key in required:
                    raise NoValue(f"{key}: {error}") from None
        return found

    def _list(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        least, most = schema.get("minItems", 0), schema.get("maxItems", _FEW)
        number = {Variant.SMALL: least, Variant.LARGE: min(most, max(least, _LONGEST // 10))}.get(
            self._variant, max(least, min(1, most))
        )
        first = [self.of(each, name, depth + 1) for each in schema.get("prefixItems", ())][: max(number, least)]
        item = schema.get("items", True)
        if number <= len(first) or item is False:
            return first
        value = self.of(item, name, depth + 1)
        if not schema.get("uniqueItems"):
            return [*first, *[value] * (number - len(first))]
        choices = item.get("enum", [value]) if isinstance(item, dict) else [value]
        return [*first, *choices[: number - len(first)]]

    def _number(self, schema: dict[str, Any], *, is_whole: bool) -> float:
        step = schema.get("multipleOf", 1 if is_whole else 0)
        nudge = step or 0.5
        low, high = schema.get("minimum"), schema.get("maximum")
        if (bound := schema.get("exclusiveMinimum")) is not None:
            low = bound + nudge if low is None else max(low, bound + nudge)
        if (bound := schema.get("exclusiveMaximum")) is not None:
            high = bound - nudge if high is None else min(high, bound - nudge)
        usual = 1 if low is None or low <= 1 <= (1 if high is None else high) else low
        small, large = (0 if high is None else min(0, high)) if low is None else low, high
        if large is None:
            large = max(1000, small)
        value = {Variant.SMALL: small, Variant.LARGE: large}.get(self._variant, min(usual, large))
        if step:
            value = -(-value // step) * step if self._variant is not Variant.LARGE else value // step * step
        return int(value) if is_whole else value

    def _text(self, schema: dict[str, Any], name: str) -> str:
        at = {Variant.SMALL: 1, Variant.LARGE: 2}.get(self._variant, 0)
        least: int = schema.get("minLength", 0)
        most: int | None = schema.get("maxLength")
        if "pattern" in schema:
            if (kind := _kind_of(name)) and _takes(schema["pattern"], named := _FORMATS[kind][at]):
                return named
            found = text_of(schema["pattern"], is_long=self._variant is Variant.LARGE, least=least)
            if found is None:
                raise NoValue(f"no text for the pattern {schema['pattern']}; write one as examples: beside it")
            return found
        if (known := _FORMATS.get(schema.get("format", ""))) is not None:
            return known[at]
        if self._variant is Variant.SMALL:
            return "a" * least
        if self._variant is Variant.LARGE:
            length = max(least, min(_LONGEST if most is None else most, _LONGEST))
            text = (_ACCENTED * (length // len(_ACCENTED) + 1))[:length]
            return f"{text[:-1]}ë" if text.endswith(" ") else text
        usual: str = _FORMATS[kind][0] if (kind := _kind_of(name)) else "Robin"
        return usual.ljust(least, "a")[:most]


def _together(parts: list[Any]) -> dict[str, Any]:
    """Return schemas that all hold as one, as far as they say different things."""
    found: dict[str, Any] = {}
    for part in parts:
        if part is False:
            raise NoValue("false allows no value")
        if not isinstance(part, dict):
            continue
        properties = {**found.get("properties", {}), **part.get("properties", {})}
        required = [*found.get("required", ()), *part.get("required", ())]
        found |= part
        found |= {"properties": properties} if properties else {}
        found |= {"required": required} if required else {}
    return found


def _type_of(schema: Mapping[str, Any]) -> str:
    types = schema.get("type")
    if isinstance(types, list):
        types = next((each for each in types if each != "null"), "null")
    if types is None:
        types = "object" if "properties" in schema else "array" if "items" in schema else "string"
    return str(types)


def _takes(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False


def _kind_of(name: str) -> str:
    words = name.lower()
    return next((kind for parts, kind in _NAMED if any(part in words for part in parts)), "")
