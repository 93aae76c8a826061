"""``apply --wait-for-calls``, and applies that run into the end of their window: real steps, the emulator's calls."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest
from support.world import UNLIMITED, Life, Progress, World, allowing

from hmsplan.apply.admission import CallWait
from hmsplan.emulator import Fault
from hmsplan.model import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.world import Applied

    from hmsplan.model import Step

NUMBER: Final = "+31850835037"
TEN_MINUTES: Final = CallWait(600)
FLOW: Final[dict[str, Any]] = {
    "version": 1,
    "entry_node": "hello",
    "nodes": [{"id": "hello", "type": "conversation", "instructions": "Greet."}],
    "edges": [],
}


def declared(word: str, **more: Any) -> dict[str, Any]:
    """Return a desk with a number and a workflow, and an assistant that has nothing to do with them."""
    return {
        "assistants": {
            "desk": {"name": "Desk", "first_message": word},
            "other": {"name": "Other", "first_message": word},
        },
        "workflows": {"triage": {"name": "Triage", "definition": FLOW, "is_active": word == "Hello"}},
        "numbers": {
            "main": {
                "phone_number": NUMBER,
                "agent_id": "${assistants.desk}",
                "workflow_id": "${workflows.triage}",
                "is_active": word == "Hello",
            }
        },
    } | more


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Return an organization of which all four objects are about to change."""
    with World(tmp_path, UNLIMITED) as made:
        made.declare(declared("Hello"))
        made.apply(allowing())
        made.declare(declared("Good day"))
        yield made


@dataclass(slots=True)
class Watching(Progress):
    """Does something when an apply begins to wait, and a while after that."""

    after_s: float = 0.0
    then: Callable[[], object] = lambda: None
    ended: dict[str, Status] = field(default_factory=dict)

    def note(self, text: str) -> None:
        self.notes.append(text)
        if len(self.notes) == 1:
            asyncio.get_running_loop().call_later(self.after_s, self.then)

    def started(self, step: Step) -> None:
        self.ended.setdefault(str(step.address), Status.NOT_STARTED)


def called(world: World, **fields: Any) -> str:
    """Let somebody call; return the id of the call."""
    usual = {"status": "in-progress", "agent_id": None, "number_id": None, "direction": "inbound"}
    return world.emulator.add("calls", usual | fields)


def hang_up(world: World, call: str) -> None:
    world.emulator.edit("calls", call, {"status": "ended"})


def ended(applied: Applied) -> dict[str, str]:
    """Return how each step ended, by its key."""
    return {outcome.step.key: str(outcome.status) for outcome in applied.report.outcomes}


def apply(world: World, calls: CallWait = TEN_MINUTES, progress: Progress | None = None, **life: Any) -> Applied:
    return world.apply(None, Life(calls=calls, **life), progress)


def reads(world: World, path: str) -> int:
    return [request.path for request in world.emulator.requests].count(path)


def test_without_calls_nothing_waits(world: World) -> None:
    began = world.clock()
    assert set(ended(apply(world)).values()) == {"done"}
    assert world.clock() - began < 5


def test_a_change_waits_until_the_last_call_is_over_and_others_go_on(world: World) -> None:
    call = called(world, agent_id=world.id("assistants.desk"))
    began = world.clock()
    watching = Watching(after_s=60, then=lambda: hang_up(world, call))
    applied = apply(world, progress=watching)
    assert watching.notes == ["waiting for 1 call on assistants.desk"]
    assert set(ended(applied).values()) == {"done"}
    assert 60 <= world.clock() - began < 75
    others = [request.path for request in world.emulator.requests if request.method == "PATCH"]
    assert others[-1] == f"/assistants/{world.id('assistants.desk')}"


def test_the_number_of_calls_is_told_when_it_changes(world: World) -> None:
    calls = [called(world, agent_id=world.id("assistants.desk")) for _ in range(2)]
    watching = Watching(after_s=20, then=lambda: hang_up(world, calls[0]))
    apply(world, CallWait(60), watching)
    assert watching.notes == ["waiting for 2 calls on assistants.desk", "waiting for 1 call on assistants.desk"]


def test_what_is_still_called_is_skipped_and_said(world: World) -> None:
    called(world, agent_id=world.id("assistants.desk"))
    applied = apply(world)
    assert applied.bad == ["assistants.desk:update: skipped: after 10m0s 1 call is still on it. Nothing was sent"]
    assert world.live("assistants", "Desk")["first_message"] == "Hello"
    assert world.live("assistants", "Other")["first_message"] == "Good day"


