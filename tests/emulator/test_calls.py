"""Calls, control, usage, and the small rest."""

from __future__ import annotations

from typing import Any

import pytest

from .helpers import GONE, KEY, PHONE, Api, Clock, MakeApi

DESTINATION = "+31612345678"


def _call(api: Api, **fields: Any) -> str:
    return str(api.ok("POST", "/calls/outbound", {"destination": DESTINATION, **fields})["call_id"])


def test_a_call_is_placed_from_a_number(api: Api) -> None:
    agent = api.assistant()
    number = api.number(agent_id=agent["id"])
    call_id = _call(api, number_id=number["id"])
    assert call_id.startswith(f"call-_{DESTINATION}_")
    call = api.ok("GET", f"/calls/{call_id.replace('+', '%2B')}")
    assert call.items() >= {"id": call_id, "direction": "outbound", "agent_name": "Support"}.items()
    assert api.ok("GET", "/calls") == {"calls": [call], "pagination": {"total": 1, "limit": 100, "offset": 0}}
    assert api.ok("GET", "/organizations")["active_calls"] == 1


def test_without_a_number_any_free_one_calls(api: Api) -> None:
    api.refused(404, "POST", "/calls/outbound", {"destination": DESTINATION})
    api.number(is_active=False)
    numbers = [api.number(phone_number=f"+3185083500{index}")["id"] for index in range(2)]
    assert [api.ok("GET", f"/calls/{_call(api)}")["number_id"] for _ in numbers] == numbers
    api.refused(404, "POST", "/calls/outbound", {"destination": DESTINATION})


def test_the_older_name_of_the_assistant_is_read(api: Api) -> None:
    agent, number = api.assistant(name="Other")["id"], api.number()["id"]
    assert api.ok("GET", f"/calls/{_call(api, number_id=number, agent_id=agent)}")["agent_name"] == "Other"


def test_a_call_goes_on_with_the_clock(make_api: MakeApi) -> None:
    clock = Clock()
    api = make_api(clock=clock, call_connect_s=5.0, call_length_s=30.0)
    path = f"/calls/{_call(api, number_id=api.number()['id'])}"
    assert api.ok("GET", path)["status"] == "connecting"
    api.refused(400, "POST", f"{path}/control", {"type": "end-call"})
    clock.now += 5
    assert api.ok("GET", path)["status"] == "in-progress"
    assert api.ok("GET", "/organizations")["active_calls"] == 1
    clock.now += 100
    ended = api.ok("GET", path)
    assert (ended["status"], ended["duration_seconds"]) == ("ended", 35)
    assert api.ok("GET", "/calls?status=ended")["calls"] == [ended]
    assert api.ok("GET", "/usage")["summary"]["total_duration_seconds"] == 35
    assert api.ok("GET", "/organizations")["active_calls"] == 0


@pytest.mark.parametrize(("provider", "status"), [("openai_live", "rejected"), ("openai", "connecting")])
def test_overrides_of_nodes_need_a_pipeline_assistant(api: Api, provider: str, status: str) -> None:
    model = {"openai_live": "gpt-live-1", "openai": "gpt-5.4"}[provider]
    agent = api.assistant(llm_config={"provider": provider, "model": model})["id"]
    node = {"id": "a", "type": "conversation", "instructions": "", "voice": "x"}
    flow = api.workflow(definition={"version": 1, "entry_node": "a", "nodes": [node]})["id"]
    number = api.number(agent_id=agent, workflow_id=flow)
    assert api.ok("GET", f"/calls/{_call(api, number_id=number['id'])}")["status"] == status
    api.ok("PATCH", f"/workflows/{flow}", {"is_active": False})
    assert api.ok("GET", f"/calls/{_call(api, number_id=number['id'])}")["status"] == "connecting"


def test_a_call_needs_credits(api: Api) -> None:
    number = api.number()
    api.emulator.set_credits(0)
    body = {"destination": DESTINATION, "number_id": number["id"]}
    assert api.refused(402, "POST", "/calls/outbound", body)["balance"] == 0


