"""Runs that end too soon: killed twice, stopped, out of disk; and what must hold in the middle of a change."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from support.faulty_runs import check_made_good, run_broken
from support.stacks import BEFORE, SECRETS, WITH_TEMPLATES, campaign, lead
from support.world import Killed, Life, World, allowing

from hmsplan.emulator import Emulator, Fault, Settings
from hmsplan.errors import StateError, UnsettledCreate
from hmsplan.kinds import KINDS
from hmsplan.kinds.identity import identity_of
from hmsplan.model import Action, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Beginnings = Callable[[str], tuple[World, list[str]]]


def writes(calls: list[str]) -> list[int]:
    """Return the numbers of the calls that are no GET."""
    return [number for number, call in enumerate(calls, start=1) if not call.startswith("GET")]


@pytest.mark.parametrize("change", ["create", "change"])
@pytest.mark.parametrize("second", [1, pytest.param(4, marks=pytest.mark.no_cover)])
def test_a_run_killed_twice_is_made_good_by_the_third(
    tmp_path: Path, beginnings: Beginnings, change: str, second: int
) -> None:
    """The run that makes good may die as well, at its first writes, and the next one still loses nothing."""
    world, calls = beginnings(change)
    for number in writes(calls)[::2]:
        with world.copy(tmp_path / str(number)) as copy:
            run_broken(copy, Life(ends_at=number, ends_after=True))
            rehearsal = Life()
            with copy.copy(tmp_path / f"{number}-rehearsal") as rehearsed:
                rehearsed.apply(allowing(), rehearsal)
            left = writes(rehearsal.calls)
            if len(left) >= second:
                run_broken(copy, Life(ends_at=left[second - 1], ends_after=True))
            check_made_good(copy)


@pytest.mark.parametrize("change", ["create", "change", "destroy"])
def test_a_stopped_run_finishes_what_is_in_flight(tmp_path: Path, beginnings: Beginnings, change: str) -> None:
    """After a signal nothing new is begun, nothing in flight is abandoned, and the next run goes on from there."""
    world, calls = beginnings(change)
    for number in writes(calls)[::2]:
        with world.copy(tmp_path / str(number)) as copy:
            applied = copy.apply(allowing(), Life(stops_at=number))
            assert applied.report.signal == 2
            assert {o.status for o in applied.report.outcomes} <= {Status.DONE, Status.NOT_STARTED}
            assert not copy.state().intents
            check_made_good(copy)


@pytest.mark.parametrize("change", ["create", "change"])
def test_without_a_state_nothing_more_is_made(tmp_path: Path, beginnings: Beginnings, change: str) -> None:
    """When the journal cannot be written, no POST leaves that is not on the disk, and the next run finds the rest."""
    world, _ = beginnings(change)
    rehearsal = Life()
    with world.copy(tmp_path / "rehearsal") as copy:
        copy.apply(allowing(), rehearsal)
    for number in range(1, rehearsal.entries + 1, 3):
        with world.copy(tmp_path / str(number)) as copy:
            with pytest.raises(StateError):
                copy.apply(allowing(), Life(disk_full_at=number))
            bound = {binding.id for binding in copy.state().bindings.values()}
            bound |= {deposed.id for deposed in copy.state().deposed}
            intended = {intent.identity[0] for intent in copy.state().intents}
            for kind in KINDS.values():
                for each in copy.emulator.all(kind.name):
                    assert each[kind.named_by or "id"] in bound or identity_of(kind, each) in intended
            check_made_good(copy)


@pytest.fixture(scope="module")
def left_behind(
    tmp_path_factory: pytest.TempPathFactory, beginnings: Beginnings
) -> Iterator[tuple[World, list[Emulator]]]:
    """Return the change, and the organization as it is after each of its writes, when the run is killed there."""
    world, calls = beginnings("change")
    root = tmp_path_factory.mktemp("killed")
    with ExitStack() as closing:
        copies = [closing.enter_context(world.copy(root / str(number))) for number in writes(calls)]
        for number, copy in zip(writes(calls), copies, strict=True):
            run_broken(copy, Life(ends_at=number, ends_after=True))
        yield world, [copy.emulator for copy in copies]


def test_a_trunk_is_replaced_without_an_outage(left_behind: tuple[World, list[Emulator]]) -> None:
    """Wherever its replacement is cut short, every number transfers over a trunk that is there."""
    for emulator in left_behind[1]:
        trunks = {each["id"] for each in emulator.all("sip_trunks")}
        for each in emulator.all("numbers"):
            assert each["transfer_trunk_id"] is None or each["transfer_trunk_id"] in trunks


def test_no_campaign_dials_before_its_leads_are_right(left_behind: tuple[World, list[Emulator]]) -> None:
    """Wherever the run is cut short, a campaign is scheduled only with exactly the leads that were declared."""
    world, emulators = left_behind
    declared = {
        r.spec["name"]: len(r.members or ()) for a, r in world.stack().resources.items() if a.kind == "campaigns"
    }
    for emulator in emulators:
        for each in emulator.all("campaigns"):
            if each["status"] == "scheduled":
                assert len(emulator.all("leads", parent=each["id"])) == declared[each["name"]]


def test_a_lead_that_was_added_in_a_killed_run_can_be_taken_out_again(tmp_path: Path) -> None:
    """We remember as ours whom we added, though the process died: or they would be called after all."""
    agent = {"assistants": {"a": {"name": "A"}}}
    one, two = ([lead("001"), *more] for more in ([], [lead("002")]))
    for ends_at in (2, 3, 4, 5):
        with World(tmp_path / str(ends_at)) as world:
            world.declare({**agent, "campaigns": {"recall": campaign("Recall", "${assistants.a}", two)}})
            run_broken(world, Life(ends_at=ends_at, ends_after=True))
            world.apply()
            world.declare({**agent, "campaigns": {"recall": campaign("Recall", "${assistants.a}", one)}})
            check_made_good(world)
            assert [each["phone_number"] for each in world.leads("Recall")] == [lead("001")["phone_number"]]


def test_a_lead_whose_removal_was_not_written_down_is_no_drift(tmp_path: Path) -> None:
    """Removed, and the process died: nothing is left to do and nothing to wonder about."""
    agent = {"assistants": {"a": {"name": "A"}}}
    with World(tmp_path / "stack") as world:
        world.declare(
            {**agent, "campaigns": {"recall": campaign("Recall", "${assistants.a}", [lead("001"), lead("002")])}}
        )
        world.apply()
        world.declare({**agent, "campaigns": {"recall": campaign("Recall", "${assistants.a}", [lead("001")])}})
        life = Life(ends_at=6, ends_after=True)
        with pytest.raises(Killed):
            world.apply(life=life)
        assert life.calls[-1].startswith("DELETE")
        world.check_at_rest()


def test_a_refused_second_half_is_tried_again(tmp_path: Path) -> None:
    """The create is done and bound, its PATCH is refused: the next run sends the PATCH alone."""
    with World(tmp_path / "stack", environ=SECRETS) as world:
        world.declare({kind: BEFORE[kind] for kind in WITH_TEMPLATES})
        world.emulator.inject(Fault(do="status", method="PATCH", status=422))
        applied = world.apply()
        assert [text.split(":")[0] for text in applied.bad] == ["assistants.desk"]
        world.emulator.inject()
        assert {str(c.address): c.action for c in world.plan().pending} == {"assistants.desk": Action.UPDATE}
        posts = sum(record.method == "POST" for record in world.emulator.requests)
        check_made_good(world)
        assert sum(record.method == "POST" for record in world.emulator.requests) == posts


def test_what_fails_blocks_what_needs_it_and_nothing_else(tmp_path: Path) -> None:
    """Independent branches go on after a failure, and the report names what each blocked step waited for."""
    with World(tmp_path / "stack", environ=SECRETS) as world:
        world.declare(BEFORE)
        world.emulator.inject(Fault(do="status", method="POST", path="/sip-trunks", status=400))
        outcomes = {o.step.key: o for o in world.apply().report.outcomes}
        assert outcomes["sip_trunks.voip:create"].status is Status.FAILED
        blocked = {key for key, o in outcomes.items() if o.status is Status.BLOCKED}
        assert blocked == {"numbers.main:create", "numbers.second:create"}
        assert outcomes["numbers.main:create"].blockers == ("sip_trunks.voip:create",)
        assert all(
            o.status is Status.DONE for key, o in outcomes.items() if key not in blocked | {"sip_trunks.voip:create"}
        )
        world.emulator.inject()
        check_made_good(world)


def test_a_list_that_is_known_to_lag_proves_no_absence(tmp_path: Path) -> None:
    """The list lacks an object that is surely there, so a lost create that it lacks as well is not made again."""
    first, second, lost = ({name.lower(): {"name": name}} for name in "ABC")
    with World(tmp_path / "stack") as world:
        world.emulator.app.store.keep_past = True
        world.declare({"assistants": first})
        world.apply()
        world.clock.now += 7200
        world.declare({"assistants": {**first, **second}})
        world.apply()
        world.declare({"assistants": {**first, **second, **lost}})
        run_broken(world, Life(ends_at=3, ends_after=True))
        world.clock.now += 60
        world.emulator.inject(Fault(do="stale_list", method="GET", path="/assistants", seconds=3600.0))
        with pytest.raises(UnsettledCreate):
            world.apply()
        world.emulator.inject()
        check_made_good(world)


LATE_LISTS = Fault(do="stale_list", method="GET", path="re:/[a-z-]+(/[^/]+/leads)?", seconds=3.0)


def check_nothing_twice(world: World, noun: str) -> None:
    """Apply while the lists lag three seconds behind, and fail if anything was ever made a second time."""
    world.emulator.inject(LATE_LISTS)
    world.apply(allowing())
    world.clock.now += 10
    world.check_at_rest()
    ((made,),) = world.emulator.app.store._sql.execute("SELECT seq FROM sqlite_sequence WHERE name = 'object'")
    assert made == len(world.stack().resources), noun


def test_the_grace_time_of_a_create_begins_when_it_is_sent(tmp_path: Path) -> None:
    """The rate limit kept it waiting for a minute: killed right after, the next run does not trust a late list yet."""
    with World(tmp_path / "stack", Settings(rate_limit=5)) as world:
        world.emulator.app.store.keep_past = True
        world.declare({"assistants": {f"a{number}": {"name": f"Assistant {number}"} for number in range(8)}})
        for ends_at in (6, 7):  # one list and four creates fill the first minute
            with world.copy(tmp_path / str(ends_at)) as copy:
                run_broken(copy, Life(ends_at=ends_at, ends_after=True))
                assert copy.emulator.requests[-1].at - copy.emulator.requests[0].at > 30
                check_nothing_twice(copy, "sent late")


def test_the_grace_time_of_a_second_try_begins_when_that_is_sent(tmp_path: Path) -> None:
    """The first POST was lost and proven to have made nothing; the second is as fresh as any."""
    with World(tmp_path / "stack") as world:
        world.emulator.app.store.keep_past = True
        world.declare({"assistants": {"a": {"name": "A"}}}, safety={"settle_grace": "5s"})
        world.emulator.inject(Fault(do="lost_before", method="POST", nth=1))
        rehearsal = Life()
        with world.copy(tmp_path / "rehearsal") as copy:
            copy.emulator.inject(Fault(do="lost_before", method="POST", nth=1))
            copy.apply(life=rehearsal)
        second = [number for number, call in enumerate(rehearsal.calls, start=1) if call.startswith("POST")][1]
        run_broken(world, Life(ends_at=second, ends_after=True))
        check_nothing_twice(world, "second try")


def test_what_waits_for_the_rate_limit_when_a_run_is_asked_to_stop_is_not_sent(tmp_path: Path) -> None:
    """Writes that wait for the next minute are not in flight: nobody who stops a run expects them then."""
    with World(tmp_path / "stack", Settings(rate_limit=12)) as world:
        world.declare({"assistants": {f"a{number}": {"name": f"A {number}"} for number in range(30)}})
        life = Life(stops_at=12)
        applied = world.apply(life=life)
        assert applied.report.signal == 2
        assert len(life.calls) == 12
        done = sum(call.startswith("POST") for call in life.calls)
        assert applied.report.count(Status.DONE) == done
        assert applied.report.count(Status.NOT_STARTED) == 30 - done
        assert not world.state().intents
        world.clock.now += 60
        assert not world.apply().bad
        world.check_at_rest()
