"""Whom a change reaches: references read backwards to the numbers and campaigns people meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from support.readings import (
    SPRING,
    TRUNK,
    at,
    bound,
    change_of,
    declared,
    lead,
    live,
    planned,
    ref,
    remembered,
    remote,
    resource,
)

from hmsplan.formats.blast_radius_json import blast_radius_json
from hmsplan.kinds.expand import expand_analysis, expand_tool
from hmsplan.model import Reached
from hmsplan.output.blast_radius import blast_radius_remark
from hmsplan.output.plan_page import page_of
from hmsplan.output.text import render_plan

if TYPE_CHECKING:
    from hmsplan.model import Plan, RemoteObject

SCHEDULED: Final = {**SPRING, "status": "scheduled"}
LOOKUP: Final[dict[str, Any]] = {
    "name": "lookup",
    "tool_type": "function",
    "tool_config": {"description": "Old", "url": "https://crm.example/"},
}
OUTCOME: Final[dict[str, Any]] = {
    "name": "outcome",
    "system_prompt": "Judge.",
    "user_prompt": "{transcript}",
    "schema": {"type": "object"},
}
MAIN: Final = remote("numbers", "n1", phone_number="+31850835037", agent_id="a1", is_active=True)


def renamed(*objects: RemoteObject, **more: Any) -> Plan:
    """Plan another name for assistant a1, among other live objects."""
    state = remembered(bound("assistants.a", "a1", name="A"))
    return planned(
        declared(resource("assistants.a", name="New")),
        live(remote("assistants", "a1", name="A"), *objects, **more),
        state,
    )


def told(plan: Plan, address: str) -> str:
    return blast_radius_remark(change_of(plan, address))


@pytest.mark.parametrize(("name", "is_reached"), [("New", True), ("A", False)])
def test_a_change_says_which_active_numbers_and_dialling_campaigns_it_reaches(name: str, is_reached: bool) -> None:
    """What does not change reaches nobody."""
    snapshot = live(
        remote("assistants", "a1", name="A"),
        MAIN,
        remote("numbers", "n2", phone_number="+31850835038", agent_id="a1"),
        remote("numbers", "n3", phone_number="+31850835039", agent_id="a1", is_active=False),
        remote("numbers", "n4", phone_number="+31850835040", agent_id="a2"),
        remote("campaigns", "c1", **SCHEDULED),
        remote("campaigns", "c2", **{**SCHEDULED, "name": "Draft", "status": "draft"}),
    )
    state = remembered(bound("assistants.a", "a1", name="A"))
    plan = planned(declared(resource("assistants.a", name=name)), snapshot, state)
    all_of_them = '+31850835037, +31850835038, campaign "Spring" (how many people wait is not known)'
    assert told(plan, "assistants.a") == (f"reaches {all_of_them}" if is_reached else "")


def test_what_reaches_nobody_says_nothing() -> None:
    plan = renamed(remote("numbers", "n1", phone_number="+31", agent_id=None))
    assert told(plan, "assistants.a") == ""
    assert page_of(plan, 80).reach == ()


@pytest.mark.parametrize(
    ("counters", "leads", "waiting", "at_most"),
    [
        ({}, [("pending"), ("completed"), ("pending")], 2, False),
        ({"total_leads": 9, "completed_leads": 3, "failed_leads": 1}, None, 5, True),
        ({"total_leads": 1, "completed_leads": 3, "failed_leads": 0}, None, 0, True),
        ({"total_leads": 9, "completed_leads": None, "failed_leads": 1}, None, 8, True),
        ({}, None, None, False),
    ],
)
def test_people_who_wait_are_counted_from_what_was_read_anyway(
    counters: dict[str, Any], leads: list[str] | None, waiting: int | None, at_most: bool
) -> None:
    """From the leads; else at most, from the campaign's own counters; else nobody knows."""
    campaign = remote("campaigns", "c1", **SCHEDULED, **counters)
    found = [lead(f"l{number}", f"+3161234567{number}", status) for number, status in enumerate(leads or [])]
    plan = renamed(campaign, leads={"c1": found} if leads is not None else None)
    reached = Reached("campaigns", "Spring", "c1", None, waiting, at_most)
    assert change_of(plan, "assistants.a").reaches == (reached,)


