"""The bodies that are sent: blocks complete, right whether the API merges or replaces them, nothing shared wrongly."""

from __future__ import annotations

import copy
from types import MappingProxyType
from typing import Any

import pytest
from support.readings import at, ref

from hmsplan.kinds import ASSISTANTS, TOOL_TEMPLATES
from hmsplan.model import Secret, leaves
from hmsplan.planner.diff import diff
from hmsplan.planner.request_body import nulled, overlay, resolve, unknown, without

LIVE: dict[str, Any] = {
    "name": "A",
    "first_message": "Hi",
    "llm_config": {
        "provider": "openai",
        "model": "gpt-5.4",
        "temperature": 0.7,
        "messages": [{"role": "system", "content": "x", "id": "m1"}],
        "nested": {"deep": {"a": 1, "b": 2}},
    },
}


def test_only_declared_fields_are_sent_at_the_top() -> None:
    assert overlay(ASSISTANTS, {"name": "B"}, LIVE) == {"name": "B"}


def test_null_reaches_the_wire() -> None:
    assert overlay(ASSISTANTS, {"first_message": None, "llm_config": None}, LIVE) == {
        "first_message": None,
        "llm_config": None,
    }


def test_a_block_is_sent_complete_with_what_is_live_under_what_is_declared() -> None:
    """A PATCH of llm_config without messages would drop the prompt under one reading of the documentation."""
    body = overlay(ASSISTANTS, {"llm_config": {"model": "m", "nested": {"deep": {"a": 9}}}}, LIVE)
    assert body["llm_config"] == {**LIVE["llm_config"], "model": "m", "nested": {"deep": {"a": 9, "b": 2}}}


