"""A change that a template makes is drawn at the template alone; a user that differs from it shows its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from support.readings import at, bound, declared, live, planned, remembered, remote, resource

from hmsplan.kinds.expand import expand_tool
from hmsplan.output.text import render_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.model import Plan

LLM: Final = {"provider": "openai", "model": "gpt-5.4"}


def template(url: str) -> dict[str, Any]:
    return {"name": "lookup", "tool_type": "function", "tool_config": {"description": "Looks up", "url": url}}


OLD, NEW = template("https://crm.example/1"), template("https://crm.example/2")
VIA: Final = ((("llm_config", "tools", "lookup"), at("tool_templates.t")),)


def user(tool: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "A", "llm_config": {**LLM, "tools": [tool]}, **more}


def plan_of(stored: Mapping[str, Any], wanted: Mapping[str, Any], before: Mapping[str, Any] = OLD) -> Plan:
    """Plan the template from *before* to NEW, and its one user from *stored* to *wanted*."""
    stack = declared(resource("tool_templates.t", **NEW), resource("assistants.a", via=VIA, **wanted))
    now = live(remote("tool_templates", "t1", **before), remote("assistants", "a1", **stored))
    known = remembered(bound("tool_templates.t", "t1", **before), bound("assistants.a", "a1", **stored))
    return planned(stack, now, known)


def drawn(plan: Plan) -> str:
    """Return what the text of *plan* says of the assistant."""
    text = render_plan(plan, width=200, color=False)
    return text[text.index("# assistants.a will") :].partition("\n\n")[0]


def test_the_same_change_is_named_and_not_drawn() -> None:
    text = drawn(plan_of(user(expand_tool(OLD)), user(expand_tool(NEW))))
    assert "(the same change through tool_templates.t)" in text
    assert "crm.example" not in text


def test_beside_a_change_of_its_own_the_place_of_the_copy_is_named() -> None:
    text = drawn(plan_of(user(expand_tool(OLD)), user(expand_tool(NEW), first_message="Hi")))
    assert '~ llm_config.tools["lookup"]  # the same change through tool_templates.t' in text
    assert '+ first_message = "Hi"' in text
    assert "crm.example" not in text


@pytest.mark.parametrize(
    "stored",
    [
        {**expand_tool(OLD), "url": "https://edited.example/"},  # by somebody, who loses it
        {**expand_tool(OLD), "description": "Edited"},
    ],
)
def test_what_differed_from_the_template_is_drawn(stored: dict[str, Any]) -> None:
    text = drawn(plan_of(user(stored), user(expand_tool(NEW))))
    assert "edited" in text.lower()
    assert "(through tool_templates.t)" in text


def test_a_copy_of_a_template_that_stays_is_drawn() -> None:
    """Somebody edited the copy: the template says nothing of it."""
    text = drawn(plan_of(user(expand_tool(OLD)), user(expand_tool(NEW)), before=NEW))
    assert '"https://crm.example/1" -> "https://crm.example/2"' in text


def test_a_new_copy_is_one_line() -> None:
    text = drawn(plan_of(user({"type": "end_call"}), user(expand_tool(NEW))))
    assert "{…} (3 fields)  # tool_templates.t" in text
    assert "crm.example" not in text


def test_a_block_that_is_not_the_template_is_written_out() -> None:
    text = drawn(plan_of(user({"type": "end_call"}), user({**expand_tool(NEW), "description": "Its own"})))
    assert "Its own" in text
