"""Why a value does not fit its schema, in our words and with the place to fix it.

The schemas hold no ``anyOf``, so every error stands where it belongs.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from hmsplan.config import schema
from hmsplan.config.problems import MOST
from hmsplan.config.schema_formats import FORMATS
from hmsplan.kinds import A_KIND
from hmsplan.model import Diagnostic
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hmsplan.model import Address, FieldPath, SourceLine

_Fault: TypeAlias = Any
"""A ``ValidationError`` of jsonschema, all of whose attributes may be unset as far as its types tell."""

_YES: Final = frozenset({"true", "yes", "on"})
_IN_LIFECYCLE: Final = {name: f"lifecycle.{name}" for name in ("prevent_destroy", "ignore_changes", "secret_version")}
_KEYWORDS: Final = {
    "type": "It has to be array, boolean, integer, null, number, object or string, or a list of those.",
    "required": "It has to be a list of names, and stands beside properties.",
    "properties": "It has to be a block: a name and a schema for each property.",
    "items": "It has to be a schema.",
    "enum": "It has to be a list of values.",
    "description": "It has to be text.",
}
_FORMS: Final = {
    "uri": "Write it as in https://example.com/a%20b: all but plain letters, digits and separators in bytes, as %20.",
    "email": "Write one e-mail address, as in ops@example.com.",
}
"""What to write, for formats of the API's description."""
_NO: Final = frozenset({"false", "no", "off"})


class SchemaViolation(NamedTuple):
    """One reason why a value does not fit.

    Attributes:
        path: of the value, or of the block that has or lacks *key*.
        key: the key at fault, if it is a key that is wrong and not a value.
    """

    path: FieldPath
    key: str | None
    summary: str
    detail: str

    def told(
        self, locate: Callable[[FieldPath, str | None], SourceLine], address: Address | None = None, at: FieldPath = ()
    ) -> Diagnostic:
        """Return the problem, whose line *locate* finds by path and key; *at* is where the value stands in the file."""
        path = (*at, *self.path) if self.key is None else (*at, *self.path, self.key)
        return Diagnostic(self.summary, self.detail, locate(self.path, self.key), address, path)


def violations_of(
    value: Any,
    name: str,
    *,
    title: str,
    is_secret: Callable[[FieldPath], bool] = lambda _: False,
    aliases: Mapping[str, str] | None = None,
) -> list[SchemaViolation]:
    """Return every reason why *value* does not fit the schema called *name*, each once, as far as they will be read.

    The fast validator decides; the slow one is only asked why. *title* is what to call the value itself: "an
    assistant". *is_secret* says whether a path holds a secret, which is never shown. *aliases* are other names of
    fields, for did-you-mean.
    """
    if schema.validator(name).is_valid(value):
        return []
    found: dict[SchemaViolation, None] = {}
    for error in schema.explainer(name).iter_errors(value):
        path = tuple(error.absolute_path)
        hidden = is_secret(path)
        violations = (
            [_plain_secret(path, value=error.instance)] if hidden else _reasons(error, path, title, aliases or {})
        )
        found.update(dict.fromkeys(islice(violations, MOST)))
        if len(found) >= MOST:
            break
    return list(found)


def explained(error: _Fault, title: str) -> Iterator[SchemaViolation]:
    """Yield why a value called *title* does not fit a schema that is not one of ours; *error* is as of jsonschema."""
    return _reasons(error, tuple(error.absolute_path), title, {})


def _plain_secret(path: FieldPath, *, value: Any) -> SchemaViolation:
    if isinstance(value, str) and value.startswith("${secret:"):
        detail = "Write ${secret:name}, with letters, digits and _ in the name."
    else:
        detail = (
            "A secret does not belong in a file. Write ${secret:name} here, and give the value as HMSPLAN_SECRET_NAME "
            "or by --secrets. If the value was ever committed, change it at its source: git keeps it."
        )
    return SchemaViolation(path, None, "Secret in plain text", detail)


def _reasons(error: _Fault, path: FieldPath, title: str, aliases: Mapping[str, str]) -> Iterator[SchemaViolation]:
    rule, limit, value = str(error.validator), error.validator_value, error.instance
    match rule:
        case "additionalProperties" | "unevaluatedProperties":
            yield from _unknown_fields(error, path, title, aliases)
        case "required":
            for key in limit:
                if key not in value:
                    yield SchemaViolation(path, None, "Missing field", _missing(key, error, path, title))
        case _ if "propertyNames" in error.absolute_schema_path:
            yield SchemaViolation(
                path, str(value), "Bad name", f"{wording.shown(value)} cannot be used. {_rule(error)}"
            )
        case "type":
            yield SchemaViolation(path, None, "Wrong type", _wrong_type(error))
        case "enum" | "const":
            yield SchemaViolation(
                path, None, "Unknown value", _unknown_value(error, [limit] if rule == "const" else limit)
            )
        case "pattern" | "format":
            known = FORMATS.get(limit) if rule == "format" else None
            detail = known(value) if known else f"{wording.shown(value)} does not fit. {_rule(error)}"
            yield SchemaViolation(path, None, "Wrong form", detail)
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            yield SchemaViolation(
                path, None, "Out of range", f"It is {wording.shown(value)}; it has to be {_range(error)}."
            )
        case _:
            yield SchemaViolation(path, None, *_size(rule, limit, value, error))


