"""Assistants: defaults, nested configs, realtime or pipeline, tools, secrets, deletes."""

from __future__ import annotations

from typing import Any

import pytest

from .helpers import GONE, NESTED_TOOL, WEBHOOK_TOOL, Api, Clock, MakeApi, llm

REALTIME = {"provider": "openai_live", "model": "gpt-live-1"}
PIPELINE_TTS = {"provider": "xai", "voice_id": "ara"}


def test_only_a_name_is_needed_and_the_rest_is_filled_in(api: Api) -> None:
    made = api.assistant()
    assert made["is_active"] is True
    assert made["llm_config"] == {"provider": "openai", "model": "gpt-5.4"}
    assert made["tts_config"]["provider"] == "elevenlabs"
    assert made["first_message"] is None
    assert api.ok("GET", f"/assistants/{made['id']}") == {"assistant": made}
    assert api.ok("GET", "/assistants") == {"assistants": [made]}


def test_required_defaults_only(make_api: MakeApi) -> None:
    made = make_api(defaults="required").assistant(gdpr_mode=True)
    fields = {"id", "name", "is_active", "stt_config", "llm_config", "tts_config", "gdpr_mode"}
    assert set(made) == {*fields, "created_at", "updated_at"}


def test_all_defaults_reach_into_nested_configs(make_api: MakeApi) -> None:
    made = make_api(defaults="all").assistant(
        speech_config={"turn_taking": {"endpointing_min_delay": 0.5}},
        llm_config={"provider": "xai_realtime", "model": "grok-voice-think-fast-2.0", "turn_detection": {}},
        analysis_plan={},
    )
    assert made["speech_config"]["turn_taking"]["endpointing_min_delay"] == 0.5
    assert made["speech_config"]["turn_taking"]["false_interruption_timeout"] == 1.5
    assert made["speech_config"]["background_audio"] == {"enabled": False, "clip": "office", "volume": 0.3}
    assert made["llm_config"]["voice"] == "ara"
    assert made["llm_config"]["turn_detection"]["silence_duration_ms"] == 200
    assert made["analysis_plan"] == {"min_messages_threshold": 2}
    assert "language" not in made["tts_config"] if made["tts_config"] else True


def test_defaults_stay_out_of_nested_configs_otherwise(api: Api) -> None:
    assert api.assistant(speech_config={}, llm_config=llm())["speech_config"] == {}


def test_null_clears_and_absent_leaves_alone(api: Api) -> None:
    made = api.assistant(first_message="Hi", business_name="Acme")
    changed = api.ok("PATCH", f"/assistants/{made['id']}", {"first_message": None})["assistant"]
    assert (changed["first_message"], changed["business_name"]) == (None, "Acme")


def test_null_is_refused_on_create_and_for_fields_that_cannot_be_null(api: Api) -> None:
    api.refused(400, "POST", "/assistants", {"name": "a", "first_message": None})
    made = api.assistant()
    for field in ("name", "is_active", "llm_config", "stt_config", "gdpr_mode", "silence_timeout_seconds"):
        api.refused(400, "PATCH", f"/assistants/{made['id']}", {field: None})


def test_an_update_changes_updated_at_only(make_api: MakeApi) -> None:
    clock = Clock()
    api = make_api(clock=clock)
    made = api.assistant()
    clock.now += 10
    changed = api.ok("PATCH", f"/assistants/{made['id']}", {"name": "New"})["assistant"]
    assert changed["created_at"] == made["created_at"] < changed["updated_at"]


@pytest.mark.parametrize("touches", [True, False])
def test_whether_a_noop_update_moves_updated_at_is_a_setting(make_api: MakeApi, touches: bool) -> None:
    clock = Clock()
    api = make_api(clock=clock, noop_touches=touches)
    made = api.assistant()
    clock.now += 10
    changed = api.ok("PATCH", f"/assistants/{made['id']}", {"name": made["name"]})["assistant"]
    assert (changed["updated_at"] > made["updated_at"]) is touches


