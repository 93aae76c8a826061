"""What people, other runs, other stacks and a lagging API do to a plan, told by the commands over real sockets."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import pytest
from support.stacks import campaign, lead

from hmsplan.emulator import Emulator, Fault, Settings

from .helpers import KEY, STACK, Result, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Live = Callable[..., Result]

PATIENT = STACK.replace("settle_grace: 0s", "settle_grace: 30s")
BOTH = {"environments/production.yaml": "{}\n", "environments/staging.yaml": "{}\n"}
DESK = {"assistants": {"desk": {"name": "Desk"}}}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(settings=Settings(rate_limit=None)) as made:
        made.organization(KEY)
        yield made


@pytest.fixture
def live(online: Live, tmp_path: Path) -> Live:
    """Return a function that runs a command on the folder ``stack`` against an API with a socket."""
    return functools.partial(online, "-C", tmp_path / "stack")


def declare(root: Path, resources: Any, head: str = STACK) -> None:
    write(root / "stack", {"hmsplan.yaml": head, "resources.yaml": json.dumps(resources)})


def flat(result: Result) -> str:
    return " ".join((result.out + result.err).split())


def edited_state(live: Live, tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Return a file with the stored state, changed, and its serial raised."""
    state = json.loads(live("state", "pull").out)
    change(state)
    state["serial"] += 1
    file = tmp_path / "edited.json"
    file.write_text(json.dumps(state))
    return file


# Twins and lost objects


def test_plan_and_drift_name_a_twin_with_both_ids(emulator: Emulator, live: Live, tmp_path: Path) -> None:
    declare(tmp_path, DESK)
    assert live("apply", "-y").code == 0
    (ours,) = emulator.all("assistants")
    other = emulator.add("assistants", {"name": "Desk"}, key=KEY)
    plan = live("plan", "--detailed-exitcode")
    assert plan.code == 0
    assert f"assistants.desk is {ours['id']}, and {other} has the name 'Desk' too" in flat(plan)
    assert f"import assistants.desk {other}" in flat(plan)
    drift = live("drift", "--detailed-exitcode")
    assert drift.code == 2
    assert f"it is {ours['id']}; {other}, which no state binds," in flat(drift).replace("# ", "")
    (found,) = json.loads(live("drift", "--json").out)["drift"]
    assert (found["drift"], found["id"], found["other"]) == ("twin", ours["id"], other)


def test_what_the_plan_says_to_type_takes_the_twin_in(emulator: Emulator, live: Live, tmp_path: Path) -> None:
    declare(tmp_path, DESK)
    assert live("apply", "-y").code == 0
    (ours,) = emulator.all("assistants")
    other = emulator.add("assistants", {"name": "Desk"}, key=KEY)
    assert live("state", "rm", "assistants.desk").code == 0
    assert live("import", "assistants.desk", other).code == 0
    emulator.remove("assistants", ours["id"])
    assert live("drift", "--detailed-exitcode").code == 0
    assert emulator.all("assistants")[0]["id"] in live("state", "show", "assistants.desk").out


def test_what_was_made_again_by_hand_is_adopted_and_not_made_twice(
    emulator: Emulator, live: Live, tmp_path: Path
) -> None:
    declare(tmp_path, DESK)
    assert live("apply", "-y").code == 0
    (ours,) = emulator.all("assistants")
    emulator.remove("assistants", ours["id"])
    other = emulator.add("assistants", {"name": "Desk"}, key=KEY)
    plan = live("plan")
    assert f"its object {ours['id']} is gone; the only live object with the name 'Desk'" in flat(plan).replace("# ", "")
    assert live("apply", "-y").code == 0
    assert [each["id"] for each in emulator.all("assistants")] == [other]
    assert live("plan", "--detailed-exitcode").code == 0