def test_a_list_has_the_declared_items() -> None:
    live = {"llm_config": {"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "gone"}]}}
    messages = [{"role": "system", "content": "y"}]
    assert overlay(ASSISTANTS, {"llm_config": {"messages": messages}}, live)["llm_config"]["messages"] == messages


def test_what_nobody_declares_lives_on_in_the_item_of_a_list() -> None:
    """A field that is absent is not managed, and a block is sent whole: what the dashboard set must ride along."""
    messages = [{"role": "system", "content": "y"}]
    body = overlay(ASSISTANTS, {"llm_config": {"messages": messages}}, LIVE)["llm_config"]
    assert body["messages"] == [{"role": "system", "content": "y", "id": "m1"}]


def tools(declared: list[Any], live: list[Any], removed: tuple[Any, ...] = ()) -> Any:
    body = overlay(ASSISTANTS, {"llm_config": {"tools": declared}}, {"llm_config": {"tools": live}}, removed)
    return body["llm_config"]["tools"]


BOOK: dict[str, Any] = {"name": "book", "description": "Books a slot", "url": "https://hooks.example/book"}


def test_a_tool_keeps_what_the_dashboard_gave_it() -> None:
    secret = Secret(Secret.LIVE, "s3cret-of-the-dashboard")
    live = {**BOOK, "async": True, "parameters": {"type": "object"}, "server": {"url": BOOK["url"], "secret": secret}}
    (tool,) = tools([{**BOOK, "description": "Books one"}], [{"name": "other"}, live])
    assert tool == {**live, "description": "Books one"}


def test_a_nested_tool_gives_what_it_has_to_a_flat_one() -> None:
    """The flat and the nested form are one tool; which of them is stored is unknown."""
    nested = {"type": "function", "function": {"name": "book", "parameters": {"a": 1}}, "server": {"url": BOOK["url"]}}
    assert tools([BOOK], [nested]) == [{**BOOK, "parameters": {"a": 1}}]
    assert tools([nested], [{**BOOK, "async": True}]) == [
        {"name": "book", "parameters": {"a": 1}, "description": "Books a slot", "async": True, "url": BOOK["url"]}
    ]


def test_a_tool_that_has_nothing_more_keeps_the_form_of_its_author() -> None:
    nested = {"type": "function", "function": {"name": "book"}, "server": {"url": BOOK["url"]}}
    assert tools([nested], [{"name": "book", "url": BOOK["url"]}]) == [nested]


def test_a_key_taken_out_of_a_tool_leaves_it() -> None:
    path = ("llm_config", "tools", "book", "description")
    live = {**BOOK, "async": True}
    assert tools([{"name": "book", "url": BOOK["url"]}], [live], (path,)) == [
        {"name": "book", "url": BOOK["url"], "async": True}
    ]


def test_a_destination_is_known_by_its_number_wherever_it_stands() -> None:
    """Or a message would be spoken before the transfer to somebody else."""
    desk = {"type": "number", "number": "+31201234567", "description": "Desk"}
    night = {"type": "number", "number": "+31207654321", "description": "Night"}
    live = {"type": "transfer_call", "destinations": [{**desk, "message": "One moment."}]}
    (tool,) = tools([{"type": "transfer_call", "destinations": [night, desk]}], [live])
    assert tool["destinations"] == [night, {**desk, "message": "One moment."}]


@pytest.mark.parametrize("live", [{}, {"llm_config": None}, {"llm_config": "text"}])
def test_a_block_over_nothing_is_the_declared_one(live: dict[str, Any]) -> None:
    assert overlay(ASSISTANTS, {"llm_config": {"model": "m"}}, live) == {"llm_config": {"model": "m"}}


def test_removed_keys_leave_their_block_at_any_depth() -> None:
    removed = [("llm_config", "temperature"), ("llm_config", "nested", "deep", "a"), ("name",)]
    body = overlay(ASSISTANTS, {"llm_config": {"nested": {"deep": {"b": 3}}}}, LIVE, removed)["llm_config"]
    assert "temperature" not in body
    assert body["nested"] == {"deep": {"b": 3}}
    assert body["messages"] == LIVE["llm_config"]["messages"]


def test_a_removed_key_that_is_declared_after_all_is_sent() -> None:
    body = overlay(ASSISTANTS, {"llm_config": {"temperature": 1}}, LIVE, [("llm_config", "temperature")])
    assert body["llm_config"]["temperature"] == 1


def test_another_provider_keeps_nothing_of_the_live_block() -> None:
    live = {"tts_config": {"provider": "elevenlabs", "voice_id": "v", "stability": 0.5}}
    want = {"tts_config": {"provider": "cartesia", "voice_id": "w"}}
    assert overlay(ASSISTANTS, want, live) == want


def test_keys_that_elevenlabs_v3_refuses_are_not_sent_along() -> None:
    live = {"tts_config": {"provider": "elevenlabs", "model": "eleven_flash_v2_5", "stability": 0.5, "speed": 1}}
    body = overlay(ASSISTANTS, {"tts_config": {"model": "eleven_v3"}}, live)
    assert body == {"tts_config": {"provider": "elevenlabs", "model": "eleven_v3", "stability": 0.5}}


def test_user_owned_json_is_sent_as_declared_and_never_mixed_with_the_live_one() -> None:
    live = {"tool_type": "function", "tool_config": {"name": "a", "parameters": {"type": "object", "required": ["x"]}}}
    body = overlay(TOOL_TEMPLATES, {"tool_config": {"parameters": {"type": "object"}}}, live)
    assert body == {"tool_config": {"name": "a", "parameters": {"type": "object"}}}


def test_what_was_built_is_equal_once_stored_whether_the_api_merges_or_replaces() -> None:
    want = {"llm_config": {"model": "m", "messages": [], "nested": {"deep": {"c": 3}}}, "first_message": None}
    body = overlay(ASSISTANTS, want, LIVE)
    merged = {**LIVE, **body, "llm_config": {**LIVE["llm_config"], **body["llm_config"]}}
    assert diff(ASSISTANTS, want, {**LIVE, **body}) == diff(ASSISTANTS, want, merged) == ()


def test_building_a_body_changes_neither_side_and_a_body_can_be_changed_freely() -> None:
    want = {"llm_config": {"model": "m", "nested": {"deep": {"a": 9}}}}
    live, declared = copy.deepcopy(LIVE), copy.deepcopy(want)
    body = overlay(ASSISTANTS, want, live)
    body["llm_config"]["nested"]["deep"]["a"] = 0
    body["llm_config"].clear()
    body.clear()
    assert (live, want) == (LIVE, declared)


# without


def test_paths_are_taken_out_of_blocks() -> None:
    assert without(LIVE, [("llm_config", "nested", "deep", "a"), ("name",)]) == {
        "first_message": "Hi",
        "llm_config": {**LIVE["llm_config"], "nested": {"deep": {"b": 2}}},
    }


@pytest.mark.parametrize("path", [("other",), ("name", "deeper"), ("llm_config", "other", "deeper")])
def test_a_path_that_leads_nowhere_takes_nothing_out(path: tuple[str, ...]) -> None:
    assert without(LIVE, [path]) == LIVE


def test_taking_out_shares_what_is_untouched_and_leaves_the_original() -> None:
    before = copy.deepcopy(LIVE)
    less = without(LIVE, [("llm_config", "temperature")])
    assert before == LIVE
    assert less["llm_config"]["nested"] is LIVE["llm_config"]["nested"]
    assert without(LIVE, []) is LIVE


# resolve, leaves, unknown


def test_references_with_a_known_id_are_replaced_at_every_depth() -> None:
    spec = {"agent_id": ref("assistants.a"), "list": [{"x": ref("assistants.b")}, ref("assistants.a")]}
    assert resolve(spec, {at("assistants.a"): "a1"}) == {"agent_id": "a1", "list": [{"x": ref("assistants.b")}, "a1"]}


def test_what_holds_no_known_reference_is_shared_not_copied() -> None:
    spec = {"agent_id": ref("assistants.b"), "llm_config": {"tools": [1]}}
    assert resolve(spec, {at("assistants.a"): "a1"}) is spec
    resolved = resolve({"a": ref("assistants.a"), **spec}, {at("assistants.a"): "a1"})
    assert resolved["llm_config"] is spec["llm_config"]


def test_read_only_mappings_are_resolved_too() -> None:
    spec = MappingProxyType({"a": MappingProxyType({"b": ref("assistants.a")})})
    assert resolve(spec, {at("assistants.a"): "a1"}) == {"a": {"b": "a1"}}


def test_leaves_are_scalars_references_and_secrets_with_their_paths() -> None:
    spec = {"a": [1, {"b": ref("assistants.a")}], "c": Secret("s"), "d": {}, "e": None}
    assert list(leaves(spec)) == [
        (("a", 0), 1),
        (("a", 1, "b"), ref("assistants.a")),
        (("c",), Secret("s")),
        (("e",), None),
    ]
    assert list(leaves("text")) == [((), "text")]


def test_an_unknown_id_is_found_however_deep() -> None:
    assert unknown({"a": [{"b": ref("assistants.a")}]})
    assert not unknown({"a": [{"b": "id"}], "c": Secret("s")})


def test_null_is_laid_where_the_mappings_reach() -> None:
    body = {"llm_config": {"model": "m", "tools": []}}
    paths = [("llm_config", "temperature"), ("llm_config", "tools", "old"), ("speech_config", "x")]
    assert nulled(body, paths) == {"llm_config": {"model": "m", "tools": [], "temperature": None}}
    assert "temperature" not in body["llm_config"]