def test_server_set_fields_are_never_changed_by_a_request(make_api: MakeApi) -> None:
    api = make_api(unknown_fields="stored")
    made = api.assistant()
    body = {"id": GONE, "created_at": "x", "updated_at": "y", "name": "New"}
    changed = api.ok("PATCH", f"/assistants/{made['id']}", body)["assistant"]
    assert (changed["id"], changed["created_at"], changed["name"]) == (made["id"], made["created_at"], "New")


def test_nested_configs_are_replaced_whole(api: Api) -> None:
    made = api.assistant(llm_config=llm(temperature=0.2, messages=[{"role": "system", "content": "Be kind."}]))
    changed = api.ok("PATCH", f"/assistants/{made['id']}", {"llm_config": llm(model="gpt-5")})["assistant"]
    assert changed["llm_config"] == {"provider": "openai", "model": "gpt-5"}
    api.refused(400, "PATCH", f"/assistants/{made['id']}", {"llm_config": {"temperature": 1}})


def test_nested_configs_are_merged_when_the_settings_say_so(make_api: MakeApi) -> None:
    api = make_api(nested_patch="merge")
    made = api.assistant(llm_config=llm(temperature=0.2, messages=[{"role": "system", "content": "Be kind."}]))
    path = f"/assistants/{made['id']}"
    changed = api.ok("PATCH", path, {"llm_config": {"temperature": 1}})["assistant"]
    assert changed["llm_config"] == {**made["llm_config"], "temperature": 1}
    changed = api.ok("PATCH", path, {"llm_config": {"temperature": None}})["assistant"]
    assert changed["llm_config"] == {**llm(), "messages": made["llm_config"]["messages"]}
    api.refused(400, "PATCH", path, {"llm_config": {"model": None}})
    speech = {"turn_taking": {"false_interruption_timeout": None}}
    assert api.ok("PATCH", path, {"speech_config": speech})["assistant"]["speech_config"] == speech


def test_expressive_voices_refuse_the_keys_they_do_not_know(api: Api) -> None:
    voice = {"provider": "elevenlabs", "voice_id": "v", "model": "eleven_v3", "stability": 0.5}
    made = api.assistant(tts_config=voice)
    details = api.refused(
        400, "PATCH", f"/assistants/{made['id']}", {"tts_config": {**voice, "speed": 1, "style": 0.1}}
    )["details"]
    assert [detail.split(":")[0] for detail in details] == ["tts_config.style", "tts_config.speed"]


def test_a_merge_keeps_keys_that_a_new_voice_model_refuses(make_api: MakeApi) -> None:
    api = make_api(nested_patch="merge")
    made = api.assistant(tts_config={"provider": "elevenlabs", "voice_id": "v", "speed": 1.1})
    path = f"/assistants/{made['id']}"
    api.refused(400, "PATCH", path, {"tts_config": {"model": "eleven_v4"}})
    changed = api.ok("PATCH", path, {"tts_config": {"model": "eleven_v4", "speed": None}})["assistant"]
    assert changed["tts_config"] == {"provider": "elevenlabs", "voice_id": "v", "model": "eleven_v4"}


@pytest.mark.parametrize(("stance", "kept"), [("null", None), ("kept", PIPELINE_TTS)])
def test_a_voice_of_a_realtime_assistant_follows_the_settings(make_api: MakeApi, stance: str, kept: Any) -> None:
    api = make_api(realtime_tts=stance)
    assert api.assistant(llm_config=REALTIME, tts_config=PIPELINE_TTS)["tts_config"] == kept
    assert api.assistant(llm_config=REALTIME)["tts_config"] is None


def test_a_voice_of_a_realtime_assistant_may_be_refused(make_api: MakeApi) -> None:
    body = {"name": "a", "llm_config": REALTIME, "tts_config": PIPELINE_TTS}
    make_api(realtime_tts="refused").refused(400, "POST", "/assistants", body)


