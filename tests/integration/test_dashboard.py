"""What people do in the dashboard: found, shown apart from what is requested, and put right by the next apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.stacks import BEFORE, SECRETS, campaign, lead
from support.world import World, allowing

from hmsplan.errors import UnsafePlan
from hmsplan.model import MISSING, Action, Address, DriftKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DESK = Address("assistants", "desk")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "stack", environ=SECRETS) as made:
        made.declare(BEFORE)
        assert not made.apply().bad
        yield made


def edit(world: World, address: str, **fields: Any) -> None:
    world.emulator.edit(address.split(".", maxsplit=1)[0], world.id(address), fields)


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("assistants.desk", {"first_message": "Edited."}),
        ("assistants.desk", {"first_message": None}),
        ("assistants.desk", {"speech_config": None}),
        ("assistants.desk", {"webhook_events": ["tool-calls"]}),
        ("assistants.desk", {"notification_emails": None}),
        (
            "assistants.late",
            {
                "llm_config": {"provider": "openai", "model": "gpt-5.4"},
                "tts_config": {"provider": "xai", "voice_id": "ara"},
            },
        ),
        ("assistants.early", {"tts_config": {"provider": "xai", "voice_id": "ara"}}),
        ("numbers.main", {"agent_id": None}),
        ("numbers.second", {"transfer_trunk_id": None}),
        ("tool_templates.lookup", {"description": "Edited."}),
        ("analysis_templates.outcome", {"schema": {"type": "object"}}),
        ("campaigns.recall", {"schedule_end_time": "20:00:00", "name": "Edited"}),
    ],
)
def test_an_edit_is_drift_and_the_next_apply_undoes_it(world: World, address: str, fields: dict[str, Any]) -> None:
    """An edit of a managed field is shown as drift with both values, and as a change that puts it back."""
    edit(world, address, **fields)
    plan = world.plan()
    assert [(str(d.address), d.drift) for d in plan.drift] == [(address, DriftKind.CHANGED)]
    assert [(str(c.address), c.action) for c in plan.pending] == [(address, Action.UPDATE)]
    assert {path.path[0] for path in plan.drift[0].fields} == {f.path[0] for f in plan.pending[0].fields} == set(fields)
    assert [d.address for d in world.drift().drifted] == [Address.parse(address)]
    assert not world.apply(allowing()).bad
    world.check_at_rest()


def test_a_prompt_edited_inside_a_block_is_drift_of_that_prompt(world: World) -> None:
    """The path of a drift leads to the very text that was edited."""
    model = world.live("assistants", "Desk")["llm_config"]
    edit(world, "assistants.desk", llm_config={**model, "messages": [{"role": "system", "content": "Edited."}]})
    ((drift,), (change,)) = world.plan().drift, world.plan().pending
    assert (
        [f.path for f in drift.fields] == [f.path for f in change.fields] == [("llm_config", "messages", 0, "content")]
    )
    assert (drift.fields[0].after, change.fields[0].before) == ("Edited.", "Edited.")


def test_a_field_that_nobody_manages_may_be_edited(world: World) -> None:
    """What is not declared belongs to the dashboard: no drift, no change, and no write takes it away."""
    model = world.live("assistants", "Desk")["llm_config"]
    edit(world, "assistants.desk", voicemail_message="Theirs", llm_config={**model, "max_completion_tokens": 77})
    assert (world.plan().drift, world.plan().pending) == ((), ())
    desk = {**BEFORE["assistants"]["desk"], "first_message": "New."}
    desk["llm_config"] = {**desk["llm_config"], "temperature": 0.9}
    world.declare({**BEFORE, "assistants": {**BEFORE["assistants"], "desk": desk}})
    assert not world.apply().bad
    live = world.live("assistants", "Desk")
    assert (live["voicemail_message"], live["llm_config"]["max_completion_tokens"]) == ("Theirs", 77)


def test_a_tool_added_in_the_dashboard_is_taken_out_again(world: World) -> None:
    """A list is declared whole."""
    model = world.live("assistants", "Desk")["llm_config"]
    tool = {"name": "extra", "description": "Theirs", "url": "https://example.com"}
    edit(world, "assistants.desk", llm_config={**model, "tools": [*model["tools"], tool]})
    (change,) = world.plan().pending
    assert [(f.path, f.after) for f in change.fields] == [(("llm_config", "tools", "extra"), MISSING)]
    assert not world.apply().bad
    world.check_at_rest()


def test_the_same_edit_in_git_and_in_the_dashboard_is_no_drift(world: World) -> None:
    """Live and declared agree, so there is nothing to show and only the state learns of it."""
    edit(world, "assistants.desk", first_message="Both.")
    edit(world, "numbers.main", agent_id=world.id("assistants.early"))
    desk = {**BEFORE["assistants"]["desk"], "first_message": "Both."}
    main = {**BEFORE["numbers"]["main"], "agent_id": "${assistants.early}"}
    world.declare(
        {
            **BEFORE,
            "assistants": {**BEFORE["assistants"], "desk": desk},
            "numbers": {**BEFORE["numbers"], "main": main},
        }
    )
    written = len(world.emulator.writes)
    plan = world.plan()
    assert (plan.drift, plan.pending) == ((), ())
    world.apply()
    world.check_at_rest()
    assert len(world.emulator.writes) == written


def test_drift_and_request_are_shown_apart(world: World) -> None:
    """One object edited in the dashboard, another in git: each stands in its own list."""
    edit(world, "assistants.desk", first_message="Edited.")
    early = {**BEFORE["assistants"]["early"], "first_message": "New."}
    world.declare({**BEFORE, "assistants": {**BEFORE["assistants"], "early": early}})
    plan = world.plan()
    assert [d.address for d in plan.drift] == [DESK]
    assert {str(c.address) for c in plan.pending} == {"assistants.desk", "assistants.early"}
    assert not world.apply().bad
    world.check_at_rest()


def test_an_ignored_field_may_be_edited(tmp_path: Path) -> None:
    """``ignore_changes`` leaves a field to the dashboard once the object exists: no drift, no change, never sent."""
    volume = {"speech_config": {"background_audio": {"enabled": True, "volume": 0.2}, "end_call_message": "Bye."}}
    ignoring = {"ignore_changes": ["speech_config.background_audio.volume"]}
    with World(tmp_path / "stack") as world:
        world.declare({"assistants": {"desk": {"name": "Desk", **volume, "lifecycle": ignoring}}})
        world.apply()
        edited = {"background_audio": {"enabled": True, "volume": 0.9}, "end_call_message": "Bye."}
        edit(world, "assistants.desk", speech_config=edited)
        world.check_at_rest()
        volume["speech_config"]["end_call_message"] = "Goodbye."
        world.declare({"assistants": {"desk": {"name": "Desk", **volume, "lifecycle": ignoring}}})
        assert not world.apply().bad
        assert world.live("assistants", "Desk")["speech_config"]["background_audio"]["volume"] == 0.9


def test_a_lead_removed_in_the_dashboard_is_drift_and_added_again_only_when_allowed(world: World) -> None:
    """Somebody may have asked not to be called."""
    gone = world.leads("Recall")[0]
    world.emulator.remove("leads", gone["id"])
    plan = world.plan()
    assert [f.path for d in plan.drift for f in d.fields] == [("leads",)]
    (change,) = plan.pending
    assert change.members is not None
    assert [spec["phone_number"] for spec in change.members.add] == [gone["phone_number"]]
    with pytest.raises(UnsafePlan, match=r"recall:campaigns\.recall"):
        world.apply(allowing("start:*"))
    assert not world.apply(allowing("recall:*")).bad
    world.check_at_rest()


def test_a_lead_added_in_the_dashboard_stays(world: World) -> None:
    """A lead that nobody declared is somebody else's: it is neither drift nor removed."""
    there = world.emulator.add("leads", {"campaign_id": world.id("campaigns.recall"), **lead("777")})
    plan = world.plan()
    assert (plan.drift, plan.pending) == ((), ())
    world.apply()
    assert there in {each["id"] for each in world.leads("Recall")}


