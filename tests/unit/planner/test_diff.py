"""What differs between declared and live, field by field; and what was applied, taken out, or cannot stay."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from support.readings import ref

from hmsplan.kinds import ASSISTANTS, BYOK_KEYS, CAMPAIGNS, MCP_SERVERS, NUMBERS, SIP_TRUNKS, TOOL_TEMPLATES
from hmsplan.kinds.identity import canonical
from hmsplan.model import MISSING, FieldChange, Secret, pattern
from hmsplan.planner.diff import (
    at_path,
    conflicting_fields,
    conflicting_keys,
    diff,
    dropped,
    items_by_key,
    moved,
    released,
    same,
    sort_key,
    switches,
)

LOOKUP = {"name": "lookup", "description": "Looks.", "parameters": {"type": "object"}}
TOOLS = pattern("llm_config.tools")


def llm(**more: Any) -> dict[str, Any]:
    return {"llm_config": {"provider": "openai", "model": "gpt-5.4", **more}}


def tools(*items: Any) -> dict[str, Any]:
    return {"llm_config": {"tools": list(items)}}


def paths(changes: tuple[FieldChange, ...]) -> list[tuple[str | int, ...]]:
    return [change.path for change in changes]


# Three states of a field


def test_a_field_that_is_not_declared_is_not_managed_at_any_depth() -> None:
    live = {"name": "A", "first_message": "Hi", "llm_config": {"model": "m", "temperature": 0.7, "messages": []}}
    assert diff(ASSISTANTS, {"name": "A", "llm_config": {"model": "m"}}, live) == ()


def test_a_value_that_differs_shows_both_sides() -> None:
    assert diff(ASSISTANTS, {"name": "B"}, {"name": "A"}) == (FieldChange(("name",), "A", "B"),)


def test_a_declared_field_that_the_object_lacks_shows_as_missing_before() -> None:
    assert diff(ASSISTANTS, {"first_message": "Hi"}, {}) == (FieldChange(("first_message",), MISSING, "Hi"),)


def test_null_asks_to_clear_what_is_there() -> None:
    assert diff(ASSISTANTS, {"first_message": None}, {"first_message": "Hi"}) == (
        FieldChange(("first_message",), "Hi", None),
    )


@pytest.mark.parametrize("live", [{}, {"first_message": None}, {"first_message": ""}])
def test_null_equals_absent_and_the_empty_text_where_null_clears(live: dict[str, Any]) -> None:
    """Empty string versus null on nullable text is unknown, so neither is planned over the other."""
    assert diff(ASSISTANTS, {"first_message": None}, live) == ()
    assert diff(ASSISTANTS, {"first_message": ""}, live) == ()


def test_the_empty_text_is_a_value_where_null_does_not_clear() -> None:
    assert paths(diff(ASSISTANTS, {"name": ""}, {"name": None})) == [("name",)]
    assert paths(diff(ASSISTANTS, {"llm_config": {"a": ""}}, {"llm_config": {"a": None}})) == [("llm_config", "a")]


@pytest.mark.parametrize("value", [False, 0, [], {}])
def test_a_falsy_value_is_not_nothing(value: Any) -> None:
    assert paths(diff(ASSISTANTS, {"tts_config": value}, {})) == [("tts_config",)]
    assert paths(diff(ASSISTANTS, {"tts_config": None}, {"tts_config": value})) == [("tts_config",)]


def test_null_inside_a_block_equals_absent() -> None:
    assert diff(ASSISTANTS, llm(temperature=None), llm()) == ()


def test_null_differs_from_absent_where_it_has_a_meaning_of_its_own() -> None:
    """false_interruption_timeout: null switches it off, absent is the platform's default."""

    def speech(**more: Any) -> dict[str, Any]:
        return {"speech_config": {"turn_taking": more}}

    path = ("speech_config", "turn_taking", "false_interruption_timeout")
    off = speech(false_interruption_timeout=None)
    assert diff(ASSISTANTS, off, speech()) == (FieldChange(path, MISSING, None),)
    assert diff(ASSISTANTS, off, off) == ()
    assert paths(diff(ASSISTANTS, speech(false_interruption_timeout=2), off)) == [path]


def test_a_block_over_nothing_is_one_change() -> None:
    assert paths(diff(ASSISTANTS, llm(), {"llm_config": None})) == [("llm_config",)]


def test_changes_are_sorted_by_path_whatever_the_order_of_the_file() -> None:
    changes = diff(ASSISTANTS, {"name": "B", "llm_config": {"temperature": 1, "model": "n"}, "first_message": "x"}, {})
    again = diff(ASSISTANTS, {"first_message": "x", "llm_config": {"model": "n", "temperature": 1}, "name": "B"}, {})
    assert changes == again
    assert paths(changes) == [("first_message",), ("llm_config",), ("name",)]