def test_switching_back_to_a_pipeline_needs_a_voice(api: Api) -> None:
    made = api.assistant()
    path = f"/assistants/{made['id']}"
    assert api.ok("PATCH", path, {"llm_config": REALTIME})["assistant"]["tts_config"] is None
    api.refused(400, "PATCH", path, {"llm_config": llm()})
    changed = api.ok("PATCH", path, {"llm_config": llm(), "tts_config": PIPELINE_TTS})["assistant"]
    assert changed["tts_config"] == PIPELINE_TTS
    api.refused(400, "PATCH", path, {"tts_config": None})


def test_turn_detection_is_clamped_not_refused(api: Api) -> None:
    detection = {"threshold": 7, "prefix_padding_ms": -1, "silence_duration_ms": 50, "idle_timeout_ms": 10**6}
    config = {"provider": "xai_realtime", "model": "grok-voice-think-fast-2.0", "turn_detection": detection}
    stored = api.assistant(llm_config=config)["llm_config"]["turn_detection"]
    expected = {"threshold": 1, "prefix_padding_ms": 0, "silence_duration_ms": 100, "idle_timeout_ms": 30000}
    assert stored == expected


@pytest.mark.parametrize(
    "speech",
    [
        {"turn_taking": {"endpointing_min_delay": 3}},
        {"turn_taking": {"endpointing_min_delay": 1, "endpointing_max_delay": 0.5}},
        {"end_call_phrases": ["x!"]},
        {"end_call_phrases": ["bye now"] * 6},
        {"silence": {"messages": [""]}},
        {"pronunciation": [{"from": "", "to": "b"}]},
        {"background_audio": {"clip": "sea"}},
    ],
)
def test_speech_configs_are_checked(api: Api, speech: dict[str, Any]) -> None:
    api.refused(400, "POST", "/assistants", {"name": "a", "speech_config": speech})


@pytest.mark.parametrize(("stance", "shown"), [("returned", "hush-hush"), ("masked", "********"), ("null", None)])
def test_how_the_webhook_secret_is_shown_is_a_setting(make_api: MakeApi, stance: str, shown: str | None) -> None:
    api = make_api(webhook_secret=stance)
    made = api.assistant(webhook_secret="hush-hush")
    assert made["webhook_secret"] == shown
    assert api.ok("GET", "/assistants")["assistants"][0]["webhook_secret"] == shown
    changed = api.ok("PATCH", f"/assistants/{made['id']}", {"name": "b"})["assistant"]
    assert changed["webhook_secret"] == shown
    assert api.emulator.get("assistants", made["id"])["webhook_secret"] == "hush-hush"
    assert api.ok("PATCH", f"/assistants/{made['id']}", {"webhook_secret": None})["assistant"]["webhook_secret"] is None


@pytest.mark.parametrize("field", ["notification_emails", "recording_consent"])
def test_late_fields_on_create_follow_the_settings(make_api: MakeApi, field: str) -> None:
    value: Any = ["a@b.nl"] if field == "notification_emails" else {"enabled": True, "message": "May we?"}
    assert make_api().assistant(**{field: value})[field] is None
    assert make_api(late_fields="stored").assistant(**{field: value})[field] == value
    make_api(late_fields="refused").refused(400, "POST", "/assistants", {"name": "a", field: value})
    api = make_api()
    made = api.assistant()
    assert api.ok("PATCH", f"/assistants/{made['id']}", {field: value})["assistant"][field] == value


def test_at_most_five_notification_emails(api: Api) -> None:
    path = f"/assistants/{api.assistant()['id']}"
    api.refused(400, "PATCH", path, {"notification_emails": [f"{n}@b.nl" for n in range(6)]})
    api.refused(400, "PATCH", path, {"notification_emails": ["nobody"]})


def test_tools_are_accepted_in_every_form_and_kept(api: Api) -> None:
    tools = [
        WEBHOOK_TOOL,
        {**WEBHOOK_TOOL, "type": "function"},
        {**NESTED_TOOL, "async": True},
        {"type": "endCall"},
        {"type": "transfer_call", "destinations": []},
    ]
    assert api.assistant(llm_config=llm(tools=tools))["llm_config"]["tools"] == tools