def test_what_was_made_a_moment_ago_and_is_not_visible_yet_is_not_made_again(
    emulator: Emulator, live: Live, tmp_path: Path
) -> None:
    """The list and the GET lag behind, and the run that made it is over."""
    declare(tmp_path, {"assistants": {**DESK["assistants"], "other": {"name": "Other"}}}, PATIENT)
    assert live("apply", "-y").code == 0
    (desk,) = (each for each in emulator.all("assistants") if each["name"] == "Desk")
    emulator.inject(
        Fault(do="empty_list", path="/assistants"),
        Fault(do="status", status=404, method="GET", path="/assistants/*"),
    )
    document = json.loads(live("plan", "--json").out)["hmsplan"]
    assert [(each["address"], each["id"]) for each in document["unsettled"]] == [
        ("assistants.desk", desk["id"]),
        ("assistants.other", next(each["id"] for each in emulator.all("assistants") if each["name"] == "Other")),
    ]
    assert document["changes"] == []
    drifted = live("drift", "--detailed-exitcode")
    told = " ".join(drifted.out.split())
    assert drifted.code == 8
    assert f"assistants.desk is not compared. It was created a moment ago as {desk['id']}" in told
    assert "Look again then." in told
    assert "Coverage: 0 of 0 objects managed, 2 not settled" in told
    assert "No drift. Every" not in told
    pulled = live("pull", "--check")
    assert (pulled.code, "assistants.other is not compared." in " ".join(pulled.out.split())) == (1, True)
    assert "Nothing to pull: " not in pulled.out


# Leads


def test_leads_that_answer_404_for_a_campaign_that_is_listed_are_asked_for_again(
    emulator: Emulator, live: Live, tmp_path: Path
) -> None:
    recall = campaign("One", "${assistants.agent}", [lead("001")])
    declare(tmp_path, {"assistants": {"agent": {"name": "Agent"}}, "campaigns": {"one": recall}}, PATIENT)
    assert live("apply", "-y").code == 0
    emulator.inject(Fault(do="status", status=404, method="GET", path="/campaigns/*/leads", nth=1))
    assert live("plan", "--detailed-exitcode").code == 0


# Whose organization, and whose state


def test_a_digest_that_was_reviewed_for_one_organization_is_refused_for_another(
    emulator: Emulator, live: Live, tmp_path: Path
) -> None:
    declare(tmp_path, DESK)
    digest = json.loads(live("plan", "--json").out)["hmsplan"]["digest"]
    other = "fl_another_organization"
    whose = emulator.organization(other)
    result = live("apply", "-y", "--expect-digest", digest, HMS_SOVEREIGN_API_KEY=other)
    assert result.code == 5
    assert f"in organization {whose}" in flat(result)
    assert emulator.all("assistants", key=other) == []
    assert live("apply", "-y", "--expect-digest", digest).code == 0