def test_indexes_sort_before_names_and_by_value() -> None:
    unsorted: list[tuple[str | int, ...]] = [("a", "b"), ("a", 10), ("a", 9), ("a",)]
    assert sorted(unsorted, key=sort_key) == [("a",), ("a", 9), ("a", 10), ("a", "b")]


def test_the_same_on_both_sides_is_no_change() -> None:
    spec = {**llm(tools=[LOOKUP], messages=[{"role": "system", "content": "x"}]), "webhook_events": ["a", "b"]}
    assert diff(ASSISTANTS, spec, copy.deepcopy(spec)) == ()


def test_a_field_that_no_answer_shows_is_left_out_and_hides_nothing_else() -> None:
    declared = {"config": {"region": "eu"}, "provider": "openai"}
    assert paths(diff(BYOK_KEYS, declared, {"provider": "azure"})) == [("provider",)]
    assert paths(diff(BYOK_KEYS, declared, {"provider": "openai", "config": {"region": "us"}})) == [
        ("config", "region")
    ]


# Lists


def test_a_list_of_values_compares_whole_and_in_order() -> None:
    assert diff(ASSISTANTS, llm(stop=["a", "b"]), llm(stop=["b", "a"])) == (
        FieldChange(("llm_config", "stop"), ["b", "a"], ["a", "b"]),
    )


@pytest.mark.parametrize(("live", "differs"), [(["b", "a"], False), (["a", "b", "b"], True), (["a"], True), ([], True)])
def test_an_unordered_list_is_a_multiset(live: list[str], differs: bool) -> None:
    assert bool(diff(ASSISTANTS, {"webhook_events": ["a", "b"]}, {"webhook_events": live})) is differs


def test_an_unordered_list_that_differs_is_shown_as_it_is_written() -> None:
    assert diff(ASSISTANTS, {"webhook_events": ["b", "a"]}, {"webhook_events": ["c"]}) == (
        FieldChange(("webhook_events",), ["c"], ["b", "a"]),
    )


def test_a_list_of_objects_compares_by_position_and_left_scoped_within() -> None:
    live = llm(messages=[{"role": "system", "content": "old", "id": "m1"}, {"role": "user", "content": "Hi"}])
    want = llm(messages=[{"role": "system", "content": "new"}, {"role": "user", "content": "Hi"}])
    assert diff(ASSISTANTS, want, live) == (FieldChange(("llm_config", "messages", 0, "content"), "old", "new"),)


def test_a_list_is_declared_whole_so_what_is_too_much_has_to_go() -> None:
    extra = {"role": "user", "content": "Hi"}
    live = llm(messages=[{"role": "system", "content": "x"}, extra])
    want = llm(messages=[{"role": "system", "content": "x"}])
    assert diff(ASSISTANTS, want, live) == (FieldChange(("llm_config", "messages", 1), extra, MISSING),)
    assert paths(diff(ASSISTANTS, llm(messages=[]), live)) == [
        ("llm_config", "messages", 0),
        ("llm_config", "messages", 1),
    ]


def test_an_item_that_the_list_lacks_is_missing_before() -> None:
    assert diff(ASSISTANTS, tools(LOOKUP), tools()) == (FieldChange((*TOOLS, "lookup"), MISSING, LOOKUP),)


def test_a_list_that_is_none_live_is_one_change() -> None:
    assert paths(diff(ASSISTANTS, llm(tools=[LOOKUP]), llm(tools=None))) == [TOOLS]


def test_a_list_of_objects_over_a_list_of_values_compares_whole() -> None:
    assert paths(diff(ASSISTANTS, llm(stop=[{"a": 1}]), llm(stop=["a"]))) == [("llm_config", "stop")]


# Tools: a keyed list


def test_the_order_of_tools_means_nothing() -> None:
    assert diff(ASSISTANTS, tools(LOOKUP, {"type": "end_call"}), tools({"type": "end_call"}, LOOKUP)) == ()


def test_a_change_inside_a_tool_is_named_by_the_tool() -> None:
    live = tools({"type": "end_call"}, {**LOOKUP, "description": "Old."})
    assert diff(ASSISTANTS, tools(LOOKUP, {"type": "end_call"}), live) == (
        FieldChange((*TOOLS, "lookup", "description"), "Old.", "Looks."),
    )


