"""``apply --at``: what is planned, asked and refused before the waiting, and what is applied after it."""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.virtual_time import run
from support.world import UNLIMITED, Life, World

from hmsplan.errors import StalePlan, StateLocked, UnsafePlan
from hmsplan.formats.plan_validity import dated
from hmsplan.operations.apply import Consent, apply
from hmsplan.operations.later import wait_for_moment
from hmsplan.operations.reporter import Reporter
from hmsplan.operations.workspace import Workspace
from hmsplan.planner.planner import Options

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from hmsplan.model import Plan
    from hmsplan.operations.apply import Applied

NIGHTS = {"allow": "Mon-Fri 18:00-08:00", "zone": "Europe/Amsterdam", "for": ["assistants.*"]}
NOON = dt.datetime.fromisoformat("2027-01-15T12:00:00+01:00").timestamp()
EVENING = dt.datetime.fromisoformat("2027-01-15T18:00:00+01:00").timestamp()
AT_OPENING = Options(at_opening=True)
NOT_REVIEWED = Consent()


class Told(Reporter):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.rests: list[tuple[float, float]] = []
        self.plans: list[Plan] = []

    def resting(self, seconds: float, until: float) -> None:
        self.rests.append((seconds, until))

    def planned(self, plan: Plan) -> None:
        self.plans.append(plan)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Return an organization at noon, whose assistant may be changed in the evening."""
    with World(tmp_path, UNLIMITED) as made:
        made.clock.now = NOON
        made.declare({"assistants": {"desk": {"name": "Desk"}}}, safety={"windows": [NIGHTS]})
        yield made


def workspace(world: World, told: Reporter) -> Workspace:
    @asynccontextmanager
    async def connect(kind: Any, /, **_: Any) -> AsyncIterator[Any]:
        async with world._client(kind, Life()) as client:
            yield client

    return Workspace(world.stack(), world._backend(), connect, told)


def later(
    world: World,
    options: Options = AT_OPENING,
    consent: Consent = NOT_REVIEWED,
    meanwhile: Callable[[], object] = lambda: None,
) -> tuple[Applied, Told, float]:
    """Wait and apply; *meanwhile* happens an hour after the beginning. Return also when the waiting was over."""
    told = Told()

    async def both() -> tuple[Applied, float]:
        asyncio.get_running_loop().call_later(3600, meanwhile)
        there = workspace(world, told)
        kept = await wait_for_moment(there, options, consent, wall=world.clock)
        began = world.clock()
        return await apply(there, replace(options, at=None, at_opening=False), kept), began

    applied, began = run(both(), world.clock)
    return applied, told, began


def test_it_waits_for_the_first_moment_at_which_all_may_be_done(world: World) -> None:
    applied, told, began = later(world)
    assert EVENING <= began < EVENING + 5
    ((seconds, until),) = told.rests
    assert (round(seconds / 3600), round(until - EVENING)) == (6, 1)
    assert [str(outcome.status) for outcome in applied.report.outcomes] == ["done"]


def test_a_fixed_moment_is_waited_for_too(world: World) -> None:
    _, _, began = later(world, Options(at=EVENING + 3600))
    assert EVENING + 3600 <= began < EVENING + 3605


def test_what_is_refused_then_is_refused_now(world: World) -> None:
    with pytest.raises(UnsafePlan):
        later(world, Options(at=NOON + 60))
    assert world.clock() < NOON + 60


def test_nothing_is_locked_while_it_waits(world: World) -> None:
    taken: list[str] = []

    def meanwhile() -> None:
        with world._backend().lock("somebody else"):
            taken.append("free")

    later(world, meanwhile=meanwhile)
    assert taken == ["free"]


def test_a_lock_is_only_asked_for_after_the_waiting(world: World) -> None:
    with world._backend().lock("somebody else"), pytest.raises(StateLocked):
        later(world)
    assert world.clock() >= EVENING


def test_a_yes_is_asked_for_before_and_is_for_that_plan(world: World) -> None:
    asked: list[float] = []
    _, told, _ = later(world, consent=Consent(ask=lambda _plan, _name: asked.append(world.clock())))
    assert len(asked) == 1
    assert asked[0] < NOON + 60
    assert len({plan.digest for plan in told.plans}) == 1


def test_what_changed_while_it_waited_is_not_what_somebody_said_yes_to(world: World) -> None:
    consent = Consent(ask=lambda _plan, _name: None)
    with pytest.raises(StalePlan, match="Digest differs"):
        later(world, consent=consent, meanwhile=lambda: world.emulator.add("assistants", {"name": "Desk"}))
    assert len(world.emulator.all("assistants")) == 1


def test_a_reviewed_digest_decides_before_and_after(world: World) -> None:
    digest = f"sha256:{world.plan().digest}"
    assert later(world, consent=Consent(digest=digest))[0].plan.digest == digest.removeprefix("sha256:")
    with pytest.raises(StalePlan):
        later(world, consent=Consent(digest=f"sha256:{'0' * 64}"))


def test_a_saved_plan_that_expires_meanwhile_is_refused_at_once(world: World) -> None:
    saved = dated(world.plan(Options(at_opening=True)), NOON, 5 * 3600, "")
    with pytest.raises(StalePlan, match="Saved plan will have expired"):
        later(world, consent=Consent(saved))
    assert world.clock() < NOON + 60
    assert later(world, consent=Consent(replace(saved, expires=int(EVENING) + 60)))[0].report.outcomes


def test_where_nothing_is_to_be_done_nothing_is_waited_for(world: World) -> None:
    later(world)
    world.clock.now += 24 * 3600 - 6 * 3600  # the next noon
    _, told, began = later(world)
    assert told.rests == []
    assert began < EVENING + 20 * 3600


def test_a_machine_that_slept_notices_that_the_moment_has_come(world: World) -> None:
    """The clocks of a process may stand still while the machine does; the one on the wall does not."""

    def sleeps() -> None:
        world.clock.now += 8 * 3600

    _, _, began = later(world, meanwhile=sleeps)
    assert began < NOON + 9 * 3600 + 60
