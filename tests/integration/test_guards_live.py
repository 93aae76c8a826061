"""A risk is refused until somebody names it: nothing is written before, and the printed flag lets it through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.stacks import SECRETS, campaign, lead
from support.world import World, allowing

from hmsplan.emulator import Fault
from hmsplan.errors import UnsafePlan
from hmsplan.model import Action
from hmsplan.planner.planner import Options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AGENTS = {"a": {"name": "A"}, "b": {"name": "B"}}
TRUNK = {"name": "VoIP", "provider": "custom", "address": "sip.one.example"}
LEADS = [lead("001"), lead("002"), lead("003")]
PROTECTED = {"lifecycle": {"prevent_destroy": True}}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "stack", environ=SECRETS) as made:
        yield made


def applied(world: World, **resources: Any) -> None:
    """Declare and apply, with everything allowed."""
    world.declare(resources)
    assert not world.apply(allowing()).bad


def refused(world: World, *, options: Options | None = None) -> dict[str, str]:
    """Try to apply; return the flags that would allow it, with their reasons. Nothing may have been written."""
    written, before = len(world.emulator.writes), world.stored_state()
    flags = {refusal.flag: refusal.reason for refusal in world.plan(options).refusals}
    with pytest.raises(UnsafePlan) as caught:
        world.apply(options)
    assert {refusal.flag for refusal in caught.value.refusals} == set(flags)
    assert (len(world.emulator.writes), world.stored_state()) == (written, before)
    return flags


def let_through(world: World, flags: dict[str, str]) -> None:
    """Apply with exactly these flags."""
    patterns = [flag.removeprefix("--allow ") for flag in flags]
    assert not world.apply(allowing(*patterns)).bad
    world.check_at_rest()


# --- delete -------------------------------------------------------------------------------------------------------


def test_deleting_a_number_or_a_campaign_needs_a_word(world: World) -> None:
    """What rings and what dials is not deleted by a merge alone."""
    recall = campaign("Recall", "${assistants.a}", LEADS)
    applied(world, assistants=AGENTS, numbers={"main": {"phone_number": "+31850000010"}}, campaigns={"recall": recall})
    world.declare({"assistants": AGENTS})
    flags = refused(world)
    assert set(flags) == {"--allow delete:numbers.main", "--allow delete:campaigns.recall"}
    let_through(world, flags)


def test_one_flag_allows_one_risk(world: World) -> None:
    """A flag for one address says nothing about another."""
    numbers = {key: {"phone_number": f"+3185000001{key[-1]}"} for key in ("n1", "n2")}
    applied(world, numbers=numbers)
    world.declare({})
    assert set(refused(world, options=allowing("delete:numbers.n1"))) == {"--allow delete:numbers.n2"}
    assert set(refused(world, options=allowing("start:numbers.n1", "delete:numbers"))) == {
        "--allow delete:numbers.n1",
        "--allow delete:numbers.n2",
    }
    let_through(world, {"--allow delete:numbers.*": ""})


def test_protection_outlives_its_block(world: World) -> None:
    """``prevent_destroy`` is remembered, so taking out the whole block does not lift it."""
    applied(world, assistants={"a": {"name": "A", **PROTECTED}, "b": {"name": "B"}})
    world.declare({"assistants": {"b": {"name": "B"}}})
    flags = refused(world)
    assert flags == {"--allow delete:assistants.a": "prevent_destroy protects it"}
    let_through(world, flags)


def test_protection_is_lifted_by_an_apply_without_it(world: World) -> None:
    """Whoever takes the protection out first, and the block later, has said so twice."""
    applied(world, assistants={"a": {"name": "A", **PROTECTED}, "b": {"name": "B"}})
    applied(world, assistants={"a": {"name": "A"}, "b": {"name": "B"}})
    world.declare({"assistants": {"b": {"name": "B"}}})
    assert not world.apply().bad
    world.check_at_rest()


def test_protection_holds_against_destroy(world: World) -> None:
    """``--destroy`` stops before what is protected, be it protected in state or only in the stack."""
    applied(world, assistants={"a": {"name": "A"}})
    world.declare({"assistants": {"a": {"name": "A", **PROTECTED}}})
    assert set(refused(world, options=Options(destroy=True))) == {"--allow delete:assistants.a"}


def test_more_deletes_than_the_limit_are_refused_one_and_all(world: World) -> None:
    """Past ``max_deletes`` every delete has to be named."""
    templates = {f"t{n}": {"name": f"T{n}", "tool_type": "end_call", "tool_config": {}} for n in range(5)}
    safety = {"max_deletes": 2, "max_delete_share": "100%"}
    world.declare({"tool_templates": templates}, safety)
    world.apply()
    world.declare({"tool_templates": {"t0": templates["t0"], "t1": templates["t1"]}}, safety)
    flags = refused(world)
    assert set(flags) == {f"--allow delete:tool_templates.t{n}" for n in (2, 3, 4)}
    assert "max_deletes is 2" in flags["--allow delete:tool_templates.t2"]
    let_through(world, flags)


@pytest.mark.parametrize(
    ("have", "deletes", "is_refused"), [(1, 1, False), (2, 1, False), (2, 2, True), (10, 3, False), (10, 4, True)]
)
def test_a_large_share_of_one_kind_is_refused(world: World, have: int, deletes: int, is_refused: bool) -> None:
    """``max_delete_share`` counts within a kind; a single delete is always within it."""
    templates = {f"t{n}": {"name": f"T{n}", "tool_type": "end_call", "tool_config": {}} for n in range(have)}
    safety = {"max_deletes": 100, "max_delete_share": "30%"}
    world.declare({"tool_templates": templates, "assistants": AGENTS}, safety)
    world.apply()
    kept = {key: templates[key] for key in list(templates)[deletes:]}
    world.declare({"tool_templates": kept, "assistants": AGENTS}, safety)
    if is_refused:
        flags = refused(world)
        assert len(flags) == deletes
        let_through(world, flags)
    else:
        let_through(world, {})


def test_what_others_use_is_not_deleted(world: World) -> None:
    """An assistant that an unmanaged number uses stays until somebody says so; the number is named."""
    applied(world, assistants=AGENTS)
    links = {"agent_id": world.id("assistants.a"), "transfer_trunk_id": None, "workflow_id": None}
    world.emulator.add("numbers", {"phone_number": "+31850000099", "is_active": True, **links})
    world.declare({"assistants": {"b": AGENTS["b"]}})
    ((flag, reason),) = refused(world).items()
    assert (flag, "+31850000099" in reason) == ("--allow delete:assistants.a", True)


# --- replace ------------------------------------------------------------------------------------------------------


def test_another_phone_number_is_no_silent_replace(world: World) -> None:
    """A registered number cannot change: it would be registered anew, and calls would fail in between."""
    applied(world, numbers={"main": {"phone_number": "+31850000010"}})
    world.declare({"numbers": {"main": {"phone_number": "+31850000011"}}})
    flags = refused(world)
    assert list(flags) == ["--allow replace:numbers.main"]
    assert "phone_number cannot change in place" in flags["--allow replace:numbers.main"]
    let_through(world, flags)


def test_another_agent_makes_a_campaign_anew_and_that_needs_a_word(world: World) -> None:
    """The progress of a campaign would be lost with it."""
    applied(world, assistants=AGENTS, campaigns={"recall": campaign("Recall", "${assistants.a}", LEADS)})
    world.declare({"assistants": AGENTS, "campaigns": {"recall": campaign("Recall", "${assistants.b}", LEADS)}})
    flags = refused(world)
    assert list(flags) == ["--allow replace:campaigns.recall"]
    let_through(world, flags)


def test_a_running_campaign_made_anew_starts_and_calls_again(world: World) -> None:
    """Replacing a scheduled campaign dials everybody on its list again, so it needs all three words."""
    recall = campaign("Recall", "${assistants.a}", LEADS, status="scheduled")
    applied(world, assistants=AGENTS, campaigns={"recall": recall})
    called = world.leads("Recall")[0]
    world.emulator.edit("leads", called["id"], {"status": "completed"})
    world.declare({"assistants": AGENTS, "campaigns": {"recall": {**recall, "agent_id": "${assistants.b}"}}})
    flags = refused(world)
    assert set(flags) == {f"--allow {risk}:campaigns.recall" for risk in ("replace", "start", "recall")}
    assert "3 people" in flags["--allow start:campaigns.recall"]
    assert "1 person was called already" in flags["--allow recall:campaigns.recall"]
    let_through(world, flags)


@pytest.mark.parametrize("with_numbers", [True, False])
def test_a_trunk_that_others_use_is_not_replaced_in_silence(world: World, with_numbers: bool) -> None:
    """A number that nobody declared would go on pointing at the trunk that is deleted."""
    numbers = (
        {"numbers": {"main": {"phone_number": "+31850000010", "transfer_trunk_id": "${sip_trunks.voip}"}}}
        if with_numbers
        else {}
    )
    applied(world, sip_trunks={"voip": TRUNK}, **numbers)
    links = {"agent_id": None, "transfer_trunk_id": world.id("sip_trunks.voip"), "workflow_id": None}
    theirs = world.emulator.add("numbers", {"phone_number": "+31850000099", "is_active": True, **links})
    world.declare({"sip_trunks": {"voip": {**TRUNK, "address": "sip.two.example"}}, **numbers})
    flags = refused(world)
    assert list(flags) == ["--allow replace:sip_trunks.voip"]
    assert "+31850000099 (not managed)" in flags["--allow replace:sip_trunks.voip"]
    world.emulator.edit("numbers", theirs, {"transfer_trunk_id": None})
    assert not world.apply().bad
    world.check_at_rest(unmanaged=[theirs])


def test_a_trunk_that_was_replaced_is_not_deleted_from_under_others(world: World) -> None:
    """A replace is cut short, and meanwhile somebody points a number of theirs at the old trunk."""
    applied(world, sip_trunks={"voip": TRUNK})
    old = world.id("sip_trunks.voip")
    world.declare({"sip_trunks": {"voip": {**TRUNK, "address": "sip.two.example"}}})
    world.emulator.inject(Fault(do="status", method="DELETE", status=400))
    assert world.apply().bad
    world.emulator.inject()
    links = {"agent_id": None, "transfer_trunk_id": old, "workflow_id": None}
    theirs = world.emulator.add("numbers", {"phone_number": "+31850000099", "is_active": True, **links})
    flags = refused(world)
    assert list(flags) == ["--allow delete:sip_trunks.voip"]
    world.emulator.edit("numbers", theirs, {"transfer_trunk_id": None})
    assert not world.apply().bad
    world.check_at_rest(unmanaged=[theirs])


def test_a_protected_trunk_is_not_replaced(world: World) -> None:
    """``prevent_destroy`` holds against a replace as against a delete."""
    applied(world, sip_trunks={"voip": {**TRUNK, **PROTECTED}})
    world.declare({"sip_trunks": {"voip": {**TRUNK, **PROTECTED, "transport": "tls"}}})
    flags = refused(world)
    assert flags == {"--allow replace:sip_trunks.voip": "prevent_destroy protects it"}
    let_through(world, flags)


# --- start and recall ---------------------------------------------------------------------------------------------


def test_a_campaign_that_begins_to_dial_needs_a_word(world: World) -> None:
    """Created as scheduled: the refusal tells how many people would be called, and when."""
    recall = campaign("Recall", "${assistants.a}", LEADS, status="scheduled")
    world.declare({"assistants": AGENTS, "campaigns": {"recall": recall}})
    flags = refused(world)
    dialling = "it would begin to call 3 people, daily between 09:00 and 17:30 Europe/Amsterdam"
    assert flags == {"--allow start:campaigns.recall": dialling}
    let_through(world, flags)


def test_a_draft_that_is_scheduled_needs_a_word(world: World) -> None:
    """Draft to scheduled, with leads coming and going: those who are on the list in the end are counted."""
    recall = campaign("Recall", "${assistants.a}", LEADS)
    applied(world, assistants=AGENTS, campaigns={"recall": recall})
    then = {**recall, "status": "scheduled", "leads": [*LEADS[1:], lead("008"), lead("009")]}
    world.declare({"assistants": AGENTS, "campaigns": {"recall": then}})
    flags = refused(world)
    assert list(flags) == ["--allow start:campaigns.recall"]
    assert "4 people" in flags["--allow start:campaigns.recall"]
    let_through(world, flags)


def test_resuming_what_a_person_paused_needs_a_word(world: World) -> None:
    """A pause in the dashboard is never undone by a nightly apply."""
    recall = campaign("Recall", "${assistants.a}", LEADS, status="scheduled")
    applied(world, assistants=AGENTS, campaigns={"recall": recall})
    world.emulator.edit("campaigns", world.id("campaigns.recall"), {"status": "paused"})
    world.emulator.edit("leads", world.leads("Recall")[0]["id"], {"status": "completed"})
    flags = refused(world)
    assert list(flags) == ["--allow start:campaigns.recall"]
    assert "2 people" in flags["--allow start:campaigns.recall"]
    let_through(world, flags)


def test_a_running_campaign_may_be_changed(world: World) -> None:
    """A campaign that dials already starts nothing when its text changes, or when it is paused."""
    recall = campaign("Recall", "${assistants.a}", LEADS, status="scheduled")
    applied(world, assistants=AGENTS, campaigns={"recall": recall})
    for change in ({"name": "Recall anew"}, {"status": "paused"}):
        recall |= change
        world.declare({"assistants": AGENTS, "campaigns": {"recall": recall}})
        assert not world.apply().bad
        world.check_at_rest()


def test_an_ignored_status_starts_nothing(world: World) -> None:
    """Where the status is left to the dashboard, another change of a paused campaign needs no word."""
    recall = campaign("Recall", "${assistants.a}", LEADS, status="scheduled", lifecycle={"ignore_changes": ["status"]})
    applied(world, assistants=AGENTS, campaigns={"recall": recall})
    world.emulator.edit("campaigns", world.id("campaigns.recall"), {"status": "paused"})
    world.declare({"assistants": AGENTS, "campaigns": {"recall": {**recall, "name": "Recall anew"}}})
    assert not world.apply().bad
    assert world.live("campaigns", "Recall anew")["status"] == "paused"


@pytest.mark.parametrize("again", [lead("001"), lead("001", who="An")])
def test_calling_somebody_again_needs_a_word(world: World, again: dict[str, Any]) -> None:
    """A lead whose number was called already is added again only when somebody says so, whatever its variables."""
    recall = campaign("Recall", "${assistants.a}", [lead("001", who="Bo"), lead("002")])
    applied(world, assistants=AGENTS, campaigns={"recall": recall})
    called = next(each for each in world.leads("Recall") if each["phone_number"].endswith("001"))
    world.emulator.edit("leads", called["id"], {"status": "completed"})
    world.declare({"assistants": AGENTS, "campaigns": {"recall": {**recall, "leads": [again, lead("002")]}}})
    flags = refused(world)
    assert list(flags) == ["--allow recall:campaigns.recall"]
    patterns = [flag.removeprefix("--allow ") for flag in flags]
    assert not world.apply(allowing(*patterns)).bad
    assert sum(each["phone_number"].endswith("001") for each in world.leads("Recall")) == 2
    assert not world.plan().pending


# --- order --------------------------------------------------------------------------------------------------------


def test_a_number_rings_only_at_an_assistant_that_is_complete(world: World) -> None:
    """What a create does not take follows in a PATCH; as long as that fails, nothing is pointed at the assistant."""
    consent = {"recording_consent": {"enabled": True, "message": "May we?"}}
    applied(world, assistants=AGENTS, numbers={"main": {"phone_number": "+31850000010", "agent_id": "${assistants.a}"}})
    new = {**AGENTS, "c": {"name": "C", **consent}}
    world.declare(
        {"assistants": new, "numbers": {"main": {"phone_number": "+31850000010", "agent_id": "${assistants.c}"}}}
    )
    world.emulator.inject(Fault(do="status", method="PATCH", path="/assistants/*", status=400))
    assert world.apply().bad
    assert world.live("numbers", "+31850000010")["agent_id"] == world.id("assistants.a")
    world.emulator.inject()
    assert not world.apply().bad
    world.check_at_rest()


def test_a_campaign_starts_only_with_what_was_reviewed(world: World) -> None:
    """When the new prompt of its assistant is refused, the campaign does not begin to dial with the old one."""
    recall = campaign("Recall", "${assistants.a}", LEADS)
    applied(world, assistants=AGENTS, campaigns={"recall": recall})
    agents = {**AGENTS, "a": {"name": "A", "first_message": "New."}}
    world.declare({"assistants": agents, "campaigns": {"recall": {**recall, "status": "scheduled"}}})
    world.emulator.inject(Fault(do="status", method="PATCH", path="/assistants/*", status=400))
    assert world.apply(allowing()).bad
    assert world.live("campaigns", "Recall")["status"] == "draft"
    world.emulator.inject()
    assert not world.apply(allowing()).bad
    world.check_at_rest()


def test_no_more_than_what_is_planned_is_read_as_allowed(world: World) -> None:
    """A refused plan still shows everything it would do."""
    applied(world, numbers={"main": {"phone_number": "+31850000010"}})
    world.declare({"assistants": AGENTS})
    plan = world.plan()
    assert {change.action for change in plan.pending} == {Action.CREATE, Action.DELETE}
    assert plan.steps
    assert plan.refusals