def test_a_tool_that_nobody_declared_is_taken_out() -> None:
    other = {"name": "other", "description": "x"}
    assert diff(ASSISTANTS, tools(LOOKUP), tools(LOOKUP, other)) == (FieldChange((*TOOLS, "other"), other, MISSING),)


@pytest.mark.parametrize(
    "live",
    [
        {"type": "function", "function": LOOKUP},
        {"type": "function", **LOOKUP},
        {"type": "function", "function": LOOKUP, "server": None, "async": False},
    ],
)
def test_a_tool_that_the_platform_rewrote_is_the_same_tool(live: dict[str, Any]) -> None:
    assert diff(ASSISTANTS, tools(LOOKUP), tools(live)) == ()
    assert diff(ASSISTANTS, tools({"type": "function", "function": LOOKUP}), tools(live)) == ()


def test_built_ins_are_the_same_in_both_spellings() -> None:
    assert diff(ASSISTANTS, tools({"type": "endCall"}), tools({"type": "end_call"})) == ()


def test_async_response_is_message() -> None:
    declared = tools({**LOOKUP, "async_response": "One moment."})
    assert diff(ASSISTANTS, declared, tools({**LOOKUP, "message": "One moment."})) == ()
    assert paths(diff(ASSISTANTS, declared, tools({**LOOKUP, "message": "Wait."}))) == [(*TOOLS, "lookup", "message")]


def test_numbers_and_urls_inside_tools_are_compared_in_canonical_form() -> None:
    def transfer(number: str) -> dict[str, Any]:
        return tools({"type": "transfer_call", "destinations": [{"type": "number", "number": number}]})

    assert diff(ASSISTANTS, transfer("0031 20 123 4567"), transfer("+31201234567")) == ()
    assert (
        diff(ASSISTANTS, tools({**LOOKUP, "url": "https://A.example"}), tools({**LOOKUP, "url": "https://a.example/"}))
        == ()
    )


def test_two_tools_of_one_name_are_told_apart_by_their_order() -> None:
    one, two = {**LOOKUP, "description": "One."}, {**LOOKUP, "description": "Two."}
    assert list(items_by_key(ASSISTANTS, TOOLS, [one, two, LOOKUP])) == ["lookup", "lookup#2", "lookup#3"]
    assert diff(ASSISTANTS, tools(LOOKUP), tools(LOOKUP, two)) == (FieldChange((*TOOLS, "lookup#2"), two, MISSING),)


def test_a_name_that_looks_like_a_second_one_hides_nothing() -> None:
    items = [{"name": "a"}, {"name": "a#2"}, {"name": "a"}]
    assert list(items_by_key(ASSISTANTS, TOOLS, items).values()) == items


def test_the_end_call_that_silence_handling_adds_stays() -> None:
    live = {**tools(LOOKUP, {"type": "end_call"}), "autonomous_silence_handling": True}
    assert diff(ASSISTANTS, {**tools(LOOKUP), "autonomous_silence_handling": True}, live) == ()
    assert diff(ASSISTANTS, tools(LOOKUP), live) == ()


def test_an_end_call_without_silence_handling_is_taken_out() -> None:
    live = tools(LOOKUP, {"type": "end_call"})
    assert paths(diff(ASSISTANTS, tools(LOOKUP), live)) == [(*TOOLS, "end_call")]
    off = {**tools(LOOKUP), "autonomous_silence_handling": False}
    assert paths(diff(ASSISTANTS, off, {**live, "autonomous_silence_handling": False})) == [(*TOOLS, "end_call")]


# Atomic, canonical, secret


def test_user_owned_json_compares_whole() -> None:
    """A key that only the live schema has is a difference there, and nowhere else."""
    live = {"type": "object", "properties": {"day": {"type": "string"}}}
    path = (*TOOLS, "lookup", "parameters")
    assert diff(ASSISTANTS, tools(LOOKUP), tools({**LOOKUP, "parameters": live})) == (
        FieldChange(path, live, {"type": "object"}),
    )


def test_elevenlabs_may_come_back_as_11labs() -> None:
    assert diff(ASSISTANTS, {"tts_config": {"provider": "elevenlabs"}}, {"tts_config": {"provider": "11labs"}}) == ()


def test_times_phone_numbers_and_urls_of_fields_are_compared_in_canonical_form() -> None:
    assert diff(CAMPAIGNS, {"schedule_start_time": "09:00"}, {"schedule_start_time": "09:00:00"}) == ()
    assert diff(NUMBERS, {"phone_number": "+31 85 083 5037"}, {"phone_number": "+31850835037"}) == ()
    assert diff(ASSISTANTS, {"webhook_url": "https://A.example:443"}, {"webhook_url": "https://a.example/"}) == ()


