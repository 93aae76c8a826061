"""The published schemas: complete, strict, and short in their errors, in both engines that read them."""

from __future__ import annotations

import copy
import functools
import json
import re
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from hmsplan.catalog import BLOCKS, catalog
from hmsplan.config.schema_bundle import bundled
from hmsplan.model import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT: Final = Path(__file__).parents[3] / "schemas"
BASE: Final = "file:///schemas/"
SCHEMAS: Final[dict[str, Any]] = {
    path.relative_to(ROOT).as_posix(): json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(ROOT.rglob("*.schema.json"))
    if path.name not in {"plan.schema.json", "snapshot.schema.json", "state.schema.json"}
}
KIND_FILES: Final = {
    name.removeprefix("kinds/").removesuffix(".schema.json"): name
    for name in SCHEMAS
    if name.startswith("kinds/") and "common" not in name
}

Path_ = tuple[str | int, ...]


# Loading: every file under its path, so that nothing is ever fetched.


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Let ``$`` mean the end of the text, as in ECMA 262; Python's also stands before a last newline."""
    del validator, schema
    if isinstance(instance, str) and not re.search(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


PYTHON_REGISTRY: Final[Registry[Any]] = (
    Registry()
    .with_resources(  # $schema would undo ``extend``
        (BASE + name, DRAFT202012.create_resource({key: part for key, part in schema.items() if key != "$schema"}))
        for name, schema in SCHEMAS.items()
    )
    .crawl()
)
RUST_REGISTRY: Final = jsonschema_rs.Registry([(BASE + name, schema) for name, schema in SCHEMAS.items()])
Validator: Final = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


@functools.cache
def explaining(name: str) -> Any:
    """Return the slow engine, whose errors know the schema they come from."""
    return Validator({"$ref": BASE + name}, registry=PYTHON_REGISTRY)


@functools.cache
def fast(name: str) -> Any:
    """Return the engine that answers in microseconds."""
    return jsonschema_rs.validator_for({"$ref": BASE + name}, registry=RUST_REGISTRY, offline=True)


def errors(name: str, instance: Any) -> list[ValidationError]:
    """Validate with both engines, which have to agree on how many errors there are and where."""
    found = sorted(explaining(name).iter_errors(instance), key=lambda error: str(error.absolute_path))
    ours = sorted(str(list(error.absolute_path)) for error in found)
    theirs = sorted(str(list(error.instance_path)) for error in fast(name).iter_errors(instance))
    assert ours == theirs
    assert fast(name).is_valid(instance) == (not found)
    assert not any(error.context for error in found), "an error hides in an anyOf"
    return found


# Examples: between them they use every field.


def tools() -> list[Any]:
    return [
        "${tool_templates.lookup_contact}",
        {
            "name": "book",
            "description": "Books a visit.",
            "parameters": {"type": "object", "properties": {"day": {"type": "string"}}},
            "url": "https://example.com/book?x=1",
            "server": {"url": "https://example.com", "secret": "${secret:tools}"},
            "async": False,
            "message": "One moment.",
            "async_response": "One moment.",
        },
        {
            "type": "function",
            "function": {"name": "cancel", "description": "Cancels a visit.", "parameters": {"type": "object"}},
            "server": {"url": "http://127.0.0.1:8080/cancel", "secret": "${secret:tools}"},
            "async": True,
        },
        {"type": "end_call"},
        {"type": "endCall"},
        {
            "type": "transferCall",
            "destinations": [
                {"type": "number", "number": "+31201234567", "description": "Sales.", "message": "I connect you."}
            ],
        },
        {
            "type": "mcp",
            "mcp_server_id": "3f0c0d5e-0000-4000-8000-000000000000",
            "allowed_tools": ["search"],
            "required": False,
        },
    ]


def model() -> dict[str, Any]:
    prompt = [{"role": "system", "content": "${file:prompts/support.md}"}, {"role": "user", "content": "Hi {{name}}"}]
    return {"temperature": 0.7, "messages": prompt, "tools": tools()}


STT: Final[list[dict[str, Any]]] = [
    {
        "provider": "deepgram",
        "model": "nova-3",
        "language": "nl",
        "keyterms": ["hmsplan"],
        "smart_format": True,
        "endpointing": 300,
        "numerals": True,
        "filler_words": False,
        "utterance_end_ms": 1000,
        "no_delay": True,
    },
    {
        "provider": "elevenlabs",
        "model": "scribe_v2_realtime",
        "language": "multi",
        "tag_audio_events": False,
        "include_timestamps": True,
        "sample_rate": 8000,
    },
    {
        "provider": "gladia",
        "model": "solaria-1",
        "language": "nl",
        "languages": ["nl", "en"],
        "code_switching": True,
        "region": "eu-west",
        "endpointing": 0.05,
        "custom_vocabulary": ["hmsplan"],
        "translation_enabled": True,
        "translation_target_languages": ["en"],
    },
    {"provider": "mistral", "model": "voxtral-mini-latest", "language": "fr"},
    {"provider": "google", "model": "chirp_3", "language": "de"},
    {"smart_format": True, "endpointing": 0.5, "region": "us-west"},
]

LLM: Final[list[dict[str, Any]]] = [
    {"provider": "openai", "model": "gpt-5.4", "max_completion_tokens": 400} | model(),
    {"provider": "xai", "model": "a-model-of-tomorrow"} | model(),
    {"provider": "mistral", "model": "mistral-small-latest"} | model(),
    {"provider": "google", "model": "gemini-3.5-flash", "max_completion_tokens": 32768} | model(),
    {
        "provider": "google_realtime",
        "model": "gemini-3.8-live",
        "voice": "Kore",
        "vertexai": True,
        "location": "europe-west4",
        "analysis_model": "x",
        "max_output_tokens": 1,
    }
    | model(),
    {
        "provider": "xai_realtime",
        "model": "grok-voice-think-fast-2.0",
        "voice": "eve",
        "turn_detection": {
            "threshold": 0.5,
            "prefix_padding_ms": 300,
            "silence_duration_ms": 200,
            "idle_timeout_ms": 0,
        },
        "reasoning_effort": "none",
        "speed": 1,
        "transcription": {"language_hint": "nl", "keyterms": ["hmsplan"]},
        "provider_tools": [
            {"type": "web_search"},
            {"type": "x_search", "allowed_x_handles": ["hms"]},
            {"type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 5},
        ],
    }
    | model(),
    {
        "provider": "openai_live",
        "model": "gpt-live-1",
        "voice": "marin",
        "delegation": {"model": "gpt-5.6-luna", "instructions": "Think."},
    }
    | model(),
    {"temperature": 0.2, "voice": "Puck"},
]

TTS: Final[list[dict[str, Any] | None]] = [
    {
        "provider": "elevenlabs",
        "voice_id": "abc",
        "model": "eleven_flash_v2_5",
        "stability": 0.5,
        "similarity_boost": 0.5,
        "style": 0,
        "use_speaker_boost": True,
        "speed": 1.1,
        "apply_text_normalization": "off",
        "apply_language_text_normalization": True,
        "language": "nl",
    },
    {"provider": "11labs", "voice_id": "abc"},
    {"provider": "inworld", "voice_id": "abc", "model": "inworld-tts-2", "language": "nl", "speed": 2},
    {
        "provider": "google",
        "voice_id": "Kore",
        "model": "chirp-3-hd",
        "instructions": "Calm.",
        "language": "nl",
        "speaking_rate": 1,
    },
    {"provider": "xai", "voice_id": "ara", "language": "nl"},
    {"provider": "voicedock", "voice_id": "voicedock", "model": "voicedock-1"},
    {"voice_id": "abc", "instructions": "Calm."},
    None,
]


def assistant() -> dict[str, Any]:
    """Return an assistant that uses every field outside the unions."""
    return {
        "name": "Support",
        "business_name": "Acme",
        "is_active": True,
        "first_message": "Hallo, u spreekt met ${var:business_name}.",
        "max_duration_seconds": 300,
        "autonomous_silence_handling": True,
        "silence_timeout_seconds": 8,
        "voicemail_detection": True,
        "voicemail_message": "We call back.",
        "gdpr_mode": True,
        "recording_consent": {"enabled": True, "message": "Press 1 to agree."},
        "notification_email": "ops@example.com",
        "notification_emails": ["ops@example.com", "cto@example.com"],
        "webhook_url": "https://example.com/hook",
        "webhook_secret": "${secret:webhook}",
        "webhook_events": ["assistant-request", "end-of-call-report"],
        "stt_config": copy.deepcopy(STT[0]),
        "llm_config": copy.deepcopy(LLM[0]),
        "tts_config": copy.deepcopy(TTS[0]),
        "speech_config": {
            "turn_taking": {
                "endpointing_min_delay": 0.4,
                "endpointing_max_delay": 2,
                "interruption_min_duration": 0.3,
                "interruption_min_words": 0,
                "false_interruption_timeout": 1.5,
            },
            "pronunciation": [{"from": "HMS", "to": "H M S"}],
            "background_audio": {"enabled": True, "clip": "office", "volume": 0.3},
            "silence": {
                "messages": ["Are you still there?"],
                "final_message": "Goodbye.",
                "first_check_seconds": 3,
                "interval_seconds": 12,
                "max_attempts": 3,
            },
            "end_call_message": "Goodbye.",
            "first_message_outbound": "Hello.",
            "end_call_phrases": ["goodbye"],
        },
        "analysis_plan": {
            "structured_data_plan": {
                "enabled": True,
                "schema": {"type": "object", "anything": {"goes": [1, None]}},
                "messages": [{"role": "system", "content": "Extract {{schema}}."}],
            },
            "min_messages_threshold": 2,
        },
        "extends": ["dutch_desk", "recorded"],
        "lifecycle": {"prevent_destroy": True, "ignore_changes": ["llm_config.temperature", "llm_config.tools.0.url"]},
    }


NUMBER: Final[dict[str, Any]] = {
    "phone_number": "+31850835037",
    "name": "Main",
    "agent_id": "${assistants.support}",
    "workflow_id": "3f0c0d5e-0000-4000-8000-000000000000",
    "transfer_trunk_id": "${sip_trunks.voip}",
    "is_active": True,
    "extends": "protected",
    "lifecycle": {"prevent_destroy": True},
}
TRUNK: Final[dict[str, Any]] = {
    "name": "VoIP",
    "provider": "acme",
    "address": "sip.example.com",
    "transport": "tls",
    "auth_username": "hms",
    "auth_password": "${secret:sip}",
    "lifecycle": {},
}
FUNCTION_TEMPLATE: Final[dict[str, Any]] = {
    "name": "Lookup",
    "description": "Finds a contact.",
    "tool_type": "function",
    "tool_config": {
        "name": "lookup_contact",
        "description": "Finds a contact.",
        "parameters": {"type": "object"},
        "url": "https://example.com",
        "async": False,
    },
    "lifecycle": {"ignore_changes": ["description"]},
}
TRANSFER_TEMPLATE: Final[dict[str, Any]] = {
    "name": "Transfer",
    "tool_type": "transfer_call",
    "tool_config": {"destinations": [{"type": "number", "number": "+31201234567", "description": "Sales."}]},
}
ANALYSIS: Final[dict[str, Any]] = {
    "name": "Outcome",
    "description": None,
    "system_prompt": "Read.",
    "user_prompt": "{transcript}",
    "schema": {"type": "object", "properties": {"sold": {"type": "boolean"}}},
    "lifecycle": {},
}
CAMPAIGN: Final[dict[str, Any]] = {
    "name": "Spring",
    "agent_id": "${assistants.support}",
    "status": "draft",
    "system_message_template": "Call {{name}}.",
    "schedule_start_time": "09:00",
    "schedule_end_time": "17:30:00",
    "timezone": "Europe/Amsterdam",
    "leads": [{"phone_number": "+31612345678", "variables": {"name": "Ada"}}, {"phone_number": "+31612345679"}],
    "lifecycle": {},
}
STACK: Final[dict[str, Any]] = {
    "version": 1,
    "stack": "acme-voice",
    "include": ["**/*.yaml"],
    "state": "s3://bucket/prefix",
    "variables": {"business_name": {"default": "Acme", "description": "Spoken in greetings"}, "limit": {"default": 3}},
    "defaults": {
        "assistants": {"gdpr_mode": True, "llm_config": {"temperature": 0.3}},
        "numbers": {"is_active": True},
        "sip_trunks": {"transport": "tls"},
        "tool_templates": {"tool_config": {"async": True}},
        "analysis_templates": {"lifecycle": {"prevent_destroy": True}},
        "campaigns": {"timezone": "Europe/Amsterdam"},
    },
    "safety": {"max_deletes": 3, "max_delete_share": "30%", "settle_grace": "30s", "plan_ttl": "24h"},
}
ENVIRONMENT: Final[dict[str, Any]] = {
    "organization": "6f9d0d5e-0000-4000-8000-000000000000",
    "variables": {"business_name": "Acme B.V.", "limit": 4},
    "overrides": {
        "assistants.support": {"notification_email": "ops@acme.example", "llm_config": {"model": "gpt-5.4-mini"}},
        "numbers.main": {"agent_id": None},
        "tool_templates.lookup": {"tool_config": {"url": "https://example.com"}},
    },
    "exclude": ["campaigns.try_out"],
    "safety": {"max_deletes": 0},
}
RESOURCES: Final[dict[str, Any]] = {
    "assistants": {"support": assistant(), "s2": {"name": "S", "analysis_plan": "${analysis_templates.outcome}"}},
    "numbers": {"main": NUMBER},
    "sip_trunks": {"voip": TRUNK},
    "tool_templates": {"lookup_contact": FUNCTION_TEMPLATE, "transfer": TRANSFER_TEMPLATE},
    "analysis_templates": {"outcome": ANALYSIS},
    "campaigns": {"spring-2026": CAMPAIGN, "s2": CAMPAIGN | {"leads": "${csv:leads/spring.csv}"}},
    "moved": [{"from": "assistants.help", "to": "assistants.support"}],
    "imports": [{"to": "numbers.main", "id": "3f0c0d5e-0000-4000-8000-000000000000"}],
    "removed": ["assistants.legacy"],
}

ASSISTANTS: Final = "kinds/assistants.schema.json"
NUMBERS: Final = "kinds/numbers.schema.json"
TRUNKS: Final = "kinds/sip_trunks.schema.json"
TOOLS: Final = "kinds/tool_templates.schema.json"
ANALYSES: Final = "kinds/analysis_templates.schema.json"
CAMPAIGNS: Final = "kinds/campaigns.schema.json"

GOOD: Final[list[tuple[str, Any]]] = [
    ("hmsplan.schema.json", STACK),
    ("environment.schema.json", ENVIRONMENT),
    ("resources.schema.json", RESOURCES),
    (ASSISTANTS, assistant()),
    *((ASSISTANTS, assistant() | {"stt_config": config}) for config in STT),
    *((ASSISTANTS, assistant() | {"llm_config": config}) for config in LLM),
    *((ASSISTANTS, assistant() | {"tts_config": config}) for config in TTS),
    (NUMBERS, NUMBER),
    (TRUNKS, TRUNK),
    (TOOLS, FUNCTION_TEMPLATE),
    (TOOLS, TRANSFER_TEMPLATE),
    (TOOLS, {"name": "Bye", "tool_type": "end_call", "tool_config": {}}),
    (ANALYSES, ANALYSIS),
    (CAMPAIGNS, CAMPAIGN),
]


# The files themselves.


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_file_is_a_schema_that_is_found_where_it_lies(name: str) -> None:
    """An $id would be an address, and there is no host that answers under one of ours."""
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert not any("$id" in each for _, each in subschemas(schema))
    assert schema["title"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_reference_resolves_offline(name: str) -> None:
    """Nothing is fetched: every $ref is relative and finds its target among the files."""
    resolver = PYTHON_REGISTRY.resolver(BASE + name)
    for _, schema in subschemas(SCHEMAS[name]):
        if "$ref" in schema:
            assert "://" not in schema["$ref"]
            resolver.lookup(schema["$ref"])


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_property_is_described(name: str) -> None:
    """An editor has something to say about every field, in a sentence or two; conditions are not shown."""
    for at, schema in subschemas(SCHEMAS[name]):
        if "if" in at:
            continue
        for key, value in schema.get("properties", {}).items():
            text = described(name, value)
            assert text, f"{name} {at} {key}"
            assert text.endswith("."), f"{name} {at} {key}"
            assert len(text) < 300, f"{name} {at} {key}"


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_pattern_says_in_words_what_it_asks(name: str) -> None:
    """A regular expression is no error message; a condition needs none."""
    for at, schema in subschemas(SCHEMAS[name]):
        if "pattern" in schema and at[-1] not in {"interpolated", "interpolated_text"}:
            assert schema["patternErrorMessage"].endswith("."), at


def test_an_editor_offers_what_the_catalog_knows_and_no_schema_enforces_it() -> None:
    """Catalogs change, so an unknown value is a warning of lint; an outdated one is not offered to type."""
    kinds = {"stt_config": "stt", "llm_config": "llm", "tts_config": "tts"}
    for provider in (each for block in BLOCKS for each in catalog().of(block)):
        form = SCHEMAS["kinds/assistants.schema.json"]["$defs"][f"{kinds[provider.block]}_{provider.provider}"]
        model, voice = (form["properties"].get(name, {}) for name in ("model", "voice"))
        voice = voice or form["properties"].get("voice_id", {})
        where = provider.provider
        assert examples(model) == [each.id for each in provider.models if not each.legacy], where
        assert examples(voice) == list(provider.voices or ()), where
        assert voice.get("default") == provider.default_voice, where
        assert "enum" not in model.keys() | voice.keys(), where
        choice = re.search(r"own choice is ([\w.-]+\w)", model.get("description", ""))
        assert (choice and choice[1]) == provider.default_model, where
        assert {at: bounds(part) for at, part in parts_of(form) if bounds(part)} == provider.ranges, where
        for dotted_path, values in provider.values.items():
            assert examples(dict(parts_of(form))[dotted_path]) == list(values), where
    common = SCHEMAS["kinds/common.schema.json"]["$defs"]
    assert common["speech_language"]["examples"] == list(catalog().languages)


def examples(schema: dict[str, Any]) -> list[Any]:
    """Return what is offered for a field, also by what it refers to."""
    found = schema.get("examples") or target(schema).get("examples") or []
    return list(found)


def target(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a schema of an assistant refers to, itself where it refers to nothing."""
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = (
        PYTHON_REGISTRY.resolver(f"{BASE}kinds/assistants.schema.json").lookup(schema["$ref"]).contents
    )
    return found


def parts_of(schema: dict[str, Any], at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the fields of a block of an assistant, and those of the blocks inside; dotted."""
    for name, field in schema.get("properties", {}).items():
        yield f"{at}{name}", target(field)
        yield from parts_of(target(target(field).get("else", {})), f"{at}{name}.")


def bounds(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the range of a field with its default."""
    form = schema.get("else", {})
    found = {name: form[name] for name in ("minimum", "maximum") if name in form}
    return found and found | {name: schema[name] for name in ("default",) if name in schema}


@pytest.mark.parametrize("name", SCHEMAS)
def test_examples_and_defaults_are_valid(name: str) -> None:
    """An editor offers them to type, so they have to be right."""
    for at, schema in subschemas(SCHEMAS[name]):
        offered = [*schema.get("examples", []), *([schema["default"]] if "default" in schema else [])]
        if offered:
            pointer = "/".join(str(part) for part in ("", *at))
            check = jsonschema_rs.validator_for(
                {"$ref": f"{BASE}{name}#{pointer}"}, registry=RUST_REGISTRY, offline=True
            )
            assert all(check.is_valid(value) for value in offered), at


def subschemas(node: Any, at: Path_ = ()) -> Iterator[tuple[Path_, dict[str, Any]]]:
    """Walk every schema of a file, conditions included."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from subschemas(item, (*at, index))
    elif isinstance(node, dict):
        yield at, node
        for key, value in node.items():
            if key in {"properties", "patternProperties", "$defs"}:
                for name, schema in value.items():
                    yield from subschemas(schema, (*at, key, name))
            elif key in {"allOf", "anyOf", "if", "then", "else", "items", "additionalProperties", "propertyNames"}:
                yield from subschemas(value, (*at, key))


def described(name: str, schema: dict[str, Any]) -> str | None:
    """Return the description an editor would show: the property's own, or the one of what it refers to."""
    resolver = PYTHON_REGISTRY.resolver(BASE + name)
    while "description" not in schema and "$ref" in schema:
        found = resolver.lookup(schema["$ref"])
        schema, resolver = found.contents, found.resolver
    return schema.get("description")


# Good values.


@pytest.mark.parametrize(("name", "instance"), GOOD)
def test_good_examples_are_valid(name: str, instance: Any) -> None:
    """What the contract allows, in full and in part, is accepted by both engines."""
    assert errors(name, instance) == []


def containers(node: Any, at: Path_ = ()) -> Iterator[tuple[Path_, dict[str, Any]]]:
    """Walk every object of an example."""
    if isinstance(node, dict):
        yield at, node
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from containers(value, (*at, key))


FREE: Final = {"parameters", "schema", "variables"}
"""Objects whose keys belong to the author, wherever they stand in an example."""

KIND_EXAMPLES: Final = [(name, instance) for name, instance in GOOD if name.startswith("kinds/")]


@pytest.mark.parametrize(("name", "instance"), KIND_EXAMPLES)
def test_an_unknown_key_is_one_error_at_the_object_that_holds_it(name: str, instance: Any) -> None:
    """Wherever it is added, in every branch of every union, except inside JSON of the author."""
    for at, _ in containers(instance):
        if FREE & set(at):
            continue
        changed = copy.deepcopy(instance)
        functools.reduce(lambda node, key: node[key], at, changed)["unknown key"] = {}
        (error,) = fast(name).iter_errors(changed)
        assert tuple(error.instance_path) == at
        assert "unknown key" in error.message


def leaves(node: Any, at: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Walk every value of an example, blocks and lists included."""
    if at:
        yield at, node
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from leaves(value, (*at, key))


@pytest.mark.parametrize(("name", "instance"), KIND_EXAMPLES)
def test_every_field_may_be_interpolated(name: str, instance: Any) -> None:
    """An editor validates the text before ``${var:x}`` is resolved; ids and secrets are text in the tool too."""
    for at, value in leaves(instance):
        block = at[0] == "extends" or at == ("lifecycle",) or (isinstance(value, dict) and isinstance(at[-1], int))
        own = at[-1] in {"secret", "webhook_secret", "auth_password", "leads", "analysis_plan"}
        template = isinstance(value, str) and value.startswith("${tool_templates.")
        if block or own or template or (FREE & set(at[:-1])):
            continue
        changed = copy.deepcopy(instance)
        functools.reduce(lambda node, key: node[key], at[:-1], changed)[at[-1]] = "${var:x}"
        assert fast(name).is_valid(changed), at


# Bad values: one mistake, one error, where the mistake is.


def change(instance: Any, at: Path_, value: Any) -> Any:
    """Return *instance* with one value replaced, added or (``...``) removed."""
    changed = copy.deepcopy(instance)
    node = functools.reduce(lambda inner, key: inner[key], at[:-1], changed)
    if value is ...:
        del node[at[-1]]
    else:
        node[at[-1]] = value
    return changed


XAI_LIVE: Final = assistant() | {"llm_config": LLM[5]}
LONG: Final = "x" * 301

MISTAKES: Final[list[tuple[str, Any, Path_, Any, Path_, str]]] = [
    # schema, example, where, what, path of the error, part of its text
    (ASSISTANTS, assistant(), ("name",), ..., (), "'name' is a required property"),
    (ASSISTANTS, assistant(), ("name",), "", ("name",), "non-empty"),
    (ASSISTANTS, assistant(), ("is_active",), "yes", ("is_active",), "not of type 'boolean'"),
    (ASSISTANTS, assistant(), ("is_active",), None, ("is_active",), "not of type 'boolean'"),
    (ASSISTANTS, assistant(), ("max_duration_seconds",), 0, ("max_duration_seconds",), "less than the minimum"),
    (ASSISTANTS, assistant(), ("silence_timeout_seconds",), None, ("silence_timeout_seconds",), "'integer'"),
    (ASSISTANTS, assistant(), ("webhook_secret",), "hunter2", ("webhook_secret",), "does not match"),
    (ASSISTANTS, assistant(), ("webhook_secret",), "${var:hook}", ("webhook_secret",), "does not match"),
    (ASSISTANTS, assistant(), ("webhook_url",), "example.com", ("webhook_url",), "does not match"),
    (ASSISTANTS, assistant(), ("webhook_events", 1), 7, ("webhook_events", 1), "'string'"),
    (ASSISTANTS, assistant(), ("extra",), ["x"], ("extra",), "'object'"),
    (ASSISTANTS, assistant(), ("extra",), {"a b": 1}, ("extra",), "match"),
    (ASSISTANTS, assistant(), ("notification_emails", 0), "ops", ("notification_emails", 0), "does not match"),
    (ASSISTANTS, assistant(), ("notification_emails",), ["a@b.nl"] * 6, ("notification_emails",), "too long"),
    (ASSISTANTS, assistant(), ("stt_config",), "deepgram", ("stt_config",), "not of type 'object'"),
    (ASSISTANTS, assistant(), ("stt_config",), None, ("stt_config",), "not of type 'object'"),
    (ASSISTANTS, assistant(), ("stt_config", "endpointing"), 0.5, ("stt_config", "endpointing"), "'integer'"),
    (ASSISTANTS, assistant(), ("stt_config", "region"), "eu-west", ("stt_config",), "'region' was unexpected"),
    (ASSISTANTS, assistant(), ("llm_config", "modell"), "gpt-5.4", ("llm_config",), "'modell' was unexpected"),
    (ASSISTANTS, assistant(), ("llm_config", "provider"), "opnai", ("llm_config", "provider"), "is not one of"),
    (ASSISTANTS, assistant(), ("llm_config", "provider"), 5, ("llm_config", "provider"), "is not one of"),
    (ASSISTANTS, assistant(), ("llm_config", "temperature"), "hot", ("llm_config", "temperature"), "type 'number'"),
    (ASSISTANTS, assistant(), ("llm_config", "temperature"), 2.1, ("llm_config", "temperature"), "maximum of 2"),
    (
        ASSISTANTS,
        assistant(),
        ("llm_config", "messages", 0, "role"),
        "bot",
        ("llm_config", "messages", 0, "role"),
        "of",
    ),
    (
        ASSISTANTS,
        assistant(),
        ("llm_config", "messages", 0, "content"),
        ...,
        ("llm_config", "messages", 0),
        "'content'",
    ),
    (ASSISTANTS, assistant(), ("llm_config", "tools", 0), "lookup", ("llm_config", "tools", 0), "does not match"),
    (ASSISTANTS, assistant(), ("llm_config", "tools", 0), 3, ("llm_config", "tools", 0), "not of type 'object'"),
    (ASSISTANTS, assistant(), ("llm_config", "tools", 1, "name"), ..., ("llm_config", "tools", 1), "'name' is"),
    (ASSISTANTS, assistant(), ("llm_config", "tools", 2, "type"), ..., ("llm_config", "tools", 2), "'type' is"),
    (
        ASSISTANTS,
        assistant(),
        ("llm_config", "tools", 3, "type"),
        "hangup",
        ("llm_config", "tools", 3, "type"),
        "one of",
    ),
    (
        ASSISTANTS,
        assistant(),
        ("llm_config", "tools", 1, "server", "secret"),
        "s3cret",
        ("llm_config", "tools", 1, "server", "secret"),
        "does not match",
    ),
    (
        ASSISTANTS,
        assistant(),
        ("llm_config", "tools", 1, "parameters"),
        [],
        ("llm_config", "tools", 1, "parameters"),
        "'o",
    ),
    (ASSISTANTS, assistant(), ("llm_config", "tools", 5, "destinations"), ..., ("llm_config", "tools", 5), "'destin"),
    (ASSISTANTS, assistant(), ("llm_config", "tools", 6, "allowed_tools"), ..., ("llm_config", "tools", 6), "'allowed"),
    (
        ASSISTANTS,
        assistant(),
        ("llm_config", "tools", 6, "allowed_tools"),
        ["t"] * 26,
        ("llm_config", "tools", 6, "allowed_tools"),
        "too long",
    ),
    (ASSISTANTS, assistant(), ("llm_config", "voice"), "ara", ("llm_config",), "'voice' was unexpected"),
    (
        ASSISTANTS,
        XAI_LIVE,
        ("llm_config", "turn_detection", "silence_duration_ms"),
        50,
        ("llm_config", "turn_detection", "silence_duration_ms"),
        "minimum of 100",
    ),
    (
        ASSISTANTS,
        XAI_LIVE,
        ("llm_config", "provider_tools", 2, "vector_store_ids"),
        ...,
        ("llm_config", "provider_tools", 2),
        "required",
    ),
    (ASSISTANTS, assistant(), ("tts_config", "provider"), "eleven", ("tts_config", "provider"), "is not one of"),
    (ASSISTANTS, assistant(), ("tts_config", "stability"), 1.5, ("tts_config", "stability"), "maximum of 1"),
    (
        ASSISTANTS,
        assistant(),
        ("speech_config", "end_call_message"),
        LONG,
        ("speech_config", "end_call_message"),
        "long",
    ),
    (
        ASSISTANTS,
        assistant(),
        ("speech_config", "background_audio", "clip"),
        "beach",
        ("speech_config", "background_audio", "clip"),
        "is not one of",
    ),
    (ASSISTANTS, assistant(), ("analysis_plan",), "${tool_templates.x}", ("analysis_plan",), "does not match"),
    (ASSISTANTS, assistant(), ("lifecycle", "prevent_destroy"), "true", ("lifecycle", "prevent_destroy"), "'boolean'"),
    (ASSISTANTS, assistant(), ("lifecycle", "ignore_changes", 0), "a b", ("lifecycle", "ignore_changes", 0), "match"),
    (NUMBERS, NUMBER, ("phone_number",), "0850835037", ("phone_number",), "does not match"),
    (NUMBERS, NUMBER, ("phone_number",), "+31850835037\n", ("phone_number",), "does not match"),
    (NUMBERS, NUMBER, ("phone_number",), 31850835037, ("phone_number",), "not of type 'string'"),
    (NUMBERS, NUMBER, ("agent_id",), "${sip_trunks.voip}", ("agent_id",), "does not match"),
    (NUMBERS, NUMBER, ("agent_id",), "support", ("agent_id",), "does not match"),
    (NUMBERS, NUMBER, ("assistant_id",), "${assistants.support}", (), "'assistant_id' was unexpected"),
    (TRUNKS, TRUNK, ("transport",), "sctp", ("transport",), "is not one of"),
    (TRUNKS, TRUNK, ("auth_password",), None, ("auth_password",), "not of type 'string'"),
    (TOOLS, FUNCTION_TEMPLATE, ("tool_type",), "webhook", ("tool_type",), "is not one of"),
    (TOOLS, FUNCTION_TEMPLATE, ("tool_config", "name"), "look up", ("tool_config", "name"), "does not match"),
    (TOOLS, FUNCTION_TEMPLATE, ("tool_config", "destinations"), [], ("tool_config",), "'destinations' was unexpected"),
    (TOOLS, TRANSFER_TEMPLATE, ("tool_config", "destinations"), ..., ("tool_config",), "'destinations' is a required"),
    (ANALYSES, ANALYSIS, ("schema",), "{}", ("schema",), "not of type 'object'"),
    (CAMPAIGNS, CAMPAIGN, ("status",), "completed", ("status",), "is not one of"),
    (CAMPAIGNS, CAMPAIGN, ("agent_id",), None, ("agent_id",), "not of type 'string'"),
    (CAMPAIGNS, CAMPAIGN, ("schedule_end_time",), "24:00", ("schedule_end_time",), "does not match"),
    (CAMPAIGNS, CAMPAIGN, ("leads",), "leads/spring.csv", ("leads",), "does not match"),
    (CAMPAIGNS, CAMPAIGN, ("leads", 0, "variables", "age"), 42, ("leads", 0, "variables", "age"), "type 'string'"),
    ("hmsplan.schema.json", STACK, ("version",), 2, ("version",), "1 was expected"),
    ("hmsplan.schema.json", STACK, ("state",), "redis://x", ("state",), "does not match"),
    ("hmsplan.schema.json", STACK, ("safety", "max_deletes"), -1, ("safety", "max_deletes"), "minimum of 0"),
    (
        "hmsplan.schema.json",
        STACK,
        ("safety", "max_delete_share"),
        "0.3",
        ("safety", "max_delete_share"),
        "not match",
    ),
    ("hmsplan.schema.json", STACK, ("safety", "plan_ttl"), "1w", ("safety", "plan_ttl"), "not match"),
    ("hmsplan.schema.json", STACK, ("safety", "plan_ttl"), "0h", ("safety", "plan_ttl"), "not match"),
    ("hmsplan.schema.json", STACK, ("variables", "a-b"), {}, ("variables",), "'a-b' does not match"),
    ("hmsplan.schema.json", STACK, ("defaults", "assistant"), {}, ("defaults",), "'assistant' was unexpected"),
    ("hmsplan.schema.json", STACK, ("assistants",), {}, (), "'assistants' was unexpected"),
    ("environment.schema.json", ENVIRONMENT, ("overrides", "assistant.a"), {}, ("overrides",), "does not match"),
    ("environment.schema.json", ENVIRONMENT, ("exclude", 0), "campaigns", ("exclude", 0), "does not match"),
    (
        "environment.schema.json",
        ENVIRONMENT,
        ("variables", "business_name"),
        None,
        ("variables", "business_name"),
        "None",
    ),
    ("resources.schema.json", RESOURCES, ("assistants", "1st"), {"name": "x"}, ("assistants",), "'1st' does not match"),
    ("resources.schema.json", RESOURCES, ("assistants", "new"), {}, ("assistants", "new"), "'name' is a required"),
    ("resources.schema.json", RESOURCES, ("numbers",), None, ("numbers",), "not of type 'object'"),
    ("resources.schema.json", RESOURCES, ("moved", 0, "from"), "assistant.x", ("moved", 0, "from"), "does not match"),
    ("resources.schema.json", RESOURCES, ("imports", 0, "id"), "main", ("imports", 0, "id"), "does not match"),
]


@pytest.mark.parametrize(("name", "instance", "at", "value", "path", "text"), MISTAKES)
def test_one_mistake_is_one_error_where_it_is(
    name: str, instance: Any, at: Path_, value: Any, path: Path_, text: str
) -> None:
    """The reader of an error is sent to the right line, and is not told of branches that never applied."""
    found = errors(name, change(instance, at, value))
    assert [tuple(error.absolute_path) for error in found] == [path]
    assert text in found[0].message


def test_an_unknown_key_can_be_answered_with_a_suggestion() -> None:
    """The error's own schema is the branch of the provider, so its properties are the names to choose from."""
    (error,) = errors(ASSISTANTS, change(assistant(), ("llm_config", "modell"), "gpt-5.4"))
    assert isinstance(error.schema, dict)
    assert error.schema["title"] == "OpenAI"
    assert {"model", "max_completion_tokens"} <= error.schema["properties"].keys()


def test_a_failed_pattern_brings_its_words_along() -> None:
    """The tool prints these instead of a regular expression, and never the value of a secret."""
    (error,) = errors(ASSISTANTS, assistant() | {"webhook_secret": "hunter2"})
    assert isinstance(error.schema, dict)
    assert error.schema["patternErrorMessage"].startswith("Write ${secret:name}")


# What the tool reads from the annotations.


@pytest.fixture
def kinds() -> Mapping[str, Any]:
    """Return the planner's own table; the schemas themselves are tested without it."""
    table: Mapping[str, Any] = import_module("hmsplan.kinds").KINDS
    return table


def annotated(kind: str, annotation: str) -> dict[str, Any]:
    """Return the fields of a kind that carry an annotation, as dotted paths with [] for any item."""
    found: dict[str, Any] = {}

    def visit(schema: dict[str, Any], base: str, at: str) -> None:
        if annotation in schema and at:
            found[at] = schema[annotation]
        if "$ref" in schema:
            target = urljoin(base, schema["$ref"])
            visit(PYTHON_REGISTRY.resolver().lookup(target).contents, target, at)
        for part in (*schema.get("allOf", []), *(schema[key] for key in ("then", "else") if key in schema)):
            visit(part, base, at)
        if "items" in schema:
            visit(schema["items"], base, f"{at}[]")
        for key, value in schema.get("properties", {}).items():
            visit(value, base, f"{at}.{key}".lstrip("."))
        if isinstance(others := schema.get("additionalProperties"), dict):
            visit(others, base, f"{at}.**")

    visit(SCHEMAS[KIND_FILES[kind]], BASE + KIND_FILES[kind], "")
    return found


def dotted(pattern: tuple[str, ...]) -> str:
    return ".".join(pattern).replace(".*.", "[].").replace(".*", "[]") if "**" not in pattern else ".".join(pattern)


@pytest.mark.parametrize("kind", KIND_FILES)
def test_annotations_agree_with_the_table_of_kinds(kind: str, kinds: Mapping[str, Any]) -> None:
    """Editors read the schema, the planner reads the table; neither may know of a field that the other lacks."""
    known = kinds[kind]
    assert set(annotated(kind, "x-hms-secret")) == set(map(dotted, known.secrets))
    assert annotated(kind, "x-hms-ref") == {dotted(at): target for at, target in known.refs.items()}
    assert annotated(kind, "x-hms-expands") == {dotted(at): target for at, target in known.expands.items()}
    assert set(annotated(kind, "x-hms-immutable")) == known.immutable
    assert set(map(dotted, known.atomic)) <= set(annotated(kind, "x-hms-user-json"))
    assert set(SCHEMAS[KIND_FILES[kind]]["required"]) == known.required


@pytest.mark.parametrize("kind", KIND_FILES)
def test_null_is_allowed_where_it_clears(kind: str, kinds: Mapping[str, Any]) -> None:
    """A null for a field that the API cannot clear would never converge."""
    fields = SCHEMAS[KIND_FILES[kind]]["$defs"]["partial"]["properties"]
    partial = fast_partial(kind)
    assert {field for field in fields if partial({field: None})} == kinds[kind].clearable


def fast_partial(kind: str) -> Callable[[Any], bool]:
    """Return the answer for a resource of which nothing is required."""
    schema = {"$ref": f"{BASE}{KIND_FILES[kind]}#/$defs/partial"}
    return jsonschema_rs.validator_for(schema, registry=RUST_REGISTRY, offline=True).is_valid


@pytest.mark.parametrize("block", ["stt_config", "llm_config", "tts_config"])
def test_each_branch_of_a_union_says_what_a_create_needs(block: str, kinds: Mapping[str, Any]) -> None:
    """An existing object may be managed in part; a new one needs these fields of its block."""
    defs = SCHEMAS[ASSISTANTS]["$defs"]
    branches = [schema for name, schema in defs.items() if name.startswith(block.removesuffix("config"))]
    needs = [branch["x-hms-required-on-create"] for branch in branches if "allOf" not in branch]
    assert len(needs) == len(defs[block]["allOf"])
    assert all(set(need) == set(kinds["assistants"].required_in[block]) for need in needs)


# Speed.


def test_the_fast_answer_is_fast() -> None:
    """Print what one assistant costs; no limit, since machines differ."""
    instance = assistant()
    instance["llm_config"]["messages"][0]["content"] = "You answer the phone for Acme. " * 80
    size = len(json.dumps(instance))
    lines = [f"\none assistant of {size} bytes:"]
    for label, check, rounds in (
        ("jsonschema-rs", fast(ASSISTANTS).is_valid, 2000),
        ("jsonschema", explaining(ASSISTANTS).is_valid, 20),
    ):
        start = time.perf_counter()
        for _ in range(rounds):
            assert check(instance)
        lines.append(f" {label} {(time.perf_counter() - start) / rounds * 1e6:.0f} µs")
    sys.stdout.write("".join(lines) + "\n")


# Bundles: one file that says what the published ones say together, and brings the addresses of a stack.

BUNDLES: Final = {name: jsonschema_rs.Draft202012Validator(bundled(name)) for name in dict(GOOD)}


@pytest.mark.parametrize(("name", "instance"), GOOD)
def test_what_is_valid_is_valid_in_a_bundle(name: str, instance: Any) -> None:
    assert BUNDLES[name].is_valid(instance)


@pytest.mark.parametrize(("name", "instance", "at", "value"), [mistake[:4] for mistake in MISTAKES])
def test_a_bundle_sees_a_mistake_where_it_is(name: str, instance: Any, at: Path_, value: Any) -> None:
    """At the same places, as often."""
    wrong = change(instance, at, value)
    found, expected = (
        sorted(str(error.instance_path) for error in validator.iter_errors(wrong))
        for validator in (BUNDLES[name], fast(name))
    )
    assert found == expected
    assert found


def test_only_what_is_referred_to_is_in_a_bundle() -> None:
    """The schema of a number knows nothing of an assistant."""
    assert {name.partition(".")[0] for name in bundled(NUMBERS)["$defs"]} == {"numbers", "common"}


def test_an_address_is_offered_where_its_kind_fits() -> None:
    addresses = [Address("sip_trunks", "b"), Address("sip_trunks", "a"), Address("assistants", "x")]
    fields = bundled("kinds/numbers.schema.json", addresses)["$defs"]["numbers.partial"]["properties"]
    assert fields["transfer_trunk_id"]["examples"] == ["${sip_trunks.a}", "${sip_trunks.b}"]
    assert fields["agent_id"]["examples"] == ["${assistants.x}"]
    assert "examples" not in json.dumps(fields["is_active"])
