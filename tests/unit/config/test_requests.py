"""Bodies held against the description of the API: what it refuses is told in our words, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from hmsplan.config import requests
from hmsplan.kinds import BYOK_KEYS, KINDS
from hmsplan.model import Address, Ref, Secret, Spec

SERVER = Ref(Address("mcp_servers", "crm"))
MCP_TOOL: dict[str, Any] = {"type": "mcp", "mcp_server_id": SERVER, "allowed_tools": ["find"]}


def found(kind: str, **spec: Any) -> list[tuple[str, str]]:
    """Return where and why the description refuses a resource."""
    violations = requests.refused(KINDS[kind], spec)
    return [(".".join(map(str, each.path)), f"{each.summary}: {each.detail}") for each in violations]


@pytest.mark.parametrize(
    ("kind", "spec", "path"),
    [
        ("assistants", {"name": "a", "webhook_url": "https://example.com/{id}"}, "webhook_url"),
        ("assistants", {"name": "a", "notification_email": "a..b@example.com"}, "notification_email"),
        (
            "assistants",
            {"name": "a", "notification_emails": ["a@example.com", "ä@example.com"]},
            "notification_emails.1",
        ),
        (
            "assistants",
            {"name": "a", "llm_config": {"provider": "openai", "model": "m", "tools": [{"type": "transfer_call"}]}},
            "llm_config.tools.0",
        ),
        ("organization", {"content_retention_days": "30", "metadata_retention_days": 30}, "content_retention_days"),
        ("byok_keys", {"provider": "openai", "config": []}, "config"),
        (
            "workflows",
            {"name": "a", "definition": {"version": 2, "entry_node": "a", "nodes": []}},
            "definition.version",
        ),
    ],
)
def test_what_the_description_refuses_is_told_at_its_field(kind: str, spec: dict[str, Any], path: str) -> None:
    assert path in [at for at, _ in found(kind, **spec)]


def test_the_reason_says_what_to_write() -> None:
    (at, reason), (other, hint) = found(
        "assistants", name="a", webhook_url="https://example.com/é", notification_email="a..b@example.com"
    )
    assert (at, other) == ("webhook_url", "notification_email")
    assert reason.startswith(
        'Wrong form: "https://example.com/é" does not fit. Write it as in https://example.com/a%20b'
    )
    assert hint.endswith("Write one e-mail address, as in ops@example.com.")


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("assistants", {"name": "a", "webhook_secret": Secret("hook"), "tts_config": None, "first_message": None}),
        ("assistants", {"name": "a", "llm_config": {"provider": "xai", "model": "grok-9", "tools": [MCP_TOOL]}}),
        ("assistants", {"name": "a", "webhook_events": ["call-recorded"]}),
        ("assistants", {"name": "a", "stt_config": {"language": "nl"}}),
        ("assistants", {"name": "a", "tts_config": {"provider": "inworld", "voice_id": "New", "model": "newest"}}),
        (
            "assistants",
            {"llm_config": {"provider": "xai_realtime", "model": "m", "turn_detection": {"threshold": 2}}},
        ),
        ("assistants", {"name": "a", "a_new_field": {"x": 1}}),
        ("numbers", {"phone_number": "+31850000001", "agent_id": Ref(Address("assistants", "a")), "workflow_id": None}),
        ("byok_keys", {"provider": "openai"}),
        ("byok_keys", {"provider": "openai", "api_key": Secret("key"), "config": {"region": "eu"}}),
        ("mcp_servers", {"name": "a", "url": "https://a.example", "headers": None}),
        ("mcp_servers", {"name": "a", "url": "https://a.example", "headers": {"Authorization": Secret("crm")}}),
    ],
)
def test_what_may_be_right_is_not_refused(kind: str, spec: dict[str, Any]) -> None:
    """Ids and secrets fit, a catalog and a list of events may change, and an object that exists lacks nothing."""
    assert found(kind, **spec) == []


def test_what_is_declared_stays_as_it_is() -> None:
    spec: Spec = {"name": "a", "webhook_secret": Secret("hook"), "llm_config": {"tools": [MCP_TOOL]}}
    list(requests.refused(KINDS["assistants"], spec))
    assert spec == {"name": "a", "webhook_secret": Secret("hook"), "llm_config": {"tools": [MCP_TOOL]}}


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_each_kind_has_a_request_that_the_description_knows(kind: Any) -> None:
    """A path that the description has not would never be checked."""
    method = "POST" if "POST" in kind.verbs else "PATCH"
    assert requests.schema_of(method, kind.path)
    assert all(requests.schema_of("POST", path) for path in BYOK_KEYS.posted_to.values())
