"""The description that the emulator ships, and how bodies are read through it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import yaml

from hmsplan.emulator import Settings, description
from hmsplan.emulator.description import Reading, filled, schema_of

from . import openapi

ID = "ABCDEF00-0000-4000-8000-000000000000"


def _read(schema: str, value: Any, **settings: Any) -> tuple[Any, list[str]]:
    reading = Reading(Settings(**settings))
    return reading.read(schema_of(schema), value), reading.problems


def _in_assistant(**fields: Any) -> tuple[str, dict[str, Any]]:
    return "AssistantUpdate", fields


def test_a_body_of_a_known_form_makes_no_new_validator() -> None:
    """Not even a null of a field that may be null, or every request would leave one behind."""
    body = {"name": "a", "speech_config": None, "tts_config": None, "analysis_plan": None}
    _read("AssistantUpdate", body)
    before = len(description._VALIDATORS)
    _read("AssistantUpdate", body)
    assert len(description._VALIDATORS) == before


def test_the_shipped_description_says_what_its_source_says() -> None:
    """Where the source is not at hand, the shipped one is the source."""
    shipped = orjson.loads(openapi.PATH.read_bytes())
    assert shipped["openapi"].startswith("3.1")
    if openapi.SOURCE.is_file():
        assert shipped == yaml.load(openapi.SOURCE.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@pytest.mark.parametrize(
    ("schema", "value", "path"),
    [
        ("DomainCreate", {"domain_name": 1}, "domain_name"),
        ("DomainCreate", {}, "domain_name"),
        ("DomainCreate", [], "body"),
        ("PhoneNumberCreate", {"phone_number": "06"}, "phone_number"),
        ("PhoneNumberCreate", {"phone_number": "+316\n"}, "phone_number"),
        ("PhoneNumberUpdate", {"agent_id": "0"}, "agent_id"),
        (*_in_assistant(notification_email="a@"), "notification_email"),
        (*_in_assistant(webhook_url="x"), "webhook_url"),
        (*_in_assistant(webhook_url="https://\u0084"), "webhook_url"),
        (*_in_assistant(gdpr_mode=1), "gdpr_mode"),
        (*_in_assistant(max_duration_seconds=True), "max_duration_seconds"),
        (*_in_assistant(max_duration_seconds=1.5), "max_duration_seconds"),
        (*_in_assistant(max_duration_seconds=0), "max_duration_seconds"),
        (*_in_assistant(notification_emails=["a@b.nl"] * 6), "notification_emails"),
        (*_in_assistant(webhook_events=["tool-calls", 0]), "webhook_events[1]"),
        (*_in_assistant(stt_config=[]), "stt_config"),
        (*_in_assistant(stt_config={}), "stt_config.provider"),
        (*_in_assistant(stt_config={"provider": ["deepgram"]}), "stt_config.provider"),
        (*_in_assistant(stt_config=None), "stt_config"),
        (*_in_assistant(speech_config={"silence": {"messages": [""]}}), "speech_config.silence.messages[0]"),
        ("CampaignLeadCreate", {"phone_number": "+31612345678", "variables": {"a": 1}}, "variables.a"),
        ("ToolTemplateCreate", {"name": "x", "tool_type": "end_call", "tool_config": {"a": 1}}, "tool_config"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(schema: str, value: Any, path: str) -> None:
    assert [problem.partition(": ")[0] for problem in _read(schema, value)[1]] == [path]


@pytest.mark.parametrize(
    ("schema", "value", "cleaned"),
    [
        (*_in_assistant(max_duration_seconds=3.0), {"max_duration_seconds": 3}),
        (*_in_assistant(tts_config=None), {"tts_config": None}),
        (*_in_assistant(thing=1), {}),
        (
            "PhoneNumberUpdate",
            {"agent_id": ID, "assistant_id": ID},
            {"agent_id": ID.lower(), "assistant_id": ID.lower()},
        ),
        ("ByokConfigSet", {"provider": "xai", "config": {"any": [{"thing": None}]}}, None),
        ("XAITurnDetection", {"threshold": 7, "prefix_padding_ms": -1}, {"threshold": 1, "prefix_padding_ms": 0}),
    ],
)
def test_a_right_value_is_cleaned(schema: str, value: Any, cleaned: Any) -> None:
    assert repr(_read(schema, value)) == repr((value if cleaned is None else cleaned, []))


def test_rules_run_only_when_the_fields_are_right() -> None:
    days = {"content_retention_days": 90, "metadata_retention_days": 30}
    assert _read("OrganizationRetention", days)[1] == [
        "content_retention_days: must not exceed metadata_retention_days"
    ]
    (problem,) = _read("OrganizationRetention", {**days, "metadata_retention_days": 31})[1]
    assert problem.startswith("metadata_retention_days: ")


def test_filling_adds_defaults_at_every_depth() -> None:
    llm = {"provider": "openai", "model": "gpt-5", "tools": [{"name": "a", "description": "b"}, {"type": "end_call"}]}
    assert filled(schema_of("LLMConfig"), llm) == {
        **llm,
        "temperature": 0.7,
        "tools": [{"name": "a", "description": "b", "async": False}, {"type": "end_call"}],
    }
    assert filled(schema_of("SpeechConfig"), {})["silence"]["max_attempts"] == 3
    assert filled(schema_of("AssistantUpdate")["properties"]["tts_config"], None) is None
