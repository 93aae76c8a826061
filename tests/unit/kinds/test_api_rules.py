"""Rules of the API that no schema can say: what the data says is told, and only of what is known."""

from __future__ import annotations

from typing import Any

import pytest

from hmsplan.kinds import ASSISTANTS, KINDS, ORGANIZATION, TOOL_TEMPLATES
from hmsplan.kinds.api_rules import refusals, shared
from hmsplan.secrets.hosts import is_public

PIPELINE: dict[str, Any] = {"provider": "openai", "model": "gpt-5.4"}
SPEECH = "speech_config"
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("organization", {"content_retention_days": 90, "metadata_retention_days": 30}, "content_retention_days"),
    ("assistants", {SPEECH: {"end_call_phrases": ["goodbye", "x!"]}}, "speech_config.end_call_phrases.1"),
    ("assistants", {SPEECH: {"end_call_phrases": ["_ _"]}}, "speech_config.end_call_phrases.0"),
    (
        "assistants",
        {SPEECH: {"turn_taking": {"endpointing_min_delay": 1, "endpointing_max_delay": 0.5}}},
        "speech_config.turn_taking.endpointing_max_delay",
    ),
    (
        "assistants",
        {SPEECH: {"turn_taking": {"endpointing_min_delay": 3}}},
        "speech_config.turn_taking.endpointing_min_delay",
    ),
    (
        "assistants",
        {SPEECH: {"turn_taking": {"endpointing_max_delay": 0.2}}},
        "speech_config.turn_taking.endpointing_max_delay",
    ),
    ("assistants", {"llm_config": PIPELINE, "tts_config": None}, "tts_config"),
    ("assistants", {"tts_config": None}, "tts_config"),
    ("tool_templates", {"name": "Look up", "tool_type": "function", "tool_config": {}}, "name"),
]
RIGHT: list[tuple[str, Any]] = [
    ("organization", {"content_retention_days": 30, "metadata_retention_days": 30}),
    ("organization", {"content_retention_days": "${var:days}", "metadata_retention_days": 30}),
    ("organization", {"content_retention_days": True, "metadata_retention_days": 0}),
    ("organization", {}),
    ("organization", "${var:all}"),
    ("assistants", {SPEECH: {"end_call_phrases": ["ok", "2 1", "à é", "${var:bye}", 7]}}),
    ("assistants", {SPEECH: {"end_call_phrases": None}}),
    ("assistants", {SPEECH: {"turn_taking": {"endpointing_min_delay": 3, "endpointing_max_delay": "${var:most}"}}}),
    ("assistants", {SPEECH: "${var:speech}"}),
    ("assistants", {"llm_config": {"provider": "openai_live", "model": "gpt-live-1"}, "tts_config": None}),
    ("assistants", {"llm_config": {"provider": "${var:who}", "model": "m"}, "tts_config": None}),
    ("assistants", {"llm_config": PIPELINE}),
    ("assistants", {"llm_config": "${var:model}", "tts_config": None}),
    ("assistants", {"llm_config": {"temperature": 0.5}, "tts_config": None}),
    ("tool_templates", {"name": "Look up", "tool_type": "function", "tool_config": {"name": "look_up"}}),
    ("tool_templates", {"name": "Look up", "tool_type": "end_call", "tool_config": {}}),
]


@pytest.mark.parametrize(("kind", "spec", "path"), WRONG)
def test_what_the_api_refuses_is_told_where_it_stands(kind: str, spec: dict[str, Any], path: str) -> None:
    """One problem, at the field to change."""
    assert [".".join(map(str, each.path)) for each in refusals(KINDS[kind], spec)] == [path]


@pytest.mark.parametrize(("kind", "spec"), RIGHT)
def test_nothing_is_said_of_what_may_be_right(kind: str, spec: Any) -> None:
    """What a ``${…}`` will be is not known, and what has another form is the schema's to tell."""
    assert list(refusals(KINDS[kind], spec)) == []


def test_a_message_says_both_values_and_what_to_write() -> None:
    (problem,) = refusals(ORGANIZATION, {"content_retention_days": 90, "metadata_retention_days": 30})
    assert "90" in problem.detail
    assert "Let content_retention_days be at most 30, or metadata_retention_days at least 90." in problem.detail
    assert problem.other == ("metadata_retention_days",)


def test_a_default_that_is_not_written_is_called_one() -> None:
    (problem,) = refusals(ASSISTANTS, {SPEECH: {"turn_taking": {"endpointing_min_delay": 3}}})
    assert "endpointing_max_delay is 2 by default and endpointing_min_delay is 3" in problem.detail


def test_every_rule_says_where_it_is_known_from_and_holds_somewhere() -> None:
    """A rule for a schema that no kind names would never be looked at here."""
    named = {name for kind in KINDS.values() for name in kind.described.values()} | {"WorkflowDefinition"}
    assert set(shared()["refused"]) - named == {"AssistantUpdate"}  # the same as of a create
    assert all(rule["source"] for rules in shared()["refused"].values() for rule in rules)


def test_a_template_is_named_as_a_function_may_be_where_its_config_has_no_name() -> None:
    (problem,) = refusals(TOOL_TEMPLATES, {"name": "Look up", "tool_type": "function", "tool_config": {}})
    assert problem.summary == "Wrong form"


def test_a_host_that_the_data_calls_private_is_none_that_lint_takes_for_public() -> None:
    """The rule mcp-server-not-public tells of it, from a longer list of names."""
    hosts = shared()["private_hosts"]
    assert not [
        host for host in (*hosts["names"], *(f"crm{suffix}" for suffix in hosts["suffixes"])) if is_public(host)
    ]
