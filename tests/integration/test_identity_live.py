"""Which live object is which address: never guessed, never taken in silence, never taken from somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.stacks import SECRETS, campaign, lead
from support.world import Killed, Life, World, allowing

from hmsplan.emulator import Fault
from hmsplan.errors import PlanError, UnsettledCreate
from hmsplan.model import Action, Address, DriftKind
from hmsplan.planner.planner import Options
from hmsplan.state.backend import open_backend
from hmsplan.state.edit import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HELP = Address("assistants", "help")
TRUNK = {"name": "VoIP", "provider": "custom", "address": "sip.example.com"}
NOWHERE = "00000000-0000-4000-8000-000000000000"

GRACE_S = 60.0
"""After so long, what we made is no longer taken to be merely late in a list."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "stack", environ=SECRETS) as made:
        yield made


def assistants(**resources: dict[str, Any]) -> dict[str, Any]:
    return {"assistants": resources}


def stored(name: str, **fields: Any) -> dict[str, Any]:
    """Return an assistant as it is stored."""
    model = {"provider": "openai", "model": "gpt-5.4"}
    return {"name": name, "is_active": True, "llm_config": model, "tts_config": None, **fields}


def number(phone_number: str) -> dict[str, Any]:
    """Return a number as it is stored."""
    return {"phone_number": phone_number, "agent_id": None, "transfer_trunk_id": None, "workflow_id": None}


def actions(world: World) -> dict[str, Action]:
    return {str(change.address): change.action for change in world.plan().pending}


def problem(world: World) -> str:
    with pytest.raises(PlanError) as caught:
        world.plan()
    (diagnostic,) = caught.value.diagnostics
    return f"{diagnostic.summary}: {diagnostic.detail}"


# --- adopting ---------------------------------------------------------------------------------------------------


def test_the_only_object_of_that_name_is_adopted_and_the_plan_says_so(world: World) -> None:
    """A live object of the declared name is taken over, not made a second time, and never in silence."""
    there = world.emulator.add("assistants", stored("Help"))
    world.declare(assistants(help={"name": "Help", "first_message": "Hi"}))
    (change,) = world.plan().pending
    assert (change.action, change.id) == (Action.ADOPT, there)
    assert "only live object with the name 'Help'" in change.reason
    world.apply()
    world.check_at_rest()
    assert [record.method for record in world.emulator.writes] == ["PATCH"]


def test_an_adopted_object_that_is_right_already_is_only_bound(world: World) -> None:
    """Adopting writes to the state alone when nothing differs."""
    world.emulator.add("assistants", stored("Help"))
    world.declare(assistants(help={"name": "Help"}))
    assert actions(world) == {"assistants.help": Action.ADOPT}
    world.apply()
    world.check_at_rest()
    assert not world.emulator.writes


def test_a_number_is_adopted_by_its_canonical_form(world: World) -> None:
    """A phone number is recognised however the platform writes it."""
    there = world.emulator.add("numbers", number("0031 85 0000010"))
    world.declare({"numbers": {"main": {"phone_number": "+31850000010"}}})
    (change,) = world.plan().pending
    assert (change.action, change.id) == (Action.ADOPT, there)


def test_two_candidates_are_an_error_that_lists_both(world: World) -> None:
    """Nobody can tell which of two namesakes is meant, so a person has to say."""
    ids = [world.emulator.add("assistants", stored("Help")) for _ in range(2)]
    world.declare(assistants(help={"name": "Help"}))
    text = problem(world)
    assert text.startswith("Ambiguous identity")
    assert all(each in text for each in ids)
    assert "hmsplan import assistants.help ID" in text


def test_two_addresses_for_one_object_are_an_error(world: World) -> None:
    """One live object is never bound to two addresses."""
    world.emulator.add("assistants", stored("Help"))
    world.declare(assistants(help={"name": "Help"}, aid={"name": "Help"}))
    assert "assistants.aid and assistants.help" in problem(world) or "assistants.help and assistants.aid" in problem(
        world
    )


def test_namesakes_that_do_not_exist_yet_are_made_once_each(world: World) -> None:
    """The API holds no name unique, so two resources may share one."""
    world.declare(assistants(help={"name": "Help"}, aid={"name": "Help"}))
    assert not world.apply().bad
    world.check_at_rest()


def test_what_nobody_declared_is_never_touched(world: World) -> None:
    """Unmanaged live objects stay as they are through create, change and the end of everything else."""
    other = world.emulator.add("assistants", stored("Other", first_message="Mine"))
    before = world.emulator.get("assistants", other)
    for resources in (assistants(help={"name": "Help"}), assistants(help={"name": "Help", "first_message": "Hi"}), {}):
        world.declare(resources)
        assert not world.apply(allowing()).bad
        world.check_at_rest(unmanaged=[other])
    assert world.emulator.get("assistants", other) == before


# --- imports, moved, removed --------------------------------------------------------------------------------------