def _unknown_fields(
    error: _Fault, path: FieldPath, title: str, aliases: Mapping[str, str]
) -> Iterator[SchemaViolation]:
    allowed = error.schema.get("properties", {})
    for key in error.instance:
        if key in allowed:
            continue
        guess = wording.did_you_mean(key, allowed, aliases if not path else None)
        if not path and "lifecycle" in allowed and key in _IN_LIFECYCLE:
            guess = f" Did you mean {_IN_LIFECYCLE[key]}?"
        owner = _owner(error, path, title)
        if guess:
            detail = f"{key} is not a field of {owner}.{guess}"
        elif allowed:
            detail = f"{key} is not a field of {owner}. It has: {wording.listed(allowed)}."
            if not path and "extra" in allowed:
                detail += " If the platform has it all the same, write it under extra."
        else:
            detail = f"{key} is not a field of {owner}, which has none."
        yield SchemaViolation(path, key, "Unknown field", detail)


def _owner(error: _Fault, path: FieldPath, title: str) -> str:
    if not path:
        return title
    field = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
    if field in A_KIND:
        return A_KIND[field]
    name = error.schema.get("title", "")
    if isinstance(path[-1], int) and name.isalpha():  # an item of a list, which has a word of its own
        return f"{'an' if name[0] in 'AEIOU' else 'a'} {name.lower()}"
    return f"{field} ({name})" if name else field


def _missing(key: str, error: _Fault, path: FieldPath, title: str) -> str:
    described = _property(error, key).get("description", "")
    purpose = described.split(";")[0].split(". ")[0].rstrip(".")
    return f"{key} is missing, and {_owner(error, path, title)} needs it." + (f" {purpose}." if purpose else "")


def _property(error: _Fault, key: str) -> Mapping[str, Any]:
    found = error.schema.get("properties", {}).get(key)
    if found is None and (defs := error.schema.get("$defs", {}).get("partial")):
        found = defs["properties"].get(key)
    return found if isinstance(found, dict) else {}


def _wrong_type(error: _Fault) -> str:
    value, wanted = error.instance, error.validator_value
    limits = _range(error) if "number" in wanted or "integer" in wanted else ""
    expected = wording.type_named(wanted) + (f", {limits}" if limits else "")
    is_text = isinstance(value, str)
    what = wording.type_of(value) + (f" ({wording.shown(value)})" if isinstance(value, str | int | float) else "")
    detail = f"It is {what}; it has to be {expected}."
    if "boolean" in wanted and is_text and value.lower() in _YES | _NO:
        detail += f" Write {'true' if value.lower() in _YES else 'false'}, in lower case and without quotes."
    elif "string" in wanted and isinstance(value, bool | int | float):
        rule = error.schema.get("patternErrorMessage") or error.schema.get("else", {}).get("patternErrorMessage")
        detail += f" {rule}" if rule else f' Put it in quotes: "{wording.shown(value)}".'
    elif "array" in wanted and is_text:
        detail += " Begin each item with a dash, or write [a, b]."
    elif value is None and "null" not in wanted:
        detail += " null clears a field, and this one cannot be cleared; take the line out to leave the field alone."
    return detail


def _unknown_value(error: _Fault, allowed: list[Any]) -> str:
    value = error.instance
    texts = [item for item in allowed if isinstance(item, str)]
    detail = f"It is {wording.shown(value)}; it has to be {wording.either([str(item) for item in allowed])}."
    if isinstance(value, str) and (guess := wording.nearest(value, texts)) is not None:
        return f"{detail} Did you mean {guess}?"
    if value == "completed" and "scheduled" in texts:
        return f"{detail} Only the platform itself completes a campaign."
    return detail


def _rule(error: _Fault) -> str:
    text = error.schema.get("patternErrorMessage") or _FORMS.get(error.validator_value)
    return str(text) if text else f"It has to match {error.validator_value}."


def _range(error: _Fault) -> str:
    low, high = error.schema.get("minimum"), error.schema.get("maximum")
    if low is not None and high is not None:
        return f"{low} to {high}"
    if low is not None:
        return f"at least {low}"
    if high is not None:
        return f"at most {high}"
    more, less = error.schema.get("exclusiveMinimum"), error.schema.get("exclusiveMaximum")
    return f"more than {more}" if more is not None else f"less than {less}" if less is not None else ""


def _size(rule: str, limit: Any, value: Any, error: _Fault) -> tuple[str, str]:  # noqa: PLR0911 -- a table
    match rule:
        case "minLength":
            return (
                ("Empty text", "It is empty. Write a text, or take the line out.")
                if not value
                else ("Too short", f"It has to have {limit} characters.")
            )
        case "maxLength":
            return "Too long", f"It has {len(value)} characters; at most {limit} are allowed."
        case "maxItems":
            return "Too many items", f"It has {len(value)} items; at most {limit} are allowed."
        case "minItems" | "minProperties":
            return "Too few items", f"It has {len(value)} items; at least {limit} are needed."
        case "uniqueItems":
            return "Repeated item", "An item stands in this list twice."
        case "not":
            return "Not allowed here", str(error.schema["errorMessage"])
        case "None":
            return "Not allowed here", "This field cannot be used together with the others of this block."
        case _:
            return "Invalid value", str(error.message)


def not_a_schema(value: Any) -> tuple[FieldPath, str]:
    """Say where and why *value*, which was found not to be a JSON Schema, is none."""
    error = next(iter(schema.metaschema().iter_errors(value)))
    path = tuple(error.instance_path)
    keyword = next((str(part) for part in reversed(path) if part in _KEYWORDS), "")
    found = value
    for part in path:
        found = found[part]
    rule = _KEYWORDS.get(keyword, f"The rule broken is {error.schema_path[-1]}.")
    return path, f"JSON Schema does not allow {wording.shown(found)} here. {rule}"