def test_a_campaign_that_this_plan_starts_is_reached() -> None:
    """Its people are called by the assistant as it will be."""
    leads = [{"phone_number": "+31612345678", "variables": {}}, {"phone_number": "+31612345679", "variables": {}}]
    stack = declared(
        resource("assistants.a", name="New"),
        resource("campaigns.c", leads, **{**SCHEDULED, "agent_id": ref("assistants.a")}),
    )
    snapshot = live(
        remote("assistants", "a1", name="A"),
        remote("campaigns", "c1", **{**SCHEDULED, "status": "draft"}),
        leads={"c1": []},
    )
    plan = planned(stack, snapshot, remembered(bound("assistants.a", "a1"), bound("campaigns.c", "c1")))
    assert told(plan, "assistants.a") == 'reaches campaign "Spring" (2 people waiting)'
    assert change_of(plan, "campaigns.c").reaches == change_of(plan, "assistants.a").reaches


def test_a_trunk_reaches_the_numbers_that_call_through_it() -> None:
    stack = declared(resource("sip_trunks.t", **{**TRUNK, "address": "sip.new"}))
    number = remote("numbers", "n1", phone_number="+31850835037", transfer_trunk_id="t1")
    snapshot = live(remote("sip_trunks", "t1", **TRUNK), number)
    plan = planned(stack, snapshot, remembered(bound("sip_trunks.t", "t1", **TRUNK)))
    assert told(plan, "sip_trunks.t") == "reaches +31850835037"


def test_a_new_assistant_reaches_the_number_that_the_plan_points_at_it() -> None:
    """So do the old one, until then, and the number itself."""
    block = {"provider": "p", "model": "m", "tools": [{"name": "t"}]}
    stack = declared(
        resource("assistants.a", name="New"),
        resource("assistants.b", name="B", llm_config=block),
        resource("numbers.n", phone_number="+31850835037", agent_id=ref("assistants.b")),
    )
    snapshot = live(remote("assistants", "a1", name="A"), MAIN)
    state = remembered(bound("assistants.a", "a1", name="A"), bound("numbers.n", "n1", agent_id="a1"))
    plan = planned(stack, snapshot, state)
    for address in ("assistants.a", "assistants.b", "numbers.n"):
        assert told(plan, address) == "reaches +31850835037"
    assert blast_radius_json(plan) == {"numbers": 1, "campaigns": 0, "waiting": 0, "unread": []}


def test_a_number_that_does_not_exist_yet_is_nobodys() -> None:
    plan = planned(declared(resource("numbers.n", phone_number="+31850835037")))
    assert change_of(plan, "numbers.n").reaches == ()


def test_an_adoption_that_writes_nothing_reaches_nobody() -> None:
    plan = planned(declared(resource("assistants.a", name="A")), live(remote("assistants", "a1", name="A"), MAIN))
    assert change_of(plan, "assistants.a").reaches == ()


def of_template(kind: str, template: dict[str, Any], change: dict[str, Any], copies: dict[str, dict[str, Any]]) -> Plan:
    """Plan a change of one template that assistants.a uses; *copies* are assistants that nobody manages."""
    address = at(f"{kind}.x")
    stack = declared(
        resource(f"{kind}.x", **{**template, **change}), resource("assistants.a", name="A", via=(((), address),))
    )
    snapshot = live(
        remote("assistants", "a1", name="A"),
        MAIN,
        remote(kind, "x1", **template),
        *(remote("assistants", f"u{key}", name=key, **fields) for key, fields in copies.items()),
    )
    return planned(stack, snapshot, remembered(bound("assistants.a", "a1", name="A"), bound(f"{kind}.x", "x1")))