def test_a_change_shows_the_canonical_forms_that_were_compared() -> None:
    assert diff(CAMPAIGNS, {"schedule_start_time": "09:00"}, {"schedule_start_time": "08:00:00"}) == (
        FieldChange(("schedule_start_time",), "08:00:00", "09:00:00"),
    )


def test_nothing_has_no_canonical_form() -> None:
    assert canonical(CAMPAIGNS, ("schedule_start_time",), None) is None
    assert canonical(CAMPAIGNS, ("schedule_start_time",), MISSING) is MISSING


@pytest.mark.parametrize(
    "live", [{}, {"webhook_secret": None}, {"webhook_secret": "***"}, {"webhook_secret": Secret("(live)", "x")}]
)
def test_a_secret_is_never_compared_with_what_is_live(live: dict[str, Any]) -> None:
    assert diff(ASSISTANTS, {"webhook_secret": Secret("hook", "value", "f")}, live) == ()


def test_a_null_clears_a_secret_that_is_there_whatever_it_is() -> None:
    live = Secret(Secret.LIVE, "x")
    assert diff(ASSISTANTS, {"webhook_secret": None}, {"webhook_secret": live}) == (
        FieldChange(("webhook_secret",), live, None),
    )
    assert diff(ASSISTANTS, {"webhook_secret": None}, {"webhook_secret": None}) == ()


def test_a_null_clears_a_secret_that_was_applied_although_it_cannot_be_seen() -> None:
    applied = {"webhook_secret": {"$secret": "hook", "fingerprint": None}}
    assert dropped(ASSISTANTS, applied, {"webhook_secret": None}, {}) == (
        FieldChange(("webhook_secret",), MISSING, None),
    )
    assert dropped(ASSISTANTS, {"webhook_secret": None}, {"webhook_secret": None}, {}) == ()


def test_a_block_of_secrets_may_not_come_back_at_all() -> None:
    """Whether a tool's server.secret is shown is unknown; a plan must not find it missing for ever."""
    declared = tools({**LOOKUP, "url": "https://a.example/", "server": {"secret": Secret("t", "v")}})
    assert diff(ASSISTANTS, declared, tools({**LOOKUP, "url": "https://a.example/"})) == ()
    assert diff(ASSISTANTS, declared, tools({**LOOKUP, "url": "https://a.example/", "server": None})) == ()


def test_a_secret_inside_a_tool_is_not_compared_in_either_form() -> None:
    declared = tools({**LOOKUP, "server": {"url": "https://a.example/", "secret": Secret("t", "v")}})
    assert diff(ASSISTANTS, declared, tools({**LOOKUP, "url": "https://a.example/", "server": {}})) == ()
    nested = {"type": "function", "function": LOOKUP, "server": {"url": "https://a.example/", "secret": "***"}}
    assert diff(ASSISTANTS, declared, tools(nested)) == ()


def test_an_id_that_is_not_known_yet_differs_from_every_live_one() -> None:
    assert paths(diff(NUMBERS, {"agent_id": ref("assistants.a")}, {"agent_id": "a1"})) == [("agent_id",)]


def test_comparing_changes_neither_side() -> None:
    want, have = tools({"type": "function", "function": LOOKUP}), tools({**LOOKUP, "async_response": "x"})
    before = repr((want, have))
    diff(ASSISTANTS, want, have)
    assert repr((want, have)) == before


# at_path


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ((), {"llm_config": {"tools": [{"type": "function", "function": LOOKUP}], "stop": ["x"]}}),
        (("llm_config", "stop", 0), "x"),
        (("llm_config", "stop", 1), MISSING),
        ((*TOOLS, "lookup", "description"), "Looks."),
        ((*TOOLS, "other"), MISSING),
        (("name",), MISSING),
        (("llm_config", "stop", 0, "deeper"), MISSING),
    ],
)
def test_a_path_leads_through_blocks_lists_and_named_items(path: tuple[str | int, ...], found: Any) -> None:
    value = {"llm_config": {"tools": [{"type": "function", "function": LOOKUP}], "stop": ["x"]}}
    assert at_path(ASSISTANTS, value, path) == found


def test_the_case_of_a_key_counts_but_for_the_names_of_headers() -> None:
    assert at_path(ASSISTANTS, {"llm_config": {"Model": "m"}}, ("llm_config", "model")) is MISSING
    assert at_path(MCP_SERVERS, {"headers": {"X-Key": "v"}}, ("headers", "x-key")) == "v"
    assert dropped(ASSISTANTS, llm(Stop="x"), llm(stop="x"), llm(Stop="x", stop="x")) == (
        FieldChange(("llm_config", "Stop"), "x", MISSING),
    )