def test_an_imports_entry_binds_that_very_object(world: World) -> None:
    """Between namesakes the imports entry decides; it may stay in the stack afterwards."""
    ids = [world.emulator.add("assistants", stored("Help")) for _ in range(2)]
    world.declare(assistants(help={"name": "Help"}), imports=[{"to": "assistants.help", "id": ids[1]}])
    (change,) = world.plan().pending
    assert (change.action, change.id, change.reason) == (Action.ADOPT, ids[1], "imports entry")
    world.apply()
    world.check_at_rest(unmanaged=[ids[0]])


def test_an_imports_entry_for_nothing_is_an_error(world: World) -> None:
    """An id that the organization does not have is never taken for a create."""
    world.declare(assistants(help={"name": "Help"}), imports=[{"to": "assistants.help", "id": NOWHERE}])
    assert NOWHERE in problem(world)


def test_a_moved_entry_renames_without_a_write_to_the_api(world: World) -> None:
    """The object keeps its id under the new address; the entry may stay."""
    world.declare(assistants(help={"name": "Help"}))
    world.apply()
    there, written = world.id("assistants.help"), len(world.emulator.writes)
    world.declare(assistants(support={"name": "Help"}), moved=[{"from": "assistants.help", "to": "assistants.support"}])
    (change,) = world.plan().pending
    assert (change.moved_from, change.action) == (HELP, Action.NO_OP)
    world.apply()
    world.check_at_rest()
    assert world.id("assistants.support") == there
    assert len(world.emulator.writes) == written


def test_a_moved_entry_carries_protection_leads_and_a_change_along(world: World) -> None:
    """Renaming while something else changes loses neither the ownership of leads nor prevent_destroy."""
    agent = {"a": {"name": "A"}}
    first = campaign("Recall", "${assistants.a}", [lead("001"), lead("002")], lifecycle={"prevent_destroy": True})
    world.declare({"assistants": agent, "campaigns": {"old": first}})
    world.apply()
    then = {**first, "name": "Recall anew", "leads": [lead("002"), lead("003")]}
    world.declare(
        {"assistants": agent, "campaigns": {"new": then}}, moved=[{"from": "campaigns.old", "to": "campaigns.new"}]
    )
    assert not world.apply(allowing()).bad
    world.check_at_rest()
    assert world.state().bindings[Address("campaigns", "new")].protected


def test_a_lost_create_is_found_under_the_address_it_was_moved_to(world: World) -> None:
    """A create whose answer was lost follows a moved entry that came before the next run."""
    world.declare(assistants(help={"name": "Help"}))
    with pytest.raises(Killed):
        world.apply(life=Life(ends_at=2, ends_after=True))
    world.declare(assistants(support={"name": "Help"}), moved=[{"from": "assistants.help", "to": "assistants.support"}])
    assert not world.apply().bad
    world.check_at_rest()


def test_a_renamed_key_without_a_moved_entry_is_an_error_that_suggests_it(world: World) -> None:
    """A new key for the same name would delete one object and make another; nobody meant that."""
    world.declare(assistants(help={"name": "Help"}))
    world.apply()
    world.declare(assistants(support={"name": "Help"}))
    text = problem(world)
    assert text.startswith("Renamed without a moved entry")
    assert "moved: [{from: assistants.help, to: assistants.support}]" in text


def test_a_removed_entry_forgets_and_deletes_nothing(world: World) -> None:
    """The object lives on, and nothing of it stays in the state."""
    world.declare(assistants(help={"name": "Help"}))
    world.apply()
    there, written = world.id("assistants.help"), len(world.emulator.writes)
    world.declare({}, removed=["assistants.help"])
    assert actions(world) == {"assistants.help": Action.FORGET}
    world.apply()
    world.check_at_rest(unmanaged=[there])
    assert len(world.emulator.writes) == written


# --- gone ---------------------------------------------------------------------------------------------------------


def test_an_object_that_is_gone_is_made_again(world: World) -> None:
    """Deleted in the dashboard, it is shown as gone and made anew."""
    world.declare(assistants(help={"name": "Help"}, other={"name": "Other"}))
    world.apply()
    world.clock.now += GRACE_S
    world.emulator.remove("assistants", world.id("assistants.help"))
    plan = world.plan()
    assert [(d.address, d.drift) for d in plan.drift] == [(HELP, DriftKind.GONE)]
    assert [(c.action, c.reason) for c in plan.pending] == [(Action.CREATE, "deleted outside hmsplan")]
    world.apply()
    world.check_at_rest()


def test_a_number_registered_again_in_the_dashboard_is_adopted(world: World) -> None:
    """The bound object is gone, and its natural key belongs to another one: that one is taken, in plain sight."""
    world.declare({"numbers": {"main": {"phone_number": "+31850000010"}}, "assistants": {"a": {"name": "A"}}})
    world.apply()
    world.clock.now += GRACE_S
    world.emulator.remove("numbers", world.id("numbers.main"))
    there = world.emulator.add("numbers", number("+31850000010"))
    assert actions(world) == {"numbers.main": Action.ADOPT}
    assert not world.apply().bad
    world.check_at_rest()
    assert world.id("numbers.main") == there


