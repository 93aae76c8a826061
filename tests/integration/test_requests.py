"""What a plan and an apply cost in requests, and that the rate limit is kept."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from support.stacks import BEFORE, SECRETS, campaign, lead
from support.world import UNLIMITED, World, allowing

from hmsplan.emulator import Settings
from hmsplan.kinds import KINDS
from hmsplan.model import Status
from hmsplan.planner.planner import Options

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def assistants(count: int) -> dict[str, Any]:
    """Declare that many small assistants."""
    return {"assistants": {f"a{number}": {"name": f"Assistant {number}"} for number in range(count)}}


def requests(world: World) -> Counter[str]:
    """Count the requests since the last look, by method and path without ids."""
    found = Counter(f"{r.method} {r.path.removeprefix('/api/v1').split('/')[1]}" for r in world.emulator.requests)
    world.emulator.requests.clear()
    return found


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_a_plan_costs_one_list_and_the_organization_however_many_objects_there_are(tmp_path: Path, count: int) -> None:
    with World(tmp_path, UNLIMITED) as world:
        world.declare(assistants(count))
        for number in range(count):
            world.emulator.add("assistants", {"name": f"Assistant {number}"}, key=world.key)
        world.emulator.requests.clear()
        plan = world.plan()
        assert len(plan.pending) == count
        assert requests(world) == {"GET assistants": 1, "GET organizations": 1}
        assert plan.requests == 2


def test_a_plan_reads_one_list_a_kind_the_leads_of_each_campaign_and_each_workflow(tmp_path: Path) -> None:
    with World(tmp_path, UNLIMITED, environ=SECRETS) as world:
        world.declare(BEFORE)
        world.apply(allowing())
        world.emulator.requests.clear()
        world.plan()
        read = Counter({f"GET {kind.path[1:]}": 1 for kind in KINDS.values()})
        assert requests(world) == read + Counter({"GET campaigns": 2, "GET workflows": 2})


@pytest.mark.parametrize("count", [10, 100])
def test_an_apply_costs_one_write_a_change_and_two_lists_a_kind(tmp_path: Path, count: int) -> None:
    with World(tmp_path, UNLIMITED) as world:
        world.declare(assistants(count))
        report = world.apply().report
        assert requests(world) == {"GET organizations": 1, "GET assistants": 2, "POST assistants": count}
        assert report.requests == {"GET": 3, "POST": count}
        world.declare({"assistants": {f"a{n}": {"name": f"Assistant {n}", "gdpr_mode": True} for n in range(count)}})
        world.apply()
        assert requests(world) == {"GET organizations": 1, "GET assistants": 2, "PATCH assistants": count}


def test_leads_ride_on_the_create_of_their_campaign(tmp_path: Path) -> None:
    with World(tmp_path, UNLIMITED) as world:
        leads = [lead(f"{number:03}") for number in range(300)]
        spring = campaign("Spring", "${assistants.a0}", leads)
        world.declare({**assistants(1), "campaigns": {"spring": spring}})
        world.apply()
        assert requests(world)["POST campaigns"] == 1
        assert len(world.leads("Spring")) == 300


@pytest.mark.parametrize("window", ["fixed", "sliding"])
def test_three_hundred_creates_keep_the_limit_and_lose_no_time(tmp_path: Path, window: str) -> None:
    """At 100 requests a window, 302 requests take three windows to begin and less than a tenth more."""
    settings: Mapping[str, Any] = {"rate_limit": 100, "rate_window_s": 60.0, "rate_kind": window}
    with World(tmp_path, Settings.from_dict(settings)) as world:
        world.declare(assistants(300))
        began = world.clock.now
        applied = world.apply()
        assert not applied.bad
        assert 429 not in {record.status for record in world.emulator.requests}
        assert applied.report.count(Status.DONE) == 300
        assert world.clock.now - began <= 1.1 * 3 * 60


def test_what_a_create_writes_down_does_not_grow_with_the_number_of_creates(tmp_path: Path) -> None:
    sizes = {}
    for count in (100, 400):
        with World(tmp_path / str(count), UNLIMITED) as world:
            world.declare(assistants(count))
            world.apply()
            state = world.root / ".hmsplan" / "default" / "state.json"
            sizes[count] = state.stat().st_size / count
    assert sizes[400] < 1.1 * sizes[100]


@pytest.mark.parametrize("kind", ["fixed", "sliding"])
def test_a_limit_that_holds_up_every_request_lets_every_write_through(tmp_path: Path, kind: Any) -> None:
    """Where a write always waits longer than its reading stays young, it goes alone, right after a look of its own."""
    with World(tmp_path, Settings(rate_limit=3, rate_window_s=30.0, rate_kind=kind), environ=SECRETS) as world:
        agent = {"assistants": {"a": {"name": "A"}, **assistants(4)["assistants"]}}
        leads = [lead(f"{number:03}") for number in range(4)]
        world.declare({**agent, "campaigns": {"c": campaign("Recall", "${assistants.a}", leads)}})
        assert not world.apply(allowing()).bad
        changed = [{**each, "variables": {"name": "Other"}} for each in leads]
        edited = {key: {**each, "first_message": "Hello."} for key, each in agent["assistants"].items()}
        world.declare({"assistants": edited, "campaigns": {"c": campaign("Recall", "${assistants.a}", changed)}})
        assert not world.apply(allowing()).bad
        world.check_at_rest()
        world.declare({})
        assert not world.apply(Options(destroy=True, allowed=("*",))).bad
