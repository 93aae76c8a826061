"""Request bodies, held against the OpenAPI description in `hmsplan/openapi`.

jsonschema-rs finds what is wrong. Here a body is made into what is stored: unknown fields as the settings say, whole
numbers as integers, ids in lower case. Where a value may have one of several forms its tag decides (``provider``,
``type``), so that problems are those of the form that was meant. What a schema cannot say is in `rules`.
"""

from __future__ import annotations

import copy
import re
import struct
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson

from hmsplan.emulator import rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.emulator.settings import Settings

Schema = dict[str, Any]

_PATH = Path(__file__).parents[1] / "openapi" / "openapi.json"
_REF = "#/components/schemas/"
_TAGS = ("provider", "type", "tool_type")
_FORMS = ("oneOf", "anyOf")
_NULL: Schema = {"type": "null"}  # one object, as validators are kept by the identity of their schema
_PHONE = r"^\+[1-9]\d{1,14}$"

OLD_NAMES = {"assistant_id": "agent_id", "assistant": "agent", "assistant_override": "agent_config"}
"""Fields of an outbound call with the names that they had before, which are still read."""

_FILLED = frozenset({"turn_taking", "background_audio", "silence"})
"""Parts of a ``speech_config`` that are stored with their defaults although the body leaves them out."""

_LIMITS = {
    **dict.fromkeys(("content", "instructions", "global_prompt", "system_prompt", "user_prompt"), "prompt_max"),
    **dict.fromkeys(("system_message_template",), "prompt_max"),
    **dict.fromkeys(("first_message", "voicemail_message", "description", "message"), "message_max"),
    **dict.fromkeys(("async_response", "first_line", "global_description"), "message_max"),
}
"""Settings that limit texts, by field; the limit of names holds for those of whole objects."""


@cache
def document() -> dict[str, Any]:
    """Return the description as it is shipped."""
    found: dict[str, Any] = orjson.loads(_PATH.read_bytes())
    return found


@cache
def _components() -> dict[str, Schema]:
    """Return the schemas by name, with what else the documentation says of requests."""
    found: dict[str, Schema] = copy.deepcopy(document()["components"]["schemas"])
    of = {name: schema["properties"] for name, schema in found.items() if "properties" in schema}
    # "Requests take both names" of a number's assistant.
    for name in ("PhoneNumberCreate", "PhoneNumberUpdate"):
        of[name]["assistant_id"] = of[name]["agent_id"]
    # Of the deprecated chats one schema is known, for what is sent and for what is answered.
    found["ChatCreate"] = found["ChatMessage"]
    # "Guide spelling of agent_id": the settings say whether answers have it.
    del of["PhoneNumber"]["assistant_id"]
    # "Accepted on update but not in the SDK's create type": the settings say what a create does with them.
    for name in ("notification_emails", "recording_consent"):
        of["AssistantCreate"][name] = {**of["AssistantUpdate"][name], "x-late": True}
    # The SDK's types have an open list of events: the settings say what becomes of others.
    for each in rules.SHARED["open_lists"]:
        items = of[each["schema"]][each["field"]]["items"]
        items["x-known"] = items.pop("enum")
    # "Old names" of a call's assistant.
    for name, old in OLD_NAMES.items():
        of["OutboundCallRequest"][old] = of["OutboundCallRequest"][name]
    # "Out-of-range values are clamped by the platform rather than refused."
    for schema in (part for each in rules.SHARED["clamped"] for part in of[each["schema"]].values()):
        schema["x-clamped"] = True
    # The form of an update's config follows its tool_type, which may be the stored one: see `templates`.
    of["ToolTemplateUpdate"]["tool_config"] = {"type": "object"}
    # "Tool definitions exist in flat form" with a type as well.
    of["ToolWebhook"]["type"] = {}
    # "A realtime provider is refused on write": by a rule, which names the code of the refusal.
    of["WorkflowConversationNode"]["llm_config"]["properties"]["provider"]["enum"] += sorted(rules.REALTIME)
    of["TTSElevenLabs"]["model"].setdefault("default", "eleven_flash_v2_5")
    return found


@cache
def schema_of(name: str) -> Schema:
    """Return a schema of the description, with every reference in it resolved."""
    return {**_resolved(_components()[name]), "x-name": name}


def fields_of(name: str) -> Mapping[str, Schema]:
    """Return the fields of an object by the name of its schema, of its first form if there are several."""
    schema = schema_of(name) if name in _components() else {}
    first: Schema = next(iter(schema.get("oneOf", ())), schema)
    found: Mapping[str, Schema] = first.get("properties", {})
    return found


def query_schema(operation: Mapping[str, Any]) -> Schema:
    """Return the query string of an operation of the description as the schema of an object."""
    shared = document()["components"]["parameters"]
    found = [shared.get(each.get("$ref", "").rpartition("/")[2], each) for each in operation.get("parameters", ())]
    return {"type": "object", "properties": {each["name"]: each["schema"] for each in found if each["in"] == "query"}}


