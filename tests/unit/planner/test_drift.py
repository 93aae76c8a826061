"""What changed outside: last applied against live, and what is no drift although it differs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.readings import (
    LINEAGE,
    NOW,
    at,
    bound,
    declared,
    lead,
    live,
    mark,
    open_create,
    ref,
    remembered,
    remote,
    resource,
)

from hmsplan.kinds import ASSISTANTS, ORGANIZATION
from hmsplan.model import MISSING, Binding, Deposed, Drift, DriftKind, FieldChange, Secret, Snapshot, Stack
from hmsplan.planner.drift import find_drift, find_unmanaged, survey
from hmsplan.planner.matching import identify
from hmsplan.planner.unseen import unseen_fields

HOOK = {"$secret": "hook", "fingerprint": "f1"}
ANNA: dict[str, Any] = {"phone_number": "+31201234567", "variables": {}}
BEN: dict[str, Any] = {"phone_number": "+31207654321", "variables": {}}


def drift(snapshot: Snapshot, *bindings: Binding, stack: Stack | None = None) -> tuple[Drift, ...]:
    known = identify(declared(), snapshot, remembered(*bindings))
    return find_drift(stack or declared(), snapshot, known, LINEAGE)


def test_a_field_that_somebody_changed_shows_both_values() -> None:
    (found,) = drift(live(remote("assistants", "a1", name="B")), bound("assistants.a", "a1", name="A"))
    assert (found.kind, found.id, found.drift, found.address) == (
        "assistants",
        "a1",
        DriftKind.CHANGED,
        at("assistants.a"),
    )
    assert (found.name, found.fields) == ("A", (FieldChange(("name",), "A", "B"),))


@pytest.mark.parametrize(
    ("applied", "now"),
    [
        ({"webhook_events": ["a"]}, {"webhook_events": ["b"]}),
        ({"analysis_plan": None}, {"analysis_plan": {"summary": True}}),
        ({"llm_config": {"model": "m"}}, {"llm_config": None}),
        ({"llm_config": {"stop": ["a"]}}, {"llm_config": {"stop": ["b"]}}),
    ],
)
def test_lists_and_blocks_drift_as_well_as_texts(applied: dict[str, Any], now: dict[str, Any]) -> None:
    (found,) = drift(live(remote("assistants", "a1", **now)), bound("assistants.a", "a1", **applied))
    assert len(found.fields) == 1


def test_an_object_that_is_gone_is_drift() -> None:
    assert drift(live(), bound("assistants.a", "a1", name="A")) == (
        Drift("assistants", "a1", DriftKind.GONE, at("assistants.a"), "A"),
    )


def test_what_was_never_applied_cannot_drift() -> None:
    assert (
        drift(live(remote("assistants", "a1", name="B", first_message="x")), bound("assistants.a", "a1", name="B"))
        == ()
    )
    assert drift(live(remote("assistants", "a1", name="B")), bound("assistants.a", "a1")) == ()


def test_another_spelling_or_form_is_no_drift() -> None:
    applied = bound("campaigns.c", "c1", name="C", schedule_start_time="09:00")
    assert drift(live(remote("campaigns", "c1", name="C", schedule_start_time="09:00:00")), applied) == ()


def test_drift_comes_in_the_order_of_addresses() -> None:
    found = drift(live(), bound("numbers.n", "n1"), bound("assistants.b", "b1"), bound("assistants.a", "a1"))
    assert [str(each.address) for each in found] == ["assistants.a", "assistants.b", "numbers.n"]


def test_runtime_progress_is_no_drift() -> None:
    applied = bound("campaigns.c", "c1", name="C", status="scheduled")
    assert drift(live(remote("campaigns", "c1", name="C", status="completed", completed_leads=3)), applied) == ()
    (found,) = drift(live(remote("campaigns", "c1", name="C", status="paused")), applied)
    assert found.fields == (FieldChange(("status",), "scheduled", "paused"),)


# Live and declared alike


def test_what_is_live_as_declared_is_no_drift_whatever_state_remembers() -> None:
    """Somebody made the same change in the dashboard, or an apply died before it could write it down."""
    stack = declared(resource("assistants.a", name="B", first_message=None, llm_config={"model": "n"}))
    applied = bound("assistants.a", "a1", name="A", first_message="Hi", llm_config={"model": "m"})
    assert drift(live(remote("assistants", "a1", name="B", llm_config={"model": "n"})), applied, stack=stack) == ()


def test_what_is_live_neither_as_applied_nor_as_declared_is_drift() -> None:
    stack = declared(resource("assistants.a", name="C"))
    (found,) = drift(live(remote("assistants", "a1", name="B")), bound("assistants.a", "a1", name="A"), stack=stack)
    assert found.fields == (FieldChange(("name",), "A", "B"),)


def test_alike_is_what_a_comparison_calls_alike_inside_lists_too() -> None:
    def tools(url: str) -> dict[str, Any]:
        return {"tools": [{"name": "lookup", "url": url}]}

    stack = declared(
        resource("assistants.a", name="A", llm_config=tools("https://NEW.example"), webhook_events=["b", "a"])
    )
    applied = bound("assistants.a", "a1", name="A", llm_config=tools("https://old.example/"), webhook_events=["a"])
    now = live(
        remote("assistants", "a1", name="A", llm_config=tools("https://new.example/"), webhook_events=["a", "b"])
    )
    assert drift(now, applied, stack=stack) == ()


def test_a_tool_that_is_neither_live_nor_declared_any_more_is_no_drift() -> None:
    tools = [{"name": "lookup"}, {"type": "end_call"}]
    binding = bound("assistants.a", "a1", llm_config={"tools": tools})
    now = live(remote("assistants", "a1", llm_config={"tools": tools[1:]}))
    stack = declared(resource("assistants.a", llm_config={"tools": tools[1:]}))
    assert drift(now, binding, stack=stack) == ()
    assert drift(now, binding, stack=declared(resource("assistants.a", llm_config={"tools": tools}))) != ()
    assert drift(now, binding) != ()


def test_a_reference_is_live_as_declared_when_it_is_the_id_of_that_address() -> None:
    stack = declared(
        resource("assistants.b", name="B"), resource("numbers.n", phone_number="+31", agent_id=ref("assistants.b"))
    )
    bindings = (bound("assistants.b", "b1", name="B"), bound("numbers.n", "n1", phone_number="+31", agent_id="a1"))
    now = live(remote("assistants", "b1", name="B"), remote("numbers", "n1", phone_number="+31", agent_id="b1"))
    assert drift(now, *bindings, stack=stack) == ()


def test_a_tool_that_somebody_added_is_drift_unless_it_is_declared_by_now() -> None:
    other = {"name": "other"}
    applied = bound("assistants.a", "a1", llm_config={"tools": []})
    now = live(remote("assistants", "a1", llm_config={"tools": [other]}))
    (found,) = drift(now, applied, stack=declared(resource("assistants.a", llm_config={"tools": []})))
    assert found.fields == (FieldChange(("llm_config", "tools", "other"), MISSING, other),)
    assert drift(now, applied, stack=declared(resource("assistants.a", llm_config={"tools": [other]}))) == ()


# Secrets


def test_of_a_secret_nothing_can_be_said_and_the_drift_says_so() -> None:
    applied = bound("assistants.a", "a1", name="A", webhook_secret=HOOK)
    shown = {"webhook_secret": Secret(Secret.LIVE, "other")}
    assert drift(live(remote("assistants", "a1", name="A", **shown)), applied) == ()
    (found,) = drift(live(remote("assistants", "a1", name="B", **shown)), applied)
    assert found.unseen == (("webhook_secret",),)


def test_a_secret_that_somebody_set_where_there_was_none_is_drift() -> None:
    shown = Secret(Secret.LIVE, "x")
    (found,) = drift(
        live(remote("assistants", "a1", webhook_secret=shown)), bound("assistants.a", "a1", webhook_secret=None)
    )
    assert found.fields == (FieldChange(("webhook_secret",), None, shown),)


def test_unseen_fields_are_found_inside_tools() -> None:
    applied = {
        "name": "A",
        "llm_config": {"tools": [{"name": "t", "server": {"secret": HOOK}}]},
        "webhook_secret": HOOK,
    }
    assert list(unseen_fields(ASSISTANTS, applied, {})) == [
        ("llm_config", "tools", 0, "server", "secret"),
        ("webhook_secret",),
    ]


def test_a_write_only_field_is_unseen_until_an_answer_shows_it() -> None:
    applied = {"content_retention_days": 30, "metadata_retention_days": 90}
    assert list(unseen_fields(ORGANIZATION, applied, {"content_retention_days": 30})) == [("metadata_retention_days",)]


# Members


def leads(*declared_leads: dict[str, Any]) -> Stack:
    return declared(resource("campaigns.c", declared_leads, name="C"))


def test_leads_of_ours_that_are_missing_are_drift_and_their_progress_is_not() -> None:
    applied = bound("campaigns.c", "c1", ANNA, BEN, name="C")
    campaign = remote("campaigns", "c1", name="C")
    both = [lead("l1", "+31201234567", "completed"), lead("l2", "+31207654321", "calling")]
    assert drift(live(campaign, leads={"c1": both}), applied, stack=leads(ANNA, BEN)) == ()
    (found,) = drift(live(campaign, leads={"c1": both[1:]}), applied, stack=leads(ANNA, BEN))
    assert found.fields == (FieldChange(("leads",), "2 leads of ours", "1 lead of ours"),)


def test_leads_are_counted_as_a_multiset_and_those_of_others_are_not_ours() -> None:
    applied = bound("campaigns.c", "c1", ANNA, ANNA, name="C")
    there = [lead("l1", "+31201234567"), lead("l2", "+31207654321")]
    (found,) = drift(live(remote("campaigns", "c1", name="C"), leads={"c1": there}), applied, stack=leads(ANNA, ANNA))
    assert found.fields == (FieldChange(("leads",), "2 leads of ours", "1 lead of ours"),)


def test_a_lead_that_is_neither_live_nor_declared_any_more_is_no_drift() -> None:
    applied = bound("campaigns.c", "c1", ANNA, BEN, name="C")
    snapshot = live(remote("campaigns", "c1", name="C"), leads={"c1": [lead("l2", "+31207654321")]})
    assert drift(snapshot, applied, stack=leads(BEN)) == ()
    assert drift(snapshot, applied) == ()


def test_leads_that_were_not_read_or_never_added_cannot_drift() -> None:
    campaign = remote("campaigns", "c1", name="C")
    assert drift(live(campaign), bound("campaigns.c", "c1", ANNA, name="C"), stack=leads(ANNA)) == ()
    assert drift(live(campaign, leads={"c1": []}), bound("campaigns.c", "c1", name="C"), stack=leads(ANNA)) == ()


# Unmanaged, coverage


def test_unmanaged_objects_are_listed_by_kind_and_name() -> None:
    snapshot = live(
        remote("numbers", "n1", phone_number="+31"),
        remote("assistants", "a2", name="B"),
        remote("assistants", "a1", name="B"),
        remote("assistants", "a3", name="A"),
        remote("assistants", "a4", name="0"),
    )
    found = find_unmanaged(snapshot, {("assistants", "a4"), ("numbers", "a1")})
    assert [(each.kind, each.name, each.id) for each in found] == [
        ("assistants", "A", "a3"),
        ("assistants", "B", "a1"),
        ("assistants", "B", "a2"),
        ("numbers", "+31", "n1"),
    ]
    assert {(each.drift, each.address) for each in found} == {(DriftKind.UNMANAGED, None)}


def test_a_survey_knows_how_much_is_managed() -> None:
    snapshot = live(
        remote("assistants", "a1", name="A"),
        remote("assistants", "a2", name="B"),
        remote("sip_trunks", "t1", name="T"),
        remote("sip_trunks", "t2", name="T"),
    )
    state = remembered(
        bound("assistants.a", "a1", name="A", webhook_secret=HOOK),
        bound("assistants.gone", "a9", name="Gone"),
        bound("sip_trunks.t", "t2"),
        deposed=(Deposed(at("sip_trunks.t"), "t1"),),
    )
    report = survey(declared(resource("assistants.new", name="B")), snapshot, state)
    assert report.coverage == {"assistants": (1, 2), "sip_trunks": (2, 2)}
    assert [each.id for each in report.unmanaged] == ["a2"]
    assert [(each.id, each.drift) for each in report.drifted] == [("a9", DriftKind.GONE)]
    assert report.unseen == {at("assistants.a"): (("webhook_secret",),)}


def test_a_survey_adopts_nothing_and_reports_no_problem_of_the_stack() -> None:
    stack = declared(resource("assistants.a", name="A"), imports=[("assistants.a", "nowhere")])
    snapshot = live(remote("assistants", "a1", name="A"), remote("assistants", "a2", name="A"))
    report = survey(stack, snapshot, remembered())
    assert (len(report.unmanaged), report.drifted, report.coverage) == (2, (), {"assistants": (0, 2)})


def test_a_survey_follows_moves_and_creates_found_again() -> None:
    stack = declared(resource("assistants.b", name="New"), moved=[("assistants.a", "assistants.b")])
    snapshot = live(remote("assistants", "a1", name="New"), remote("assistants", "c1", name="C"))
    state = remembered(bound("assistants.a", "a1", name="Old"), intents=(open_create("assistants.c", "C", name="C"),))
    report = survey(stack, snapshot, state)
    assert (report.drifted, report.unmanaged, report.coverage) == ((), (), {"assistants": (2, 2)})


def test_marks_of_leads_are_all_that_a_binding_holds() -> None:
    assert bound("campaigns.c", "c1", ANNA, ANNA).members == {mark(ANNA): 2}


# Twins


def test_an_unmanaged_object_of_the_name_of_a_managed_one_is_a_twin() -> None:
    snapshot = live(remote("assistants", "a1", name="A"), remote("assistants", "a2", name="A"))
    report = survey(declared(), snapshot, remembered(bound("assistants.a", "a1", name="A")))
    (twin,) = report.drifted
    assert (twin.drift, twin.address, twin.id, twin.other) == (DriftKind.TWIN, at("assistants.a"), "a1", "a2")
    assert (twin.name, twin.environment) == ("A", "")
    assert [each.id for each in report.unmanaged] == ["a2"]


def test_a_twin_that_another_environment_binds_says_so() -> None:
    snapshot = live(remote("assistants", "a1", name="A"), remote("assistants", "a2", name="A"))
    state = remembered(bound("assistants.a", "a1", name="A"))
    (twin,) = survey(declared(), snapshot, state, {("assistants", "a2"): "staging"}).drifted
    assert (twin.other, twin.environment) == ("a2", "staging")


def test_what_is_still_to_be_created_has_no_twin_yet() -> None:
    report = survey(
        declared(resource("assistants.a", name="A")), live(remote("assistants", "a2", name="A")), remembered()
    )
    assert report.drifted == ()


def test_what_was_made_a_moment_ago_is_not_gone() -> None:
    state = remembered(replace(bound("assistants.a", "a1", name="A"), made=NOW - 5))
    assert survey(declared(), live(), state).drifted == ()


def test_leads_that_an_incomplete_list_lacks_are_not_gone() -> None:
    stack = declared(resource("campaigns.c", [ANNA, BEN], name="C"))
    snapshot = live(remote("campaigns", "c1", name="C", total_leads=2), leads={"c1": [lead("l1", "+31201234567")]})
    assert drift(snapshot, bound("campaigns.c", "c1", ANNA, BEN, name="C"), stack=stack) == ()