def test_a_template_names_its_users_and_reaches_whom_they_reach() -> None:
    plan = of_template("analysis_templates", OUTCOME, {"system_prompt": "Weigh."}, {})
    assert told(plan, "analysis_templates.x") == "used by assistants.a; reaches +31850835037"


def test_copies_in_assistants_that_nobody_manages_are_named() -> None:
    """The platform keeps no link, so they stay as they were; an equal tool in another form is a copy as well."""
    flat = expand_tool(LOOKUP)
    nested = {"type": "function", "function": flat}
    copies: dict[str, dict[str, Any]] = {
        "Flat": {"llm_config": {"tools": [flat]}},
        "Nested": {"llm_config": {"tools": [{"type": "end_call"}, nested]}},
        "Other": {"llm_config": {"tools": [{**flat, "url": "https://other.example/"}]}},
        "Odd": {"llm_config": "none", "analysis_plan": []},
        "Odder": {"llm_config": {"tools": "none"}},
    }
    plan = of_template("tool_templates", LOOKUP, {"description": "New"}, copies)
    note = "a copy of it stays as it was in assistant Flat, assistant Nested, not managed here"
    assert change_of(plan, "tool_templates.x").notes == (note,)


def test_copies_of_an_analysis_are_named() -> None:
    analysis = expand_analysis(OUTCOME)
    analysis["structured_data_plan"]["timeout"] = 5  # the platform's own
    plan = of_template("analysis_templates", OUTCOME, {"system_prompt": "Weigh."}, {"U": {"analysis_plan": analysis}})
    assert "assistant U" in change_of(plan, "analysis_templates.x").notes[0]


def test_hanging_up_is_nobodys_copy() -> None:
    template = {"name": "bye", "tool_type": "end_call", "tool_config": {}}
    copies: dict[str, dict[str, Any]] = {"U": {"llm_config": {"tools": [{"type": "end_call"}]}}}
    plan = of_template("tool_templates", template, {"description": "Ends the call"}, copies)
    assert change_of(plan, "tool_templates.x").notes == ()


def test_what_was_not_read_is_not_known() -> None:
    """Neither silence nor an invention: the kinds are named, with what reads them."""
    plan = renamed(kinds=["assistants", "campaigns"])
    assert plan.unread == ("numbers",)
    (sentence,) = page_of(plan, 80).reach
    assert sentence.startswith("Who is reached through numbers is not known")


def test_a_create_leaves_nothing_unknown() -> None:
    block = {"provider": "p", "model": "m"}
    plan = planned(declared(resource("assistants.a", name="A", llm_config=block)), live(kinds=["assistants"]))
    assert plan.unread == ()


def test_the_summary_counts_each_once() -> None:
    """However many changes lead to one number."""
    stack = declared(
        resource("assistants.a", name="New"), resource("numbers.n", phone_number="+31850835037", name="Front desk")
    )
    campaign = remote("campaigns", "c1", **SCHEDULED, total_leads=3, completed_leads=1, failed_leads=0)
    snapshot = live(remote("assistants", "a1", name="A"), MAIN, campaign)
    plan = planned(stack, snapshot, remembered(bound("assistants.a", "a1"), bound("numbers.n", "n1")))
    assert "\nReaches 1 active number and 1 campaign (at most 2 people waiting).\n" in render_plan(
        plan, width=80, color=False
    )


def test_a_number_that_the_same_plan_switches_on_is_reached() -> None:
    """It rings on what changes as soon as the plan is applied; one that stays off does not."""
    off = remote("numbers", "n1", phone_number="+31850835037", agent_id="a1", is_active=False)
    snapshot = live(remote("assistants", "a1", name="A"), off)
    state = remembered(bound("assistants.a", "a1", name="A"), bound("numbers.n", "n1", is_active=False))
    for is_active, words in ((True, "reaches +31850835037"), (False, "")):
        number = resource("numbers.n", phone_number="+31850835037", is_active=is_active)
        assert (
            told(planned(declared(resource("assistants.a", name="New"), number), snapshot, state), "assistants.a")
            == words
        )