# Fields that were applied and taken out


def test_a_field_taken_out_is_cleared_where_null_clears() -> None:
    assert dropped(ASSISTANTS, {"first_message": "Hi"}, {}, {"first_message": "Hello"}) == (
        FieldChange(("first_message",), "Hello", None),
    )


@pytest.mark.parametrize("live", [{}, {"first_message": None}, {"first_message": ""}])
def test_a_field_taken_out_that_is_clear_already_is_no_change(live: dict[str, Any]) -> None:
    assert dropped(ASSISTANTS, {"first_message": "Hi"}, {}, live) == ()


def test_a_field_that_was_applied_as_null_leaves_nothing_to_clear() -> None:
    """Somebody else's value that came later is not ours to take away."""
    assert dropped(ASSISTANTS, {"first_message": None}, {}, {"first_message": "theirs"}) == ()


def test_a_field_taken_out_that_null_does_not_clear_is_released() -> None:
    applied = {"name": "A", "stt_config": {"provider": "deepgram"}, "max_tokens": 1, "first_message": "Hi"}
    assert dropped(ASSISTANTS, applied, {"name": "A"}, {**applied}) == (FieldChange(("first_message",), "Hi", None),)
    assert released(ASSISTANTS, applied, {"name": "A"}) == (("max_tokens",), ("stt_config",))


def test_a_block_taken_out_is_cleared_whole_and_a_map_of_secrets_name_by_name() -> None:
    speech = {"speech_config": {"turn_taking": {"min_delay": 1}}}
    assert dropped(ASSISTANTS, speech, {}, speech) == (FieldChange(("speech_config",), speech["speech_config"], None),)
    applied = {"headers": {"X-One": {"$secret": "one", "fingerprint": None}}}
    shown = {name: Secret(Secret.LIVE, "x") for name in ("X-One", "X-Two")}
    assert dropped(MCP_SERVERS, applied, {}, {"headers": shown}) == tuple(
        FieldChange(("headers", name), secret, MISSING) for name, secret in shown.items()
    )


def test_a_secret_taken_out_is_cleared_although_it_cannot_be_seen() -> None:
    assert dropped(ASSISTANTS, {"webhook_secret": {"$secret": "hook", "fingerprint": None}}, {}, {}) == (
        FieldChange(("webhook_secret",), MISSING, None),
    )


@pytest.mark.parametrize("left", [{}, {"server": {"url": "https://a.example"}}])
def test_a_secret_taken_out_of_a_tool_leaves_although_no_answer_shows_it(left: dict[str, Any]) -> None:
    kept = {"$secret": "hook", "fingerprint": "f1", "version": 2}
    applied = tools({**LOOKUP, "server": {"url": "https://a.example", "secret": kept, "timeout": 5}})
    (change,) = dropped(ASSISTANTS, applied, tools({**LOOKUP, **left}), tools({**LOOKUP, **left}))
    assert change.path == ("llm_config", "tools", "lookup", "server", "secret")
    assert (change.before, change.after) == (Secret("hook", None, "f1", 2), MISSING)


def test_a_key_taken_out_of_a_block_leaves_the_block() -> None:
    applied, live = llm(temperature=0.5, top_p=1), llm(temperature=0.6, top_p=1)
    assert dropped(ASSISTANTS, applied, llm(top_p=1), live) == (
        FieldChange(("llm_config", "temperature"), 0.6, MISSING),
    )


@pytest.mark.parametrize("live", [{}, {"temperature": None}])
def test_a_key_taken_out_that_is_not_there_any_more_is_no_change(live: dict[str, Any]) -> None:
    assert dropped(ASSISTANTS, llm(temperature=0.5), llm(), llm(**live)) == ()


def test_a_null_taken_out_is_no_change_unless_null_has_a_meaning() -> None:
    def speech(**more: Any) -> dict[str, Any]:
        return {"speech_config": {"turn_taking": {"min_delay": 1, **more}}}

    assert dropped(ASSISTANTS, llm(temperature=None), llm(), llm(temperature=0.7)) == ()
    off = speech(false_interruption_timeout=None)
    path = ("speech_config", "turn_taking", "false_interruption_timeout")
    assert dropped(ASSISTANTS, off, speech(), off) == (FieldChange(path, None, MISSING),)
    assert dropped(ASSISTANTS, off, speech(), speech()) == ()


def test_a_key_taken_out_of_a_tool_leaves_the_tool_in_whatever_form_it_is_stored() -> None:
    applied = tools({**LOOKUP, "message": "One moment."})
    live = tools({"type": "function", "function": LOOKUP, "async_response": "One moment."})
    assert dropped(ASSISTANTS, applied, tools(LOOKUP), live) == (
        FieldChange((*TOOLS, "lookup", "message"), "One moment.", MISSING),
    )