@pytest.mark.parametrize(
    "tool", [{}, {"type": "mcp"}, {"type": "sing"}, {"name": "x"}, {"type": "function"}, "end_call"]
)
def test_a_tool_that_is_none_is_refused(api: Api, tool: Any) -> None:
    api.refused(400, "POST", "/assistants", {"name": "a", "llm_config": llm(tools=[tool])})


def test_tools_may_be_rewritten_flat_or_nested(make_api: MakeApi) -> None:
    flat = make_api(tool_form="flat").assistant(llm_config=llm(tools=[NESTED_TOOL]))["llm_config"]["tools"]
    assert flat == [{**NESTED_TOOL["function"], "server": NESTED_TOOL["server"]}]  # type: ignore[dict-item]
    nested = make_api(tool_form="nested").assistant(llm_config=llm(tools=[WEBHOOK_TOOL]))["llm_config"]["tools"]
    assert nested == [NESTED_TOOL]


def test_tool_names_may_be_rewritten(make_api: MakeApi) -> None:
    tools = [{"type": "endCall"}, {"type": "transferCall", "destinations": []}]
    stored = make_api(tool_names="snake").assistant(llm_config=llm(tools=tools))["llm_config"]["tools"]
    assert [tool["type"] for tool in stored] == ["end_call", "transfer_call"]


def test_silence_handling_may_store_an_end_call_tool(make_api: MakeApi) -> None:
    api = make_api(end_call_tool="stored")
    made = api.assistant(autonomous_silence_handling=True)
    assert made["llm_config"]["tools"] == [{"type": "end_call"}]
    assert "tools" not in make_api().assistant(autonomous_silence_handling=True)["llm_config"]
    has_one = api.assistant(autonomous_silence_handling=True, llm_config=llm(tools=[{"type": "endCall"}]))
    assert has_one["llm_config"]["tools"] == [{"type": "endCall"}]


@pytest.mark.parametrize(("stance", "stored"), [("kept", "11labs"), ("elevenlabs", "elevenlabs")])
def test_what_is_stored_of_the_voice_alias_is_a_setting(make_api: MakeApi, stance: str, stored: str) -> None:
    voice = {"provider": "11labs", "voice_id": "v"}
    assert make_api(tts_alias=stance).assistant(tts_config=voice)["tts_config"]["provider"] == stored


@pytest.mark.parametrize(("stance", "stored"), [("kept", ""), ("null", None)])
def test_what_is_stored_of_an_empty_text_is_a_setting(make_api: MakeApi, stance: str, stored: str | None) -> None:
    api = make_api(empty_text=stance)
    path = f"/assistants/{api.assistant()['id']}"
    assert api.ok("PATCH", path, {"first_message": ""})["assistant"]["first_message"] == stored


@pytest.mark.parametrize(("trims", "stored"), [(False, " Support "), (True, "Support")])
def test_trimming_of_names_is_a_setting(make_api: MakeApi, trims: bool, stored: str) -> None:
    assert make_api(trim_names=trims).assistant(name=" Support ")["name"] == stored


def test_models_may_need_a_stored_key(make_api: MakeApi) -> None:
    api = make_api(model_keys="refused")
    body = {"name": "a", "llm_config": {"provider": "google", "model": "gemini-3.5-flash"}}
    details = api.refused(400, "POST", "/assistants", body)["details"]
    assert details == ["llm_config.model: needs the organization's google_vertex key"]
    api.ok("POST", "/byok", {"provider": "google_vertex", "api_key": "k"})
    assert api.ok("POST", "/assistants", body)
    live = {"provider": "google_realtime", "model": "gemini-3.8-live"}
    api.refused(400, "POST", "/assistants", {"name": "a", "llm_config": live})


def test_an_mcp_tool_needs_an_existing_server(api: Api) -> None:
    tool = {"type": "mcp", "mcp_server_id": GONE, "allowed_tools": []}
    api.refused(400, "POST", "/assistants", {"name": "a", "llm_config": llm(tools=[tool])})