def from_text(schema: Schema, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what a schema knows of a query string, as JSON values; a text that is none of them stays."""
    return {name: _value(part, query[name]) for name, part in schema["properties"].items() if name in query}


def _value(schema: Schema, text: str) -> Any:
    if schema["type"] == "integer":
        return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text
    if schema["type"] == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if schema.get("format") == "date-time":
        day = "T00:00:00Z" if len(text) == len("YYYY-MM-DD") else ""
        return text.replace(" ", "+") + day
    return text


def _resolved(node: Any) -> Any:
    if isinstance(node, list):
        return [_resolved(item) for item in node]
    if not isinstance(node, dict):
        return node
    rest = {key: _resolved(value) for key, value in node.items() if key != "$ref"}
    ref = node.get("$ref")
    return {**schema_of(ref.removeprefix(_REF)), **rest} if isinstance(ref, str) else rest


def providers() -> list[str]:
    """Return the providers that take an organization's own key."""
    return list(schema_of("ByokProvider")["enum"])


@cache
def catalogue() -> tuple[dict[str, Any], ...]:
    """Return every provider of a config with its models; the first model is taken for the default."""
    forms = [(category, form) for category in ("stt", "llm", "tts") for form in _config_forms(category)]
    return tuple(
        {
            "id": provider,
            "name": provider.replace("_", " ").title(),
            "category": category,
            "docsUrl": f"https://docs.hmsovereign.com/providers/{provider}",
            "models": [
                {"id": model, "name": model, "default": index == 0}
                for index, model in enumerate(_choices(form["properties"].get("model", {})))
            ],
        }
        for category, form in forms
        for provider in _choices(form["properties"]["provider"])[:1]
    )


def _config_forms(category: str) -> list[Schema]:
    forms: list[Schema] = schema_of(f"{category.upper()}Config")["oneOf"]
    return forms


_VALIDATORS: dict[int, tuple[Schema, jsonschema_rs.Draft202012Validator]] = {}


def _validator(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    """Return a validator of everything up to the places where a value may have several forms."""
    if id(schema) not in _VALIDATORS:
        made = jsonschema_rs.Draft202012Validator(_single(schema), validate_formats=True)
        _VALIDATORS[id(schema)] = schema, made  # the schema is kept, so that its id stays its own
    return _VALIDATORS[id(schema)][1]


def _single(node: Schema) -> Schema:
    """Drop what is checked apart, and ``minProperties``: unknown fields count there too."""
    found = {key: value for key, value in node.items() if key != "minProperties" and not key.startswith("x-")}
    if "properties" in found:
        found["properties"] = {key: _nested(value) for key, value in found["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), dict):
            found[key] = _nested(found[key])
    return found


def _nested(node: Schema) -> Schema:
    return {} if _is_apart(node) else _single(node)


def _is_apart(schema: Schema) -> bool:
    """Tell whether values are checked apart: those with several forms, and those that rules may be about."""
    return "x-name" in schema or any(key in schema for key in _FORMS)


def _form(schema: Schema, value: Any) -> Schema | str:
    """Return the form that *value* is meant to have, or what is wrong with its tag."""
    options: list[Schema] = [option for key in _FORMS for option in schema.get(key, ())]
    if not options:
        return schema
    if value is None and _NULL in options:
        return _NULL
    forms = [option for option in options if option != _NULL]
    return _form(forms[0], value) if len(forms) == 1 else _tagged_form(forms, value)


def _tagged_form(forms: list[Schema], value: Any) -> Schema | str:
    if not isinstance(value, dict):
        return "is not an object"
    tag = next(tag for tag in _TAGS if any(_choices(form["properties"].get(tag, {})) for form in forms))
    tagged = {choice: form for form in forms for choice in _choices(form["properties"].get(tag, {}))}
    given = value.get(tag)
    found = tagged.get(given) if isinstance(given, str) else None
    # A tool with name and description is a webhook tool; a function tool may come in that form too.
    flat = next((form for form in forms if form.get("x-name") == "ToolWebhook"), None)
    if flat and {"name", "description"} <= value.keys():
        return flat if found is None or (given == "function" and "function" not in value) else found
    if flat:
        return found or f"needs name and description, or a type of {', '.join(tagged)}"
    return found or f"{tag}: is not one of {', '.join(tagged)}"


def _choices(schema: Schema) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _join(path: str, *keys: str | int) -> str:
    for key in keys:
        path += f"[{key}]" if isinstance(key, int) else f".{key}" if path else key
    return path


def _found_wrong(form: Schema, value: Any, path: str) -> list[str]:
    """Return what the validator finds, missing fields first, and one problem a place."""
    missing: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for error in _validator(form).iter_errors(value):
        if error.kind.name == "required":
            missing[_join(path, *error.instance_path, getattr(error.kind, "property", ""))] = "is required"
        else:
            wrong.setdefault(_join(path, *error.instance_path) or "body", error.message)
    return [f"{at}: {problem}" for at, problem in [*missing.items(), *wrong.items()]]


@dataclass(slots=True)
class Reading:
    """One request body on its way into the store.

    Attributes:
        settings: the answers to the open questions that bodies need.
        merged: the body was laid over a stored object, so a null that its field cannot hold removes the field.
        problems: what is wrong, one text each.
    """

    settings: Settings
    merged: bool = False
    problems: list[str] = field(default_factory=list)

    def refuse(self, path: str, problem: str) -> None:
        """Note that the value at *path* is wrong."""
        self.problems.append(f"{path or 'body'}: {problem}")

    def read(self, schema: Schema, value: Any, path: str = "") -> Any:
        """Return *value* as it is stored; note its problems, in which case the value returned is of no use."""
        form = _form(schema, value)
        if isinstance(form, str):
            tag, _, problem = form.rpartition(": ")  # without a tag the problem is that of the whole value
            self.refuse(_join(path, tag) if tag else path, problem)
            return value
        before = len(self.problems)
        cleaned = self._clean(form, value, path)
        self.problems[before:before] = _found_wrong(form, cleaned, path)
        if len(self.problems) == before:
            for name, problem in rules.problems(form, cleaned):
                self.refuse(_join(path, name) if name else path, problem)
        return cleaned

    def _clean(self, schema: Schema, value: Any, path: str) -> Any:
        """Clean a value of one form; a value of the wrong type stays, for the validator to find."""
        match value:
            case dict() if schema.get("properties"):
                return self._fields(schema, value, path)
            case dict() if isinstance(schema.get("additionalProperties"), dict):
                item = schema["additionalProperties"]
                return {key: self._part(item, part, _join(path, key)) for key, part in value.items()}
            case list() if "items" in schema:
                return [self._part(schema["items"], part, _join(path, index)) for index, part in enumerate(value)]
            case str():
                return self._text(schema, value, path)
            case int() | float() if not isinstance(value, bool):
                return self._number(schema, value)
        return value

    def _part(self, schema: Schema, value: Any, path: str) -> Any:
        return self.read(schema, value, path) if _is_apart(schema) else self._clean(schema, value, path)

    def _fields(self, schema: Schema, value: dict[str, Any], path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, item in value.items():
            part, at = schema["properties"].get(name), _join(path, name)
            if item is None and self.merged and not takes_null(part):
                continue
            if part is None:
                self._unknown(name, item, at, found)
            elif "x-late" in part and self.settings.late_fields != "stored":
                if self.settings.late_fields == "refused":
                    self.refuse(at, "cannot be set on create; update the assistant afterwards")
            else:
                found[name] = self._part(part, item, at)
        return found

    def _unknown(self, name: str, item: Any, path: str, found: dict[str, Any]) -> None:
        if self.settings.unknown_fields == "refused":
            self.refuse(path, "is not a known field")
        elif self.settings.unknown_fields == "stored":
            found[name] = item

    def _text(self, schema: Schema, value: str, path: str) -> str | None:
        settings = self.settings
        if value == "" and settings.empty_text == "null" and takes_null(schema):
            return None
        if settings.tidies:
            value = _tidied(value)
        if settings.trim_names and path == "name":
            value = value.strip()
        if settings.phone_form == "rewritten" and schema.get("pattern") == _PHONE:
            digits = re.sub(r"[\s().-]", "", value)
            value = "+" + digits[2:] if digits.startswith("00") else digits
        if settings.unknown_events == "refused" and value not in schema.get("x-known", [value]):
            self.refuse(path, f"is not one of {', '.join(schema['x-known'])}")
        limit = "name_max" if path in {"name", "business_name"} else _LIMITS.get(path.rpartition(".")[2], "")
        longest = getattr(settings, limit) if limit else None
        if longest is not None and len(value) > longest:
            self.refuse(path, f"longer than {longest} characters")
        return value.lower() if schema.get("format") == "uuid" else value

    def _number(self, schema: Schema, value: float) -> float:
        if value == int(value) and ("integer" in _types(schema) or schema.get("const") == value):
            return int(value)
        if self.settings.tidies and isinstance(value, float):
            (value,) = struct.unpack("f", struct.pack("f", value))
        if "x-clamped" in schema:
            value = min(max(value, schema["minimum"]), schema["maximum"])
        return value


def _types(schema: Schema) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else types


def takes_null(schema: Schema | None) -> bool:
    """Tell whether a field of this schema may be null; an unknown field may not."""
    if schema is None:
        return False
    return not schema or "null" in _types(schema) or any(takes_null(form) for form in schema.get("anyOf", ()))


def _tidied(text: str) -> str:
    lines = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).split("\n")
    return "\n".join(line.rstrip() for line in lines).rstrip()


def filled(schema: Schema, value: Any) -> Any:
    """Return *value* with the documented defaults of what it leaves out, at every depth."""
    form = _form(schema, value)
    if isinstance(form, str):
        return value
    if isinstance(value, list) and "items" in form:
        return [filled(form["items"], item) for item in value]
    if not isinstance(value, dict):
        return value
    found = dict(value)
    for name, part in form.get("properties", {}).items():
        if name in found:
            found[name] = filled(part, found[name])
        elif name in _FILLED:
            found[name] = filled(part, {})
        elif "default" in part:
            found[name] = part["default"]
    return found