def test_a_whole_tool_taken_out_is_the_business_of_the_list() -> None:
    assert dropped(ASSISTANTS, tools(LOOKUP, {"type": "end_call"}), tools(LOOKUP), tools(LOOKUP)) == ()


def test_a_key_taken_out_of_a_message_is_found_by_its_position() -> None:
    applied = llm(messages=[{"role": "system", "content": "x", "name": "n"}])
    found = dropped(ASSISTANTS, applied, llm(messages=[{"role": "system", "content": "x"}]), applied)
    assert paths(found) == [("llm_config", "messages", 0, "name")]


def test_inside_user_owned_json_and_secrets_nothing_is_dropped() -> None:
    applied = tools({**LOOKUP, "parameters": {"type": "object", "required": []}})
    assert dropped(ASSISTANTS, applied, tools(LOOKUP), applied) == ()
    secret = {"webhook_secret": {"$secret": "hook", "fingerprint": "f"}}
    assert dropped(ASSISTANTS, secret, {"webhook_secret": Secret("new", "v")}, {"webhook_secret": "***"}) == ()


@pytest.mark.parametrize("live", [{}, {"llm_config": None}, {"llm_config": "text"}])
def test_nothing_is_dropped_from_a_block_that_is_not_there(live: dict[str, Any]) -> None:
    assert dropped(ASSISTANTS, llm(temperature=1), llm(), live) == ()


# Keys that cannot stay beside what is declared


def test_another_provider_keeps_nothing_of_the_old_block() -> None:
    live = {"tts_config": {"provider": "elevenlabs", "voice_id": "v", "stability": 0.5, "speed": None}}
    want = {"tts_config": {"provider": "cartesia", "voice_id": "w"}}
    assert conflicting_fields(ASSISTANTS, want, live) == (FieldChange(("tts_config", "stability"), 0.5, MISSING),)


def test_an_alias_of_the_provider_is_no_switch() -> None:
    live = {"tts_config": {"provider": "11labs", "stability": 0.5}}
    assert conflicting_fields(ASSISTANTS, {"tts_config": {"provider": "elevenlabs"}}, live) == ()
    assert not switches(ASSISTANTS, "tts_config", {"tts_config": {"provider": "elevenlabs"}}, live)


def test_a_provider_that_is_not_declared_or_not_known_is_no_switch() -> None:
    live = {"tts_config": {"provider": "elevenlabs", "stability": 0.5}}
    assert conflicting_fields(ASSISTANTS, {"tts_config": {"stability": 0.7}}, live) == ()
    assert (
        conflicting_fields(ASSISTANTS, {"tts_config": {"provider": "cartesia"}}, {"tts_config": {"stability": 0.5}})
        == ()
    )


@pytest.mark.parametrize("live", [{}, {"tts_config": None}])
def test_nothing_is_displaced_from_a_block_that_is_not_there(live: dict[str, Any]) -> None:
    assert conflicting_fields(ASSISTANTS, {"tts_config": {"provider": "cartesia"}}, live) == ()
    assert conflicting_fields(ASSISTANTS, {"tts_config": None}, {"tts_config": {"provider": "elevenlabs"}}) == ()


@pytest.mark.parametrize("model", ["eleven_v3", "eleven_v4", "eleven_v4_turbo"])
def test_elevenlabs_v3_and_v4_refuse_keys_that_have_to_go_in_the_same_request(model: str) -> None:
    live = {
        "tts_config": {
            "provider": "elevenlabs",
            "model": "eleven_flash_v2_5",
            "stability": 0.5,
            "similarity_boost": 0.7,
            "style": 0.1,
            "speed": 1,
            "use_speaker_boost": True,
        }
    }
    found = conflicting_fields(ASSISTANTS, {"tts_config": {"provider": "elevenlabs", "model": model}}, live)
    assert {change.path[1] for change in found} == {"similarity_boost", "style", "speed", "use_speaker_boost"}
    assert all(change.after is MISSING for change in found)


def test_a_refused_key_that_is_declared_is_left_to_the_author() -> None:
    live = {"tts_config": {"provider": "elevenlabs", "model": "eleven_flash_v2_5", "speed": 1}}
    assert conflicting_fields(ASSISTANTS, {"tts_config": {"model": "eleven_v3", "speed": 1}}, live) == ()


