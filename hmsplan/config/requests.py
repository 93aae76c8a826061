"""What the API's description refuses of the requests that make an object as it is declared. Reads no network.

The description (``hmsplan/openapi``) is turned into schemas without references or alternatives: where a value may have
one of several forms its tag decides, so that every error stands where it belongs.
"""

from __future__ import annotations

import copy
import operator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import orjson

from hmsplan.config.schema_violation import explained
from hmsplan.kinds import A_KIND, KINDS
from hmsplan.kinds.api_rules import shared
from hmsplan.model import ANY, ANY_KEY, Ref, Secret, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.config.schema_violation import SchemaViolation
    from hmsplan.kinds import Kind
    from hmsplan.model import Spec, Tree

_Schema = dict[str, Any]

_FILE: Final = Path(__file__).parents[1] / "openapi" / "openapi.json"
_NULL: Final[_Schema] = {"type": "null"}
_TAGS: Final = ("provider", "type", "tool_type")
_CATALOG: Final = frozenset({"model", "voice", "voice_id", "language"})
"""Fields whose values come and go with a provider: what is not in the catalog is warned of, see ``hmsplan.catalog``."""
_ID: Final = "00000000-0000-4000-8000-000000000000"
_UNKNOWN: Final = "a text that is known when it is sent"


def refused(kind: Kind, spec: Spec) -> Iterator[SchemaViolation]:
    """Yield why the API's description refuses an object that is valid by our own schemas.

    What only a create needs is not missed here: whether there is an object already, a plan knows.
    """
    for (method, path), body in _requests(kind, _sent(spec, _replaced(kind.name))):
        validator = _validator(method, path)
        if validator is None or validator.is_valid(body):
            continue
        for error in validator.iter_errors(body):
            if error.kind.name != "required" or len(error.instance_path) > 1:
                yield from explained(_as_jsonschema(schema_of(method, path), error), A_KIND[kind.name])


def refused_in_a_call(kind: Kind, transient: str, overrides: Spec) -> Iterator[SchemaViolation]:
    """Yield why the description refuses what replaces fields of an object for one call.

    "Each top-level key replaces that whole block." Fields that it does not know are refused too: nothing reads them.
    *transient* is the schema of an object that lives for one call.
    """
    known = {**schema_of("PATCH", f"{kind.path}/{{id}}")["properties"], **component(transient)["properties"]}
    closed = {"type": "object", "properties": known, "additionalProperties": False}
    for error in jsonschema_rs.Draft202012Validator(closed, validate_formats=True).iter_errors(dict(overrides)):
        yield from explained(_as_jsonschema(closed, error), A_KIND[kind.name])


def _requests(kind: Kind, sent: Spec) -> Iterator[tuple[tuple[str, str], Spec]]:
    """Yield each request by which an object becomes what *sent* says, with its body."""
    one = ("PATCH", kind.path if kind.unfold is not None else f"{kind.path}/{{id}}")
    own = {key: value for key, value in sent.items() if key not in kind.posted_to} if kind.posted_to else sent
    later = {key: value for key, value in own.items() if value is None or key in kind.after_create}
    if "POST" in kind.verbs:
        yield ("POST", kind.path), {key: value for key, value in own.items() if key not in later} if later else own
        if later and "PATCH" in kind.verbs:
            yield one, {key: {} if value is None and key in kind.emptied else value for key, value in later.items()}
    else:
        yield one, own
    for field, path in kind.posted_to.items():
        if sent.get(field) is not None:
            yield ("POST", path), {kind.named_by: sent[kind.named_by], field: sent[field]}


@cache
def _replaced(kind: str) -> Tree:
    return tree_of((*KINDS[kind].refs, *KINDS[kind].secrets))


def _sent(value: Any, replaced: Tree) -> Any:
    """Return *value* with something that fits in place of ids and secrets; shares what holds none."""
    if isinstance(replaced, int):
        return _ID if isinstance(value, Ref) else _UNKNOWN if isinstance(value, Secret) else value
    if isinstance(value, list) and ANY in replaced:
        items = [_sent(item, replaced[ANY]) for item in value]
        return value if all(map(operator.is_, items, value)) else items
    if not isinstance(value, dict):
        return value
    new = value
    for key, below in dict.fromkeys(value, replaced[ANY_KEY]).items() if ANY_KEY in replaced else replaced.items():
        if key in value and (sent := _sent(value[key], below)) is not value[key]:
            new = {**new, key: sent}
    return new