@pytest.mark.parametrize("command", [("plan",), ("apply", "-y"), ("drift",)])
def test_the_state_of_another_stack_is_refused_until_it_is_said_to_be_renamed(
    emulator: Emulator, live: Live, online: Live, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """One variable for two repositories: the second would delete all of the first."""
    declare(tmp_path, DESK)
    assert live("apply", "-y").code == 0
    declare(tmp_path, {"assistants": {"garage": {"name": "Garage"}}}, STACK.replace("stack: ", "stack: not-"))
    refused = live(*command)
    assert refused.code == 1
    assert "State of another stack" in refused.err
    assert [each["name"] for each in emulator.all("assistants")] == ["Desk"]
    said = next(line for line in refused.err.splitlines() if "rename-stack" in line).split()[1:]
    assert online(*said).code == 0
    assert live("plan").code == 0


@pytest.mark.parametrize("words", [("rm", "assistants.desk"), ("mv", "assistants.desk", "assistants.front")])
def test_the_state_of_another_stack_is_not_edited(live: Live, tmp_path: Path, words: tuple[str, ...]) -> None:
    """What is forgotten there is created once more by the other repository."""
    declare(tmp_path, DESK)
    assert live("apply", "-y").code == 0
    before = live("state", "pull").out
    declare(tmp_path, {}, STACK.replace("stack: ", "stack: not-"))
    refused = live("state", *words)
    assert (refused.code, "State of another stack" in refused.err) == (1, True)
    declare(tmp_path, DESK)
    assert live("state", "pull").out == before


def test_a_typing_error_renames_no_stack(live: Live, tmp_path: Path) -> None:
    declare(tmp_path, DESK)
    assert live("apply", "-y").code == 0
    result = live("state", "rename-stack", "typo")
    assert result.code == 1
    assert "not typo. Rename it there first" in flat(result)


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_neither_another_stacks_state_nor_one_with_an_object_twice_can_be_pushed(
    live: Live, tmp_path: Path, force: tuple[str, ...]
) -> None:
    declare(tmp_path, DESK)
    assert live("apply", "-y").code == 0
    before = live("state", "pull").out

    def twice(state: dict[str, Any]) -> None:
        state["bindings"]["assistants.twin"] = state["bindings"]["assistants.desk"]

    def anothers(state: dict[str, Any]) -> None:
        state["stack"] = "clinic"

    cases = ((twice, "assistants.desk and assistants.twin both are"), (anothers, "belongs to the stack clinic"))
    for change, words in cases:
        result = live("state", "push", edited_state(live, tmp_path, change), *force)
        assert result.code == 1
        assert words in flat(result)
    assert live("state", "pull").out == before


# Phone numbers


def test_numbers_that_are_swapped_are_refused_with_commands_that_do_it(
    emulator: Emulator, live: Live, online: Live, tmp_path: Path
) -> None:
    one, two = "+31850000001", "+31850000002"
    declare(tmp_path, {"numbers": {"a": {"phone_number": one}, "b": {"phone_number": two}}})
    assert live("apply", "-y").code == 0
    declare(tmp_path, {"numbers": {"a": {"phone_number": two}, "b": {"phone_number": one}}})
    refused = live("apply", "-y", "--allow", "*")
    assert (refused.code, "Circle of identities" in refused.err) == (3, True)
    writes = len(emulator.writes)
    for line in refused.err.splitlines():
        if "state mv" in line:
            assert online(*line.split()[1:]).code == 0
    assert live("plan", "--detailed-exitcode").code == 0
    assert len(emulator.writes) == writes


# Environments of one organization


def test_what_another_environment_manages_is_a_twin_and_nothing_to_adopt_or_import(
    emulator: Emulator, live: Live, tmp_path: Path
) -> None:
    """A command without its -e would take over what production owns."""
    declare(tmp_path, DESK)
    write(tmp_path / "stack", BOTH)
    assert live("apply", "-y", "-e", "production").code == 0
    (theirs,) = emulator.all("assistants")
    staging = functools.partial(live, "-e", "staging")
    plan = staging("plan", "--json")
    (change,) = json.loads(plan.out)["resource_changes"]
    assert change["change"]["actions"] == ["create"]
    assert f"{theirs['id']} has the name 'Desk' too; it is bound in environment production" in flat(staging("plan"))
    refused = staging("import", "assistants.desk", theirs["id"])
    assert refused.code == 1
    assert f"{theirs['id']} is bound in environment production" in flat(refused)
    assert staging("state", "list").out == ""


def test_drift_names_a_twin_with_the_environment_that_manages_it(
    emulator: Emulator, live: Live, tmp_path: Path
) -> None:
    declare(tmp_path, DESK)
    write(tmp_path / "stack", BOTH)
    assert [live("apply", "-y", "-e", name).code for name in ("staging", "production")] == [0, 0]
    drift = live("drift", "--json", "--detailed-exitcode", "-e", "production")
    assert drift.code == 2
    (twin,) = json.loads(drift.out)["drift"]
    assert (twin["drift"], twin["environment"]) == ("twin", "staging")
    assert len(emulator.all("assistants")) == 2