def test_another_model_refuses_nothing() -> None:
    live = {"tts_config": {"provider": "elevenlabs", "model": "eleven_v3", "stability": 1}}
    want = {"tts_config": {"provider": "elevenlabs", "model": "eleven_flash_v2_5"}}
    assert conflicting_fields(ASSISTANTS, want, live) == ()
    assert conflicting_keys(ASSISTANTS, "stt_config", {"stt_config": {}}, {"stt_config": {}}) == frozenset()


def test_a_model_that_only_the_live_object_names_counts_too() -> None:
    live = {"tts_config": {"provider": "elevenlabs", "model": "eleven_v3", "speed": 1}}
    assert paths(conflicting_fields(ASSISTANTS, {"tts_config": {"stability": 1}}, live)) == [("tts_config", "speed")]


def test_the_type_of_a_tool_template_stands_beside_the_block_that_it_decides() -> None:
    live = {"tool_type": "function", "tool_config": {"name": "a", "url": "https://a.example/"}}
    want = {"tool_type": "transfer_call", "tool_config": {"destinations": []}}
    assert sorted(paths(conflicting_fields(TOOL_TEMPLATES, want, live))) == [
        ("tool_config", "name"),
        ("tool_config", "url"),
    ]
    assert (
        conflicting_fields(TOOL_TEMPLATES, {"tool_type": "endCall"}, {"tool_type": "end_call", "tool_config": {"a": 1}})
        == ()
    )


def test_a_kind_without_unions_displaces_nothing() -> None:
    assert conflicting_fields(SIP_TRUNKS, {"provider": "b"}, {"provider": "a"}) == ()
    assert not switches(SIP_TRUNKS, "provider", {"provider": "b"}, {"provider": "a"})


def test_a_voice_taken_out_is_released_for_a_pipeline_assistant_cannot_do_without() -> None:
    voice = {"tts_config": {"provider": "elevenlabs", "voice_id": "v1"}}
    assert dropped(ASSISTANTS, voice, {}, voice) == ()
    assert released(ASSISTANTS, voice, {}) == (("tts_config",),)


def test_a_block_of_secrets_alone_is_unseen_only_where_there_is_no_block() -> None:
    want = tools({**LOOKUP, "server": {"secret": Secret("hook", "v")}})
    assert diff(ASSISTANTS, want, tools(LOOKUP)) == ()
    assert paths(diff(ASSISTANTS, want, tools({**LOOKUP, "server": "odd"}))) == [
        ("llm_config", "tools", "lookup", "server")
    ]


def test_a_tool_that_somebody_added_takes_no_part_in_what_was_taken_out() -> None:
    applied, kept, other = {**LOOKUP, "url": "https://a.example"}, LOOKUP, {"name": "other", "description": "O."}
    assert paths(dropped(ASSISTANTS, tools(applied), tools(kept), tools(applied, other))) == [
        ("llm_config", "tools", "lookup", "url")
    ]


def test_every_block_that_switches_loses_what_cannot_stay() -> None:
    want = {block: {"provider": "new"} for block in ("llm_config", "stt_config", "tts_config")}
    live = {block: {"provider": "old", "x": 1} for block in want}
    assert sorted(paths(conflicting_fields(ASSISTANTS, want, live))) == [(block, "x") for block in want]
    del live["llm_config"]
    assert sorted(paths(conflicting_fields(ASSISTANTS, want, live))) == [("stt_config", "x"), ("tts_config", "x")]


def test_a_key_that_only_other_models_refuse_stays() -> None:
    live = {"tts_config": {"provider": "elevenlabs", "model": "eleven_flash_v2_5", "speed": 1.1}}
    want = {"tts_config": {"model": "eleven_flash_v2_5", "stability": 0.5}}
    assert conflicting_keys(ASSISTANTS, "tts_config", want, live) == frozenset()
    assert conflicting_keys(ASSISTANTS, "tts_config", {"tts_config": {"model": "eleven_v3"}}, live) == {"speed"}


def test_a_block_that_is_cleared_switches_to_nothing() -> None:
    assert not switches(ASSISTANTS, "tts_config", {"tts_config": None}, {"tts_config": {"provider": "elevenlabs"}})


def test_another_spelling_of_the_same_provider_is_no_switch() -> None:
    live = {"tts_config": {"provider": "elevenlabs"}}
    assert not switches(ASSISTANTS, "tts_config", {"tts_config": {"provider": "11labs"}}, live)