def test_progress_of_a_campaign_is_no_drift(world: World) -> None:
    """Leads that were called and a campaign that is done are what the platform is for."""
    for each in world.leads("Recall"):
        world.emulator.edit("leads", each["id"], {"status": "completed", "attempts": 1})
    edit(world, "campaigns.recall", status="completed")
    plan = world.plan()
    assert (plan.drift, plan.pending, plan.steps) == ((), (), ())


@pytest.mark.parametrize("change", [{"name": "Renamed"}, {"leads": [lead("001", who="An"), lead("555")]}])
def test_a_completed_campaign_is_reported_and_not_fought(world: World, change: dict[str, Any]) -> None:
    """Nothing about it can change any more: the plan says so, sends nothing, and sees no drift then or later."""
    edit(world, "campaigns.recall", status="completed")
    recall = {**BEFORE["campaigns"]["recall"], **change}
    world.declare({**BEFORE, "campaigns": {**BEFORE["campaigns"], "recall": recall}})
    written = len(world.emulator.writes)
    for _ in range(2):
        plan = world.plan()
        assert (plan.pending, plan.drift) == ((), ())
        notes = [note for each in plan.changes for note in each.notes]
        assert any("completed" in note for note in notes)
        assert not world.apply().bad
    assert len(world.emulator.writes) == written