@pytest.mark.parametrize("field", ["number_id", "assistant_id"])
def test_a_call_needs_what_it_names(api: Api, field: str) -> None:
    number = api.number()
    body = {"destination": DESTINATION, "number_id": number["id"], field: GONE}
    api.refused(404, "POST", "/calls/outbound", body)


def test_control_commands_reach_calls_in_progress_only(make_api: MakeApi) -> None:
    api = make_api(call_connect_s=0.0)
    path = f"/calls/{_call(api, number_id=api.number()['id'])}/control"
    assert api.ok("POST", path, {"type": "say", "content": "Hi", "end_after": False}) == {"success": True}
    api.refused(400, "POST", path, {"type": "sing"})
    api.refused(400, "POST", path, {"type": "say"})
    api.ok("POST", path, {"type": "end-call"})
    api.refused(400, "POST", path, {"type": "end-call"})
    api.refused(404, "POST", "/calls/nobody/control", {"type": "end-call"})


def test_a_call_takes_ten_commands_a_minute(make_api: MakeApi) -> None:
    clock = Clock()
    api = make_api(clock=clock, call_connect_s=0.0, call_length_s=600.0)
    path = f"/calls/{_call(api, number_id=api.number()['id'])}/control"
    command = {"type": "inject-context", "content": "x", "trigger_response": False}
    for _ in range(10):
        api.ok("POST", path, command)
    assert api("POST", path, command).headers["retry-after"]
    clock.now += 60
    api.ok("POST", path, command)


def test_usage_adds_up_ended_calls(make_api: MakeApi) -> None:
    clock = Clock()
    api = make_api(clock=clock, call_length_s=600.0)
    number = api.number()["id"]
    for seconds in (30, 90):
        path = f"/calls/{_call(api, number_id=number)}/control"
        clock.now += seconds
        api.ok("POST", path, {"type": "transfer", "destination": PHONE})
    _call(api, number_id=number)
    usage = api.ok("GET", "/usage?limit=1")
    assert usage["summary"] == {"total_calls": 2, "total_duration_seconds": 120, "total_duration_minutes": 2}
    assert [log["duration_sec"] for log in usage["logs"]] == [90]
    assert usage["pagination"] == {"total": 2, "limit": 1, "offset": 0}


def test_calls_are_found_by_status_and_period(make_api: MakeApi) -> None:
    clock = Clock()
    api = make_api(clock=clock)
    api.emulator.organization(KEY)
    for status in ("ended", "failed"):
        api.emulator.add("calls", {"status": status})
        clock.now += 3600
    assert [call["status"] for call in api.ok("GET", "/calls")["calls"]] == ["failed", "ended"]
    assert len(api.ok("GET", "/calls?status=ended")["calls"]) == 1
    assert len(api.ok("GET", "/calls?start_date=2026-09-21T15:00:00Z")["calls"]) == 1
    assert len(api.ok("GET", "/calls?end_date=2026-09-21")["calls"]) == 0
    api.refused(400, "GET", "/calls?start_date=yesterday")
    api.refused(400, "GET", "/calls?limit=1001")


def test_voices_are_local_ones(api: Api) -> None:
    voices = api.ok("GET", "/voices")["voices"]
    assert all({"id", "name", "language"} <= voice.keys() for voice in voices)
    assert "nl_NL-pim-medium" in {voice["id"] for voice in voices}


def test_health_answers(api: Api) -> None:
    assert api.ok("GET", "/health")["checks"]["database"]["status"] == "ok"


def test_chats_are_kept(api: Api) -> None:
    made = api.ok("POST", "/chats", {"text": "hi"})["message"]
    api.ok("GET", "/chats/context")
    api.ok("DELETE", f"/chats/{made['id']}")
    assert api.ok("GET", "/chats") == {"messages": []}