@pytest.mark.parametrize(("old", "new"), [(True, 1), (0, False), ([1], [True]), ({"a": 1}, {"a": True})])
def test_true_is_not_one_in_json_of_the_users_own(old: Any, new: Any) -> None:
    """Python thinks so, and the change of a default from 1 to true was never planned."""
    path = ("analysis_plan", "structured_data_plan", "schema")

    def spec(value: Any) -> dict[str, Any]:
        return {"analysis_plan": {"structured_data_plan": {"schema": {"properties": {"a": {"default": value}}}}}}

    (change,) = diff(ASSISTANTS, spec(new), spec(old))
    assert change.path == path
    tool = {"type": "function", "name": "lookup", "parameters": {"default": old}}
    (change,) = diff(ASSISTANTS, tools({**tool, "parameters": {"default": new}}), tools(tool))
    assert change.path[-1] == "parameters"
    assert diff(ASSISTANTS, spec(1), spec(1.0)) == ()


def test_true_is_not_one_beside_what_is_no_json_either() -> None:
    """An id that is not known yet cannot be written as JSON, so the fast comparison does not know."""

    def spec(value: Any) -> dict[str, Any]:
        return tools({**LOOKUP, "mcp_server_id": ref("mcp_servers.m"), "parameters": {"default": value}})

    assert paths(diff(ASSISTANTS, spec(True), spec(1))) == [(*TOOLS, "lookup", "parameters")]
    assert diff(ASSISTANTS, spec(1), spec(1)) == ()


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (None, None, True),
        (None, [], False),
        ({}, [], False),
        ([], {}, False),
        ([], "", False),
        ({"a": [1]}, {"a": [1.0]}, True),
        ({"a": 1}, {"b": 1}, False),
        ([1], [1, 2], False),
    ],
)
def test_values_of_two_types_are_never_the_same_json(one: Any, other: Any, alike: bool) -> None:
    assert same(one, other) is alike
    assert same(other, one) is alike


# What moved between the plan and the write

GREETING = FieldChange(("first_message",), "Hi", "Hello")


@pytest.mark.parametrize("message", ["Hi", "Hello"])
def test_a_field_that_is_as_it_was_or_as_it_shall_be_has_not_moved(message: str) -> None:
    assert moved(ASSISTANTS, [GREETING], {"first_message": message}) == ()


@pytest.mark.parametrize(("live", "have"), [({"first_message": "Theirs"}, "Theirs"), ({}, MISSING)])
def test_a_field_that_somebody_changed_meanwhile_is_told_with_what_it_is_now(live: dict[str, Any], have: Any) -> None:
    assert moved(ASSISTANTS, [GREETING], live) == (FieldChange(("first_message",), "Hi", have),)


@pytest.mark.parametrize(
    "secret",
    [
        FieldChange(("webhook_secret",), MISSING, Secret("hook", "v")),
        FieldChange(("webhook_secret",), Secret(Secret.LIVE, "x"), None),
    ],
    ids=["set", "cleared"],
)
def test_what_is_live_of_a_secret_is_unknown_and_hides_nothing_else(secret: FieldChange) -> None:
    live = {"webhook_secret": "***", "first_message": "Theirs"}
    assert paths(moved(ASSISTANTS, [secret, GREETING], live)) == [("first_message",)]


def test_what_an_answer_leaves_out_has_not_moved_and_hides_nothing_else() -> None:
    unshown = FieldChange(("config", "region"), MISSING, "eu")
    provider = FieldChange(("provider",), "openai", "azure")
    live = {"provider": "groq"}
    assert "config" in BYOK_KEYS.write_only
    assert paths(moved(BYOK_KEYS, [unshown, provider], live)) == [("provider",)]
    assert paths(moved(BYOK_KEYS, [unshown], {"config": {"region": "us"}})) == [("config", "region")]


@pytest.mark.parametrize(
    ("now", "has_moved"),
    [
        ({"type": "function", "function": LOOKUP}, False),
        ({**LOOKUP, "url": "https://a.example"}, True),
        ({key: value for key, value in LOOKUP.items() if key != "description"}, True),
    ],
    ids=["in another form", "with a key more", "with a key less"],
)
def test_a_whole_tool_has_moved_when_anything_in_it_was_added_or_taken_out(now: Any, has_moved: bool) -> None:
    change = FieldChange((*TOOLS, "lookup"), LOOKUP, MISSING)
    assert bool(moved(ASSISTANTS, [change], tools(now))) is has_moved


@pytest.mark.parametrize(("left", "has_moved"), [((LOOKUP,), False), ((LOOKUP, {"type": "end_call"}), True)])
def test_a_whole_block_has_moved_when_a_tool_came_to_it(left: tuple[Any, ...], has_moved: bool) -> None:
    change = FieldChange(("llm_config",), tools(LOOKUP)["llm_config"], None)
    assert bool(moved(ASSISTANTS, [change], tools(*left))) is has_moved
