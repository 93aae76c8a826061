"""Did it stick? What was sent against what the API has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.apply.verify import is_vital, left_behind, merged_blocks, told, unkept, vital
from hmsplan.kinds import ASSISTANTS, CAMPAIGNS, NUMBERS
from hmsplan.model import Secret

if TYPE_CHECKING:
    from hmsplan.kinds import Kind
    from hmsplan.model import Spec


def mismatches(kind: Kind, sent: Spec, live: Spec, *, whole: bool = False) -> str:
    """Say what an answer has otherwise than it was sent."""
    return told(unkept(kind, sent, live, whole=whole))


SENT: dict[str, Any] = {"name": "A", "llm_config": {"model": "m", "temperature": 0.5}}


def test_what_the_api_has_as_it_was_sent_is_no_mismatch() -> None:
    live = {"name": "A", "llm_config": {"model": "m", "temperature": 0.5, "extra": 1}, "other": 1}
    assert mismatches(ASSISTANTS, SENT, live) == ""


def test_a_field_that_did_not_stick_is_told_with_both_values() -> None:
    live = {"name": "A", "llm_config": {"model": "m", "temperature": 0.7}}
    assert mismatches(ASSISTANTS, SENT, live) == "the API did not keep llm_config.temperature: sent 0.5, has 0.7"


def test_a_nested_key_that_was_dropped_is_told() -> None:
    live = {"name": "B", "llm_config": {"model": "m"}}
    assert mismatches(ASSISTANTS, SENT, live) == (
        "the API did not keep llm_config.temperature: sent 0.5, has nothing; "
        "the API did not keep name: sent 'A', has 'B'"
    )


def test_an_answer_need_not_repeat_every_field() -> None:
    assert mismatches(ASSISTANTS, SENT, {"name": "A"}) == ""
    assert mismatches(ASSISTANTS, SENT, {}) == ""


def test_the_whole_object_has_every_field_that_was_stored() -> None:
    """Phone numbers have a name in the guides, and no type of the newest SDK has one."""
    sent = {"phone_number": "+31201234567", "name": "Main"}
    live = {"phone_number": "+31201234567"}
    assert mismatches(NUMBERS, sent, live, whole=True) == "the API did not keep name: sent 'Main', has nothing"


@pytest.mark.parametrize(
    "stored",
    ["Hello.\nBye.", "Hello.\r\nBye.\r\n", " Hello. \nBye.\t\n\n"],
)
def test_text_that_the_platform_tidied_was_kept(stored: str) -> None:
    assert mismatches(ASSISTANTS, {"first_message": "Hello.\nBye.\n"}, {"first_message": stored}) == ""


def test_the_unicode_form_and_the_last_bits_of_a_float_are_the_platforms() -> None:
    sent = {"first_message": "cafe\u0301", "llm_config": {"temperature": 0.7}}
    live = {"first_message": "caf\u00e9", "llm_config": {"temperature": 0.699999988079071}}
    assert mismatches(ASSISTANTS, sent, live) == ""
    assert mismatches(ASSISTANTS, sent, {"llm_config": {"temperature": 0.71}}) != ""


ATTACHED = {"type": "mcp", "mcp_server_id": "m1", "allowed_tools": ["find"]}


@pytest.mark.parametrize(
    ("kind", "sent", "live"),
    [
        (NUMBERS, {"agent_id": "a1"}, {"agent_id": None}),
        (CAMPAIGNS, {"status": "scheduled"}, {"status": "draft"}),
        (ASSISTANTS, {"name": "A"}, {"name": "B"}),
        (ASSISTANTS, {"llm_config": {"tools": [ATTACHED]}}, {"llm_config": {"tools": []}}),
    ],
)
def test_who_answers_whom_it_calls_and_what_it_is_called_are_vital(kind: Kind, sent: Spec, live: Spec) -> None:
    """Without them it is another object than the one that was planned, whatever the answer's status says."""
    assert vital(kind, sent, live)


def test_a_setting_that_was_not_stored_is_not_vital() -> None:
    (change,) = unkept(ASSISTANTS, SENT, {"name": "A", "llm_config": {"model": "m"}}, whole=False)
    assert not is_vital(ASSISTANTS, change)


def test_what_the_api_rewrites_in_another_form_did_stick() -> None:
    assert mismatches(CAMPAIGNS, {"schedule_start_time": "09:00"}, {"schedule_start_time": "09:00:00"}) == ""
    tool = {"name": "t", "url": "https://a.example/"}
    nested = {"type": "function", "function": {"name": "t"}, "server": {"url": "https://a.example"}}
    assert mismatches(ASSISTANTS, {"llm_config": {"tools": [tool]}}, {"llm_config": {"tools": [nested]}}) == ""


def test_a_value_that_was_not_cleared_is_told() -> None:
    assert mismatches(ASSISTANTS, {"first_message": None}, {"first_message": "Hi"}) == (
        "the API did not keep first_message: sent None, has 'Hi'"
    )


def test_a_secret_is_taken_at_its_word_and_never_shown() -> None:
    live = Secret(Secret.LIVE, "hunter2")
    assert mismatches(ASSISTANTS, {"webhook_secret": Secret("hook", "value")}, {"webhook_secret": "***"}) == ""
    assert mismatches(ASSISTANTS, {"webhook_secret": None}, {"webhook_secret": live}) == (
        "the API did not keep webhook_secret: sent None, has (sensitive value)"
    )


def test_a_long_value_is_cut_to_one_line() -> None:
    text = mismatches(ASSISTANTS, {"first_message": "x" * 500}, {"first_message": "y" * 500})
    assert len(text) < 200
    assert "xxx..." in text


@pytest.mark.parametrize(
    ("live", "kept"),
    [
        ({"llm_config": {"model": "m", "temperature": 1}}, True),
        ({"llm_config": {"model": "m", "temperature": None}}, False),
        ({"llm_config": {"model": "m"}}, False),
        ({}, False),
    ],
)
def test_a_key_that_could_not_be_taken_out_is_found(live: dict[str, Any], kept: bool) -> None:
    path = ("llm_config", "temperature")
    assert left_behind(ASSISTANTS, [path], live) == ((path,) if kept else ())


def test_a_tool_that_could_not_be_taken_out_is_found_by_its_name() -> None:
    live = {"llm_config": {"tools": [{"type": "function", "function": {"name": "old"}}]}}
    paths = [("llm_config", "tools", "old"), ("llm_config", "tools", "gone")]
    assert left_behind(ASSISTANTS, paths, live) == (("llm_config", "tools", "old"),)


def test_a_block_whose_schema_was_merged_with_the_old_one_is_named() -> None:
    sent, kept = ({"structured_data_plan": {"schema": {"properties": dict.fromkeys(names)}}} for names in ("a", "ab"))
    assert merged_blocks(ASSISTANTS, {"analysis_plan": sent}, {"analysis_plan": kept}) == ("analysis_plan",)
    assert merged_blocks(ASSISTANTS, {"analysis_plan": sent}, {"analysis_plan": sent}) == ()
    assert merged_blocks(ASSISTANTS, {"analysis_plan": sent}, {}) == ()