def test_what_was_taken_out_and_is_gone_already_is_forgotten(world: World) -> None:
    """Nothing is left to delete, so no guard has a word to say."""
    world.declare(assistants(help={"name": "Help"}, other={"name": "Other"}))
    world.apply()
    world.clock.now += GRACE_S
    world.emulator.remove("assistants", world.id("assistants.help"))
    world.declare(assistants(other={"name": "Other"}))
    assert actions(world) == {"assistants.help": Action.FORGET}
    world.apply()
    world.check_at_rest()


# --- creates of which nobody knows ----------------------------------------------------------------------------------


def lose_create(world: World, *, made: bool) -> None:
    """Let the process die around the POST of ``assistants.help``."""
    world.declare(assistants(help={"name": "Help", "first_message": "Hi"}))
    with pytest.raises(Killed):
        world.apply(life=Life(ends_at=3, ends_after=made))
    (intent,) = world.state().intents
    assert intent.address == HELP


def test_a_plan_after_a_lost_create_says_that_it_waits(world: World) -> None:
    """Within the grace time nobody can say that the object was not made."""
    lose_create(world, made=False)
    plan = world.plan()
    assert [u.address for u in plan.unsettled] == [HELP]
    assert not plan.steps
    world.clock.now += 31
    assert not world.plan().unsettled
    assert actions(world) == {"assistants.help": Action.CREATE}


def test_a_lost_create_that_a_person_changed_meanwhile_is_left_to_a_person(world: World) -> None:
    """An object that is not what was sent may be somebody else's: it stops every run until somebody decides."""
    lose_create(world, made=True)
    (there,) = world.emulator.all("assistants")
    world.emulator.edit("assistants", there["id"], {"first_message": "Mine"})
    world.clock.now += 3600
    with pytest.raises(UnsettledCreate) as caught:
        world.apply()
    assert [u.candidates for u in caught.value.unsettled] == [(there["id"],)]


def test_a_target_whose_create_was_lost_is_waited_for(world: World) -> None:
    """It is declared, and only nobody knows yet whether it is there: no unknown target."""
    lose_create(world, made=True)
    assert not world.apply(Options(targets=(str(HELP),))).bad
    world.check_at_rest()


def test_a_target_that_is_nowhere_is_an_error(world: World) -> None:
    """A target that is neither declared nor remembered would plan nothing, in silence."""
    world.declare(assistants(help={"name": "Help"}))
    with pytest.raises(PlanError, match="neither declared nor in the state"):
        world.plan(Options(targets=("assistants.aid",)))


@pytest.mark.parametrize("adopt", [True, False])
def test_resolve_settles_what_nobody_can_prove(world: World, adopt: bool) -> None:
    """``resolve --adopt ID`` binds that object; ``--none`` lets it be made."""
    lose_create(world, made=True)
    (there,) = world.emulator.all("assistants")
    world.emulator.edit("assistants", there["id"], {"first_message": "Mine"})
    backend = open_backend("file", world.root, "default")
    with backend.lock("resolve"):
        state = backend.load()
        assert state is not None
        backend.save(resolve(state, HELP, there["id"] if adopt else None))
    change = next(iter(world.plan().pending))
    assert change.action is (Action.UPDATE if adopt else Action.ADOPT)
    assert not world.apply().bad
    world.check_at_rest()


def test_two_creates_lost_at_once_are_both_found(world: World) -> None:
    """Several open intents are settled in one run, each with its own object."""
    world.declare(assistants(help={"name": "Help"}, other={"name": "Other", "first_message": "Hi"}))
    world.emulator.inject(Fault(do="lost_after", method="POST", first=1, last=2))
    assert not world.apply().bad
    world.check_at_rest()


def test_namesakes_whose_answers_are_lost_are_never_bound_to_one_object(world: World) -> None:
    """Two equal bodies under one name, one made and one not: each address ends with an object of its own."""
    for first in (1, 2):
        with World(world.root.parent / str(first)) as each:
            each.declare(assistants(help={"name": "Help"}, aid={"name": "Help"}))
            each.emulator.inject(
                Fault(do="lost_before", method="POST", nth=first), Fault(do="lost_after", method="POST", nth=3 - first)
            )
            each.apply()
            each.emulator.inject()
            each.apply()
            each.check_at_rest()


def test_a_namesake_made_by_somebody_else_meanwhile_is_not_taken(world: World) -> None:
    """A create is lost, and an unlike object of that name shows up: it is no proof of ours."""
    lose_create(world, made=False)
    theirs = world.emulator.add("assistants", stored("Help", first_message="Theirs"))
    world.clock.now += 3600
    with pytest.raises(UnsettledCreate) as caught:
        world.apply()
    assert [u.candidates for u in caught.value.unsettled] == [(theirs,)]