@cache
def _validator(method: str, path: str) -> jsonschema_rs.Draft202012Validator | None:
    schema = schema_of(method, path)
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True) if schema else None


@cache
def schema_of(method: str, path: str) -> _Schema:
    """Return what the body of an operation has to be; empty where the description says nothing."""
    operation = _description()["paths"].get(path, {}).get(method.lower(), {})
    return _plain(operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {}))


@cache
def event_schema(event: str) -> _Schema:
    """Return what the body of an event is that the platform sends to a webhook."""
    operation = _description()["webhooks"][event]["post"]
    return _plain(operation["requestBody"]["content"]["application/json"]["schema"])


@cache
def component(name: str) -> _Schema:
    """Return a schema of the description by its name."""
    return _plain({"$ref": f"#/components/schemas/{name}"})


@cache
def _description() -> Mapping[str, Any]:
    """Return the description, less what the rest of the documentation says it gets wrong."""
    found: dict[str, Any] = copy.deepcopy(orjson.loads(_FILE.read_bytes()))
    schemas = found["components"]["schemas"]
    for each in shared()["open_lists"]:
        schemas[each["schema"]]["properties"][each["field"]]["items"].pop("enum", None)
    for each in shared()["clamped"]:
        for part in schemas[each["schema"]]["properties"].values():
            part.pop("minimum", None)
            part.pop("maximum", None)
    return found


def _plain(node: _Schema, name: str = "") -> _Schema:
    """Return a schema without references and alternatives; *name* is that of the property it is for."""
    if "$ref" in node:
        referred = _description()["components"]["schemas"][node["$ref"].rpartition("/")[2]]
        return _plain({**referred, **{key: value for key, value in node.items() if key != "$ref"}}, name)
    forms = [form for key in ("oneOf", "anyOf") for form in node.get(key, ())]
    if forms:
        return _one_of([_plain(form, name) for form in forms])
    found = {key: value for key, value in node.items() if not (key == "enum" and name in _CATALOG)}
    if "properties" in found:
        found["properties"] = {key: _plain(part, key) for key, part in found["properties"].items()}
    if isinstance(found.get("items"), dict):
        found["items"] = _plain(found["items"], name)
    return found


def _one_of(forms: list[_Schema]) -> _Schema:
    """Return a schema by which the tag of a value says which form it has to have."""
    others = [form for form in forms if form != _NULL]
    found = others[0] if len(others) == 1 else _tagged(others)
    return {"if": _NULL, "else": found} if len(others) < len(forms) else found


def _tagged(forms: list[_Schema]) -> _Schema:
    tag = next((tag for tag in _TAGS if any(_choices(form, tag) for form in forms)), None)
    if tag is None:
        return {}  # which form is meant, the value does not say
    parts: list[_Schema] = []
    for form in forms:
        choices = _choices(form, tag)  # without any, it is the form that has no tag
        test = {"properties": {tag: {"enum": choices}}, "required": [tag]} if choices else {"not": {"required": [tag]}}
        parts.append({"if": test, "then": form})
    known = [choice for form in forms for choice in _choices(form, tag)]
    return {"type": "object", "properties": {tag: {"enum": known}}, "allOf": parts}


def _choices(form: _Schema, tag: str) -> list[Any]:
    part = form.get("properties", {}).get(tag, {})
    return [part["const"]] if "const" in part else list(part.get("enum", ()))


def _as_jsonschema(schema: _Schema, error: Any) -> SimpleNamespace:
    """Return an error with the attributes that one of jsonschema has."""
    parent: Any = schema
    for step in error.schema_path[:-1]:
        parent = parent[step]
    keyword = error.schema_path[-1]
    return SimpleNamespace(
        validator=keyword,
        validator_value=parent[keyword],
        instance=error.instance,
        absolute_path=error.instance_path,
        absolute_schema_path=error.schema_path,
        schema=parent,
        message=error.message,
    )