def test_or_it_is_changed_all_the_same(world: World) -> None:
    call = called(world, agent_id=world.id("assistants.desk"))
    applied = apply(world, CallWait(60, proceeds=True))
    assert not applied.bad
    assert applied.notes[-1] == "assistants.desk: after 1m0s 1 call is still on it; it is changed all the same"
    assert world.emulator.all("calls")[0]["id"] == call
    assert world.emulator.all("calls")[0]["status"] == "in-progress"


@pytest.mark.parametrize(
    ("fields", "waiting"),
    [
        ({"number_id": "numbers.main"}, {"assistants.desk", "numbers.main", "workflows.triage"}),
        (
            {"number_id": "numbers.main", "agent_id": "assistants.other"},
            {"assistants.other", "numbers.main", "workflows.triage"},
        ),
        ({"agent_id": "assistants.desk"}, {"assistants.desk"}),
        ({"agent_id": "somebody-else"}, set()),
        ({"agent_id": "assistants.desk", "status": "ringing"}, {"assistants.desk"}),
        ({"agent_id": "assistants.desk", "status": "on-hold"}, {"assistants.desk"}),
        ({"agent_id": "assistants.desk", "status": "transferred"}, set()),
        ({"agent_id": "assistants.desk", "ended_at": "2027-01-15T08:00:00Z"}, set()),
    ],
)
def test_a_call_is_on_its_number_and_on_what_that_leads_to(
    world: World, fields: dict[str, str], waiting: set[str]
) -> None:
    known = {
        name: world.id(value) if value.startswith(("assistants.", "numbers.")) else value
        for name, value in fields.items()
    }
    called(world, **known)
    skipped = {str(o.step.address) for o in apply(world, CallWait(30)).report.outcomes if o.status is Status.SKIPPED}
    assert skipped == waiting


def test_a_call_that_the_platform_forgot_to_end_holds_nothing_back(world: World) -> None:
    called(world, agent_id=world.id("assistants.desk"))
    world.clock.now += 25 * 3600
    assert not apply(world).bad


def test_a_delete_waits_and_what_needs_it_is_blocked(world: World) -> None:
    """The workflow is let go of by its number first, on which a call is."""
    called(world, number_id=world.id("numbers.main"))
    world.declare(
        {
            "numbers": {"main": {"phone_number": NUMBER, "agent_id": None, "workflow_id": None}},
            "assistants": {"other": {"name": "Other"}},
        }
    )
    found = ended(apply(world, CallWait(30)))
    assert found["numbers.main:update"] == "skipped"
    assert found["workflows.triage:delete"] == found["assistants.desk:delete"] == "blocked"
    assert world.live("assistants", "Desk")


def test_all_that_wait_share_one_list(world: World) -> None:
    """The API has a hundred requests a minute for everything."""
    world.declare({"assistants": {f"a{n}": {"name": f"A{n}", "first_message": "Hello"} for n in range(40)}})
    world.apply(allowing())
    for n in range(40):
        called(world, agent_id=world.id(f"assistants.a{n}"))
    world.declare({"assistants": {f"a{n}": {"name": f"A{n}", "first_message": "Good day"} for n in range(40)}})
    world.emulator.requests.clear()
    assert set(ended(apply(world, CallWait(60))).values()) == {"skipped"}
    assert reads(world, "/calls") <= 60 / 5 + 2


def test_what_is_over_is_not_read_again(world: World) -> None:
    """A day of calls is read once; then only what began since the oldest call that went on."""
    for _ in range(1500):
        called(world, status="ended", agent_id=world.id("assistants.desk"))
    world.clock.now += 3600
    called(world, agent_id=world.id("assistants.desk"))
    world.emulator.requests.clear()
    assert ended(apply(world, CallWait(30)))["assistants.desk:update"] == "skipped"
    assert reads(world, "/calls") <= 2 + 30 / 5 + 1


def test_what_waits_takes_no_place_of_others(world: World) -> None:
    called(world, number_id=world.id("numbers.main"))
    began = world.clock()
    at: dict[str, float] = {}

    class Timed(Progress):
        def finished(self, outcome: Any) -> None:
            at[str(outcome.step.address)] = world.clock() - began

    apply(world, CallWait(300), Timed(), concurrency=1)
    assert at["assistants.other"] < 10
    assert at["numbers.main"] >= 300