def test_a_changed_lead_that_was_called_is_history(world: World) -> None:
    """A lead taken out after its call stays, and the plan says why."""
    called = next(each for each in world.leads("Recall") if each["variables"]["who"] == "Bo")
    world.emulator.edit("leads", called["id"], {"status": "failed"})
    recall = {**BEFORE["campaigns"]["recall"], "leads": [lead("001", who="An"), lead("003", who="Cy")]}
    world.declare({**BEFORE, "campaigns": {**BEFORE["campaigns"], "recall": recall}})
    plan = world.plan()
    assert (plan.pending, plan.drift) == ((), ())
    assert any("already called" in note for each in plan.changes for note in each.notes)
    world.apply()
    assert called["id"] in {each["id"] for each in world.leads("Recall")}


def test_another_password_replaces_its_trunk(world: World) -> None:
    """What cannot be read is known by its fingerprint: the same one changes nothing, another one is sent."""
    world.check_at_rest()
    world.environ["HMSPLAN_SECRET_SIP"] = "another"
    world.declare(BEFORE)
    actions = {str(change.address): change.action for change in world.plan().pending}
    assert actions["sip_trunks.voip"] is Action.REPLACE
    assert not world.apply(allowing()).bad
    assert world.emulator.hidden("sip_trunks", world.id("sip_trunks.voip")) == {"auth_password": "another"}
    world.check_at_rest()


def test_survey_counts_what_is_managed(world: World) -> None:
    """Unmanaged objects are listed apart and lower the coverage; they are no drift."""
    campaign_id = world.emulator.add(
        "assistants", {"name": "Theirs", "is_active": True, "llm_config": {}, "tts_config": None}
    )
    report = world.drift()
    assert (report.drifted, [each.id for each in report.unmanaged]) == ((), [campaign_id])
    assert report.coverage["assistants"] == (4, 5)


def test_a_campaign_paused_by_a_person_is_drift(tmp_path: Path) -> None:
    """A pause is a person's decision: it is shown, and resuming it needs a word (see the guards)."""
    with World(tmp_path / "stack") as world:
        recall = campaign("Recall", "${assistants.a}", [lead("001")], status="scheduled")
        world.declare({"assistants": {"a": {"name": "A"}}, "campaigns": {"recall": recall}})
        world.apply(allowing())
        edit(world, "campaigns.recall", status="paused")
        plan = world.plan()
        assert [f.path for d in plan.drift for f in d.fields] == [("status",)]
        assert [r.flag for r in plan.refusals] == ["--allow start:campaigns.recall"]
