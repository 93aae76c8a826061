"""A field that hmsplan does not know: sent, compared, and met with whatever the API does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from support.world import UNLIMITED, World

from hmsplan.emulator import Settings
from hmsplan.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ENVIRON: Final = {
    "HMSPLAN_SECRET_KEY": "c4nary-key",
    "HMSPLAN_FINGERPRINT_KEY": "0123456789abcdef0123456789abcdef",
}
RESEND: Final = {"byok_keys": {"resend": {"provider": "resend", "api_key": "${secret:key}"}}}
TIMES: Final = {"schedule_start_time": "09:00", "schedule_end_time": "17:00", "timezone": "Europe/Amsterdam"}
OF_KIND: Final[Mapping[str, dict[str, Any]]] = {
    "assistants": {"name": "Desk"},
    "numbers": {"phone_number": "+31850000010"},
    "sip_trunks": {"name": "VoIP", "provider": "custom", "address": "sip.example.com"},
    "tool_templates": {"name": "Look up", "tool_type": "end_call", "tool_config": {}},
    "analysis_templates": {
        "name": "Outcome",
        "schema": {"type": "object"},
        "system_prompt": "Read {transcript}.",
        "user_prompt": "Say.",
    },
    "campaigns": {"name": "Spring", "agent_id": "${assistants.desk}", **TIMES},
    "workflows": {
        "name": "Triage",
        "definition": {
            "version": 1,
            "entry_node": "hello",
            "nodes": [{"id": "hello", "type": "conversation", "instructions": "Ask."}],
            "edges": [],
        },
    },
    "mcp_servers": {"name": "CRM", "url": "https://mcp.example.com/v1"},
    "byok_keys": {"provider": "elevenlabs", "api_key": "${secret:key}"},
    "domain": {"domain_name": "mail.example.com"},
    "organization": {"content_retention_days": 30, "metadata_retention_days": 365},
}
FIXED: Final = {"byok_keys", "domain", "organization"}
"""Of these the emulator stores nothing but what is documented."""
BESIDE: Final[Mapping[str, Any]] = {"campaigns": {"assistants": {"desk": {"name": "Desk"}}}, "domain": RESEND}


def stack(kind: str, extra: dict[str, Any] | None) -> dict[str, Any]:
    fields = OF_KIND[kind] if extra is None else {**OF_KIND[kind], "extra": extra}
    return {**BESIDE.get(kind, {}), kind: {"main": fields}}


def test_every_kind_is_tried() -> None:
    assert OF_KIND.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stance", ["stored", "ignored"])
def test_it_is_sent_once_and_the_next_plan_is_empty(tmp_path: Path, kind: str, stance: Any) -> None:
    """Where the API does not keep it, that is said once and remembered."""
    with World(tmp_path, Settings(rate_limit=None, unknown_fields=stance), environ=ENVIRON) as world:
        world.declare(stack(kind, {"voice_mode": "warm", "levels": {"low": 1}}))
        first = world.apply()
        assert first.bad == []
        told = [remark for remark in first.remarks if "voice_mode" in remark]
        assert bool(told) is (stance == "ignored" or kind in FIXED)
        plan = world.plan()
        assert (plan.pending, plan.steps, plan.drift) == ((), (), ())
        assert world.drift().drifted == ()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_refused_fails_the_step_that_sends_it(tmp_path: Path, kind: str) -> None:
    """Nothing is half done: once it is taken out, the stack applies."""
    with World(tmp_path, Settings(rate_limit=None, unknown_fields="refused"), environ=ENVIRON) as world:
        world.declare(stack(kind, {"voice_mode": "warm"}))
        (failed,) = world.apply().bad
        assert "voice_mode" in failed
        world.declare(stack(kind, None))
        assert world.apply().bad == []
        assert world.plan().pending == ()


def test_it_is_compared_changed_and_released(tmp_path: Path) -> None:
    """As a field that null may not clear: what is taken out stays as it is, and that is said."""
    with World(tmp_path, Settings(rate_limit=None, unknown_fields="stored")) as world:
        world.declare(stack("assistants", {"voice_mode": "warm", "levels": {"low": 1, "high": 2}}))
        world.apply()
        world.emulator.edit("assistants", world.id("assistants.main"), {"voice_mode": "cold"})
        assert [field.path for found in world.drift().drifted for field in found.fields] == [("voice_mode",)]
        world.declare(stack("assistants", {"voice_mode": "brisk", "levels": {"low": 1}}))
        (change,) = world.plan().pending
        assert [field.path for field in change.fields] == [("levels", "high"), ("voice_mode",)]
        assert world.apply().bad == []
        world.check_at_rest()
        world.declare(stack("assistants", {"voice_mode": None}))
        (change,) = world.plan().pending
        assert [field.path for field in change.fields] == [("voice_mode",)]
        assert change.released == (("levels",),)
        assert world.apply().bad == []
        world.check_at_rest()
        world.declare(stack("assistants", None))
        assert world.apply().bad == []
        world.check_at_rest()


def test_an_event_that_is_not_known_is_stored(tmp_path: Path) -> None:
    with World(tmp_path, UNLIMITED) as world:
        world.declare({"assistants": {"desk": {"name": "Desk", "webhook_events": ["tool-calls", "call-began"]}}})
        assert world.apply().bad == []
        world.check_at_rest()