def test_a_call_that_comes_in_while_others_are_waited_for_is_seen(world: World) -> None:
    first = called(world, agent_id=world.id("assistants.desk"))

    def next_one() -> None:
        called(world, agent_id=world.id("assistants.desk"))
        hang_up(world, first)

    applied = apply(world, CallWait(60), Watching(after_s=20, then=next_one))
    assert ended(applied)["assistants.desk:update"] == "skipped"


def test_what_leaves_late_is_looked_at_again(world: World) -> None:
    """The workflow is read for so long that a call came in since the calls were looked at."""
    world.emulator.inject(Fault(do="delay", path="/workflows/*", method="GET", seconds=12))

    class Caller(Progress):
        def started(self, step: Step) -> None:
            if step.address.kind == "workflows":
                asyncio.get_running_loop().call_later(6, lambda: called(world, number_id=world.id("numbers.main")))

    applied = apply(world, CallWait(30), Caller())
    assert ended(applied)["workflows.triage:update"] == "skipped"
    assert ("PATCH", f"/workflows/{world.id('workflows.triage')}") not in {
        (request.method, request.path) for request in world.emulator.requests
    }


@pytest.mark.parametrize("body", [{"calls": None}, {"logs": []}, {"calls": [{"id": "1", "status": "in-progress"}]}])
def test_calls_that_cannot_be_read_are_not_none(world: World, body: Any) -> None:
    world.emulator.inject(Fault(do="status", path="/calls", status=200, body=body))
    applied = apply(world, CallWait(30))
    assert "which are not known: GET /calls" in applied.notes[0]
    assert all(line.split(": ")[1] == "skipped" for line in applied.bad)
    assert len(applied.bad) == 4


def test_a_signal_ends_the_waiting_at_once(world: World) -> None:
    called(world, agent_id=world.id("assistants.desk"))
    life = Life(calls=TEN_MINUTES)
    began = world.clock()

    def stop() -> None:
        life.stop.signal = 15

    applied = world.apply(None, life, Watching(after_s=7, then=stop))
    assert world.clock() - began < 15
    assert ended(applied)["assistants.desk:update"] == "not started"


def now_is(world: World, text: str) -> None:
    world.clock.now = dt.datetime.fromisoformat(text).timestamp()


def test_an_apply_that_runs_past_the_end_of_its_window_starts_nothing_more(world: World) -> None:
    called(world, agent_id=world.id("assistants.desk"))
    window = {"allow": "Fri 08:00-09:30", "zone": "Europe/Amsterdam", "for": ["assistants.*"]}
    now_is(world, "2027-01-15T09:29:00+01:00")
    world.emulator.edit("calls", world.emulator.all("calls")[0]["id"], {"created_at": "2027-01-15T08:20:00Z"})
    world.declare(declared("Good day"), safety={"windows": [window]})
    applied = apply(world)
    (bad,) = applied.bad
    assert bad == (
        "assistants.desk:update: not started: outside its window, Fri 08:00-09:30 Europe/Amsterdam; it waits for "
        "2027-01-22 08:00 Europe/Amsterdam. Nothing was sent"
    )
    assert world.clock() < dt.datetime.fromisoformat("2027-01-15T09:30:20+01:00").timestamp()
    assert world.live("assistants", "Desk")["first_message"] == "Hello"


def test_creates_leave_nothing_open_when_the_window_closes_before_they_are_sent(world: World) -> None:
    """The rate limit holds the second half of them up."""
    many = {f"b{n}": {"name": f"B{n}"} for n in range(30)}
    now_is(world, "2027-01-15T09:29:59.5+01:00")
    window = {"allow": "Fri 08:00-09:30", "zone": "Europe/Amsterdam"}
    world.declare(declared("Hello", assistants=declared("Hello")["assistants"] | many), safety={"windows": [window]})
    world.emulator.inject(Fault(do="delay", method="POST", path="/assistants", seconds=0.2))
    applied = apply(world, concurrency=2)
    done = [key for key, status in ended(applied).items() if status == "done"]
    assert 0 < len(done) < 30
    assert set(ended(applied).values()) == {"done", "not started"}
    assert world.state().intents == ()


def test_an_override_holds_to_the_end(world: World) -> None:
    now_is(world, "2027-01-15T12:00:00+01:00")
    window = {"allow": "Fri 08:00-09:30", "zone": "Europe/Amsterdam"}
    world.declare(declared("Good day"), safety={"windows": [window]})
    assert {str(refusal.risk) for refusal in world.plan().refusals} == {"override"}
    assert not world.apply(allowing("override:*")).bad