@pytest.mark.parametrize("stance", ["conflict", "detach", "cascade"])
def test_deleting_an_assistant_in_use_follows_the_settings(make_api: MakeApi, stance: str) -> None:
    api = make_api(delete_assistant=stance)
    agent = api.assistant()
    number = api.number(agent_id=agent["id"])
    campaign = api.campaign(agent_id=agent["id"])
    api.ok("PATCH", f"/campaigns/{campaign['id']}", {"status": "scheduled"})
    path = f"/assistants/{agent['id']}"
    if stance == "conflict":
        assert len(api.refused(409, "DELETE", path)["details"]) == 2
        api.ok("PATCH", f"/numbers/{number['id']}", {"agent_id": None})
        api.ok("DELETE", f"/campaigns/{campaign['id']}")
    api.ok("DELETE", path)
    numbers, campaigns = api.ok("GET", "/numbers")["numbers"], api.ok("GET", "/campaigns")["campaigns"]
    if stance == "cascade":
        assert (numbers, campaigns) == ([], [])
    elif stance == "detach":
        assert (numbers[0]["agent_id"], campaigns[0]["status"]) == (None, "paused")


def test_the_old_alias_serves_the_same_objects(api: Api, make_api: MakeApi) -> None:
    made = api.make("/agents", {"name": "a"})
    assert api.ok("GET", "/agents") == {"assistants": [made]} == api.ok("GET", "/assistants")
    assert api.ok("PATCH", f"/agents/{made['id']}", {"name": "b"})["assistant"]["name"] == "b"
    api.ok("DELETE", f"/agents/{made['id']}")
    assert make_api(agents_envelope="agent").ok("GET", "/agents") == {"agents": []}


def test_all_defaults_reach_into_tools(make_api: MakeApi) -> None:
    tools = make_api(defaults="all").assistant(llm_config=llm(tools=[WEBHOOK_TOOL]))["llm_config"]["tools"]
    assert tools == [{**WEBHOOK_TOOL, "async": False}]


@pytest.mark.parametrize(
    ("stance", "shown"),
    [("dropped", {}), ("masked", {"secret": "********"}), ("returned", {"secret": "hush"})],
)
def test_how_the_secret_of_a_tool_is_shown_is_a_setting(make_api: MakeApi, stance: str, shown: dict[str, str]) -> None:
    api = make_api(tool_secret=stance)
    tool = {**NESTED_TOOL, "server": {"url": "https://x.test", "secret": "hush"}}
    made = api.assistant(llm_config=llm(tools=[tool]))
    assert made["llm_config"]["tools"][0]["server"] == {"url": "https://x.test", **shown}
    stored = api.emulator.get("assistants", made["id"])["llm_config"]["tools"]
    assert stored == [tool]
    nodes = [{"id": "a", "type": "conversation", "instructions": "", "tools": [tool]}]
    flow = api.workflow(definition={"version": 1, "entry_node": "a", "nodes": nodes})
    assert flow["definition"]["nodes"][0]["tools"][0]["server"] == {"url": "https://x.test", **shown}


def test_text_and_numbers_may_be_tidied(make_api: MakeApi) -> None:
    """Nothing says that they are stored byte for byte, and every prompt file ends with a line break."""
    llm = {"provider": "openai", "model": "gpt-5.4", "temperature": 0.7}
    message = "Hello. \r\nCafe\u0301?\n"
    stored = make_api(tidies=True).assistant(name="A", first_message=message, llm_config=llm)
    assert stored["first_message"] == "Hello.\nCaf\u00e9?"
    assert stored["llm_config"]["temperature"] == pytest.approx(0.7)
    assert stored["llm_config"]["temperature"] != 0.7


def test_an_event_that_is_not_known_follows_the_settings(make_api: MakeApi) -> None:
    body = {"name": "a", "webhook_events": ["tool-calls", "new-event"]}
    assert make_api().assistant(**body)["webhook_events"] == body["webhook_events"]
    strict = make_api(unknown_events="refused")
    (detail,) = strict.refused(400, "POST", "/assistants", body)["details"]
    assert detail.startswith("webhook_events[1]: ")
