"""A plan against a saved snapshot: what it knows, what it cannot see, and how it says so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import pytest
from support.html_reader import in_markdown
from support.readings import (
    NOW,
    bound,
    change_of,
    declared,
    lead,
    live,
    open_create,
    planned,
    remembered,
    remote,
    resource,
)

from hmsplan.errors import StateError, WrongOrganization
from hmsplan.formats.plan_file import plan_from_bytes, plan_to_bytes
from hmsplan.formats.snapshot_file import SavedSnapshot, save, snapshot_from_bytes, snapshot_to_bytes
from hmsplan.model import Action, Secret
from hmsplan.operations.offline import plan_against
from hmsplan.output.html.page import render_html
from hmsplan.output.markdown import render_markdown
from hmsplan.output.plan_page import page_of
from hmsplan.output.text import render_plan
from hmsplan.planner.planner import Options

if TYPE_CHECKING:
    from hmsplan.model import Plan, Resource, Snapshot, Stack, State

PLAN_SCHEMA: Final = json.loads((Path(__file__).parents[3] / "schemas" / "plan.schema.json").read_text("utf-8"))
HOUR: Final = 3600
AN, BO, CY = tuple[dict[str, Any], ...](
    {"phone_number": f"+3161234567{digit}", "variables": {"who": name}} for digit, name in enumerate(("An", "Bo", "Cy"))
)
CAMPAIGN: Final = {"name": "Recall", "agent_id": "a1", "status": "paused", "total_leads": 3}
SUPPORT: Final = resource("assistants.support", name="Support")


def taken(snapshot: Snapshot, state: State | None = None, stack: Stack | None = None) -> SavedSnapshot:
    """Save a snapshot and read the file."""
    saved = save(stack or declared(SUPPORT), snapshot, state or remembered(), NOW)
    return snapshot_from_bytes(snapshot_to_bytes(saved))


def calling(*leads: dict[str, Any], **more: Any) -> Resource:
    """Declare the campaign with *leads*."""
    return resource("campaigns.recall", leads, name="Recall", agent_id="a1", **more)


LEADS: Final = (
    lead("l0", AN["phone_number"], who="An"),
    lead("l1", "0031612345671", who="Bo"),
    lead("l2", CY["phone_number"], "completed", who="Cy"),
)
REMEMBERED: Final = remembered(bound("campaigns.recall", "c1", AN, BO, CY, name="Recall", agent_id="a1"))
REMEMBERED_WITHOUT_LEADS: Final = bound("campaigns.recall", "c1", name="Recall", agent_id="a1")
LIVE: Final = live(remote("campaigns", "c1", **CAMPAIGN), leads={"c1": LEADS})


@pytest.mark.parametrize(
    "leads", [[AN, BO, CY], [AN], [], [AN, BO, CY, {"phone_number": "+31612345679"}], [AN, BO, {**CY, "variables": {}}]]
)
def test_leads_are_told_apart_without_being_named(leads: list[dict[str, Any]]) -> None:
    """Who comes, who goes, who was called: as if the names were there."""
    stack = declared(calling(*leads))
    there, here = planned(stack, LIVE, REMEMBERED), plan_against(taken(LIVE, REMEMBERED), stack, NOW)
    assert here.digest == there.digest
    assert here.refusals == there.refusals
    assert change_of(here, "campaigns.recall").notes == change_of(there, "campaigns.recall").notes
    assert here.drift == there.drift


def test_nobody_is_called_twice_unseen() -> None:
    """One who was called is known by the number alone, in whatever words he is declared again."""
    stack = declared(calling(AN, BO, {**CY, "variables": {"who": "Mr Cy"}}))
    (refusal,) = plan_against(taken(LIVE, REMEMBERED), stack, NOW).refusals
    assert refusal.flag == "--allow recall:campaigns.recall"


def test_a_lead_of_other_variables_is_the_same_person() -> None:
    """It leaves before it comes back, as in the live plan; why is said there only, for its variables are in no file."""
    stack = declared(calling(AN, {**BO, "variables": {"who": "Mr Bo"}}, CY))
    there, here = planned(stack, LIVE, REMEMBERED), plan_against(taken(LIVE, REMEMBERED), stack, NOW)
    assert [(step.key, step.needs) for step in here.steps] == [(step.key, step.needs) for step in there.steps]
    assert here.digest == there.digest
    assert here.refusals == there.refusals


def test_a_lead_that_goes_has_no_number_to_show() -> None:
    """Its number is in no file, so none is invented."""
    plan = plan_against(taken(LIVE, REMEMBERED), declared(calling(AN, CY)), NOW)
    change = change_of(plan, "campaigns.recall")
    assert change.members is not None
    assert [item.id for item in change.members.remove] == ["l1"]
    text = render_plan(plan, width=80, color=False)
    assert "- (cannot be seen)" in text
    assert render_plan(plan_from_bytes(plan_to_bytes(plan)), width=80, color=False) == text


def test_deletes_and_renames_are_planned() -> None:
    """The state is in it, without which nobody could tell."""
    state = remembered(bound("assistants.old", "a1", name="Old"), bound("assistants.help", "a2", name="Help"))
    snapshot = live(remote("assistants", "a1", name="Old"), remote("assistants", "a2", name="Help"))
    stack = declared(resource("assistants.support", name="Help"), moved=[("assistants.help", "assistants.support")])
    plan = plan_against(taken(snapshot, state), stack, NOW)
    assert change_of(plan, "assistants.old").action is Action.DELETE
    assert str(change_of(plan, "assistants.support").moved_from) == "assistants.help"


def test_an_open_create_is_judged_at_the_time_of_the_snapshot() -> None:
    """A list proves nothing by growing old in a file."""
    state = remembered(intents=(open_create("assistants.support", "Support", age_s=10, name="Support"),))
    saved = taken(live(), state)
    plan = plan_against(saved, declared(SUPPORT), NOW + 100 * HOUR)
    assert [unsettled.remaining_s for unsettled in plan.unsettled] == [20.0]


def test_the_options_of_the_command_line_hold() -> None:
    """Targets and what is allowed."""
    state = remembered(bound("assistants.support", "a1", name="Support"))
    plan = plan_against(
        taken(live(remote("assistants", "a1", name="Support")), state), declared(SUPPORT), NOW, Options(destroy=True)
    )
    assert plan.destroy
    assert change_of(plan, "assistants.support").action is Action.DELETE


@pytest.mark.parametrize(("declares", "shows"), [("o1", "o2"), ("o1", None)])
def test_another_organization_is_refused(declares: str, shows: str | None) -> None:
    """Also one of which nobody can tell."""
    saved = taken(replace(live(), organization=shows))
    with pytest.raises(WrongOrganization, match="declares o1, and the snapshot shows"):
        plan_against(saved, replace(declared(SUPPORT), organization=declares), NOW)
    assert plan_against(saved, declared(SUPPORT), NOW).pending


def test_another_environment_is_refused() -> None:
    """Its state binds other objects."""
    with pytest.raises(StateError, match=r"environment default, and staging is planned(?s:.*)hmsplan snapshot -o FILE"):
        plan_against(taken(live()), replace(declared(SUPPORT), environment="staging"), NOW)


def test_another_stack_is_refused() -> None:
    """It would be planned to delete all that the other one manages."""
    with pytest.raises(StateError, match="shows the stack "):
        plan_against(taken(live()), replace(declared(SUPPORT), name="other"), NOW)


def test_a_lead_that_nobody_knows_is_counted_and_may_be_the_one_that_is_added() -> None:
    """Its number cannot be tried out; so that a plan which adds somebody says what it cannot know."""
    saved = taken(
        live(remote("campaigns", "c1", **CAMPAIGN), leads={"c1": LEADS}), remembered(REMEMBERED_WITHOUT_LEADS)
    )
    assert {
        (item.fields["variables"].fingerprint, item.fields["variables"].called) for item in saved.live.members["c1"]
    } == {
        ("", None),
        ("", ""),
    }
    (warning,) = [w for w in plan_against(saved, declared(calling(AN)), NOW).warnings if w.summary == "Unknown leads"]
    assert "has 3 leads added outside hmsplan" in warning.detail
    assert plan_against(saved, declared(calling()), NOW).warnings == ()


def test_a_kind_that_was_not_read_is_no_kind_without_objects() -> None:
    """An older hmsplan knew fewer kinds; what it did not list would be created a second time."""
    saved = taken(live(kinds=["assistants", "campaigns"]))
    assert plan_against(saved, declared(SUPPORT), NOW).pending
    with pytest.raises(StateError, match="does not show numbers"):
        plan_against(saved, declared(SUPPORT, resource("numbers.main", phone_number="+31850000001")), NOW)


def test_leads_that_were_not_read_are_not_taken_for_none() -> None:
    """All of them would be added, and called, a second time."""
    saved = taken(replace(LIVE, members={}), REMEMBERED)
    with pytest.raises(StateError, match="does not show the leads of c1"):
        plan_against(saved, declared(calling(AN)), NOW)


def test_a_user_that_was_not_read_is_not_taken_for_none() -> None:
    """What goes away may still be used by it."""
    saved = taken(
        live(remote("assistants", "a1", name="Old"), kinds=["assistants", "campaigns"]),
        remembered(bound("assistants.old", "a1", name="Old")),
    )
    with pytest.raises(StateError, match="does not show numbers"):
        plan_against(saved, declared(), NOW)


def test_a_snapshot_of_the_future_is_refused() -> None:
    """One of two clocks is wrong, and its age would be an invention."""
    with pytest.raises(StateError, match="taken is in the future"):
        plan_against(taken(live()), declared(SUPPORT), NOW - HOUR)


def test_a_secret_that_nobody_can_compare_is_said() -> None:
    """A fork has no key of fingerprints."""
    state = remembered(
        bound("assistants.support", "a1", name="S", webhook_secret={"$secret": "hook", "fingerprint": "k:p:m"})
    )
    snapshot = live(remote("assistants", "a1", name="S", webhook_secret=Secret(Secret.LIVE, "x")))
    stack = declared(resource("assistants.support", name="S", webhook_secret=Secret("hook")))
    plan = plan_against(taken(snapshot, state), stack, NOW)
    assert [warning.summary for warning in plan.warnings] == ["Secrets not compared"]
    assert not plan.pending


def test_a_digest_that_cannot_be_the_live_one_is_said() -> None:
    """A secret that is sent takes part in it by its fingerprint."""
    known = {"$secret": "hook", "fingerprint": "k:p:m"}
    state = remembered(bound("assistants.other", "a1", name="S", webhook_secret=known))
    snapshot = live(remote("assistants", "a1", name="S"))
    other = resource("assistants.other", name="S", webhook_secret=Secret("hook"))
    stack = declared(other, resource("sip_trunks.voip", name="V", auth_password=Secret("sip")))
    plan = plan_against(taken(snapshot, state), stack, NOW)
    (warning,) = [each for each in plan.warnings if each.summary == "Digest of a snapshot's plan"]
    assert "${secret:sip}" in warning.detail
    without_key = remembered(bound("assistants.other", "a1", name="S"))
    assert len(plan_against(taken(snapshot, without_key), stack, NOW).warnings) < len(plan.warnings)


# The mark on every surface


@pytest.mark.parametrize(
    ("seconds", "age"),
    [
        (0, "less than two minutes"),
        (-5, "less than two minutes"),
        (150, "2 minutes"),
        (9 * HOUR, "9 hours"),
        (47 * HOUR, "47 hours"),
        (200 * HOUR, "8 days"),
    ],
)
def test_the_age_is_told(seconds: int, age: str) -> None:
    text = render_plan(plan_against(taken(live()), declared(SUPPORT), NOW + seconds), width=200, color=False)
    assert f"Planned against a snapshot of 2026-09-21 14:13 UTC, {age} old." in text


@pytest.fixture
def marked() -> Plan:
    return plan_against(taken(live()), declared(SUPPORT), NOW + 9 * HOUR)


SAID: Final = "Planned against a snapshot of 2026-09-21 14:13 UTC, 9 hours old."


def test_markdown_says_so_at_its_top(marked: Plan) -> None:
    page = in_markdown(render_markdown(page_of(marked, 100)))
    assert SAID in "".join(page.text).partition("Plan: ")[0]


def test_the_page_says_so_at_its_top(marked: Plan) -> None:
    assert SAID in render_html(page_of(marked, 100)).partition("<main>")[0]


def test_the_json_says_so_and_that_it_cannot_be_applied(marked: Plan) -> None:
    document = json.loads(plan_to_bytes(marked))
    jsonschema_rs.validator_for(PLAN_SCHEMA).validate(document)
    assert document["hmsplan"]["against"] == {
        "taken": "2026-09-21T14:13:20Z",
        "age_s": 9 * HOUR,
        "digest": taken(live()).digest,
    }
    assert document["applyable"] is False
    assert plan_from_bytes(plan_to_bytes(marked)).against == marked.against


def test_a_live_plan_is_not_marked() -> None:
    plan = planned(declared(SUPPORT))
    assert "against" not in json.loads(plan_to_bytes(plan))["hmsplan"]
    assert "snapshot" not in render_plan(plan, width=80, color=False)


def test_no_changes_is_said_of_the_snapshot_and_not_of_the_organization() -> None:
    text = render_plan(plan_against(taken(live()), declared(), NOW), width=80, color=False)
    assert "No changes. The snapshot matches the stack." in text
    assert "organization matches" not in text


def test_a_credential_in_a_url_is_not_told_from_another_one_and_the_rest_of_the_url_is() -> None:
    def hooked(token: str, host: str = "a.example") -> Resource:
        return resource("assistants.support", name="Support", webhook_url=f"https://{host}/x?token={token}")

    there = hooked("tok-1")
    state = remembered(bound("assistants.support", "a1", **there.spec))
    saved = taken(live(remote("assistants", "a1", **there.spec)), state, declared(there))
    assert plan_against(saved, declared(hooked("tok-2")), NOW).pending == ()
    plan = plan_against(saved, declared(hooked("tok-1", "b.example")), NOW)
    assert (
        plan.digest
        == planned(declared(hooked("tok-1", "b.example")), live(remote("assistants", "a1", **there.spec)), state).digest
    )
    assert "b.example" in render_plan(plan, width=80, color=False)
    assert "tok-1" not in render_plan(plan, width=80, color=False)
