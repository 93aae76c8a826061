"""A bad day: a fifth of all answers is a fault, and the rate limit holds as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest
from support.stacks import campaign, lead
from support.world import World, allowing

from hmsplan.emulator import Fault, Settings
from hmsplan.errors import HmsplanError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

QUARTER = 250
RUNS = 12
"""More applies than these would mean that the faults win."""

STORM: Mapping[str, tuple[float, Mapping[str, Any]]] = {
    "status": (0.04, {"status": 500}),
    "rate_limited": (0.03, {"retry_after": "2"}),
    "apply_then_status": (0.04, {"status": 502, "body": "<html>Bad gateway</html>"}),
    "lost_before": (0.03, {}),
    "lost_after": (0.04, {}),
    "truncated_body": (0.03, {}),
    "delay_after": (0.02, {"seconds": 45.0}),  # longer than the client waits
}
ABSURD = ("-5", "1e9", "soon", "Fri, 31 Dec 2060 23:59:59 GMT", "")


def storm(seed: int) -> list[Fault]:
    """Return the faults of one run, a fifth of all answers and others in each."""
    faults = [
        Fault(do=do, probability=share, seed=100 * seed + number, **more)
        for number, (do, (share, more)) in enumerate(STORM.items())
    ]
    absurd = Fault(do="rate_limited", retry_after=ABSURD[seed % len(ABSURD)], nth=(40, 80))
    return [*faults, absurd]


def declared(text: str) -> dict[str, Any]:
    """Declare a thousand objects and a campaign, a quarter of them leads; all say *text*."""
    lookup = {"name": "lookup", "description": text, "url": "https://api.example.com/"}
    tool = {"tool_type": "function", "tool_config": lookup}
    leads = [lead(f"{number:05}", said=text) for number in range(QUARTER)]
    return {
        "assistants": {f"a{n}": {"name": f"Assistant {n}", "first_message": text} for n in range(2 * QUARTER)},
        "tool_templates": {f"t{n}": {"name": f"Tool {n}", **tool} for n in range(QUARTER)},
        "campaigns": {"recall": campaign("Recall", "${assistants.a0}", leads)},
    }


def applies_until_done(world: World) -> int:
    """Apply in the storm until nothing is left to do; return how many applies that took."""
    for number in range(1, RUNS + 1):
        world.emulator.inject(*storm(number))
        try:
            if not world.apply(allowing()).bad:
                return number
        except HmsplanError:
            continue
    raise AssertionError(f"{RUNS} applies were not enough")


@pytest.mark.no_cover
def test_a_fifth_of_all_answers_is_a_fault(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Two thousand operations end after a few applies: nothing is made twice, and no write is lost."""
    with World(tmp_path / "stack", Settings()) as world:
        operations, runs = 0, []
        for text in ("Hello.", "Good day."):
            world.declare(declared(text), safety={"max_deletes": QUARTER, "settle_grace": "5s"})
            operations += len(world.plan().steps)
            runs.append(applies_until_done(world))
        world.emulator.inject()
        world.check_at_rest()
        requests = world.emulator.requests
        struck = sum(bool(record.faults) for record in requests) / len(requests)
        ((made,),) = world.emulator.app.store._sql.execute("SELECT seq FROM sqlite_sequence WHERE name = 'object'")
        wanted = 5 * QUARTER + 1  # each lead anew in the second half, for a lead cannot be changed
        record_property(
            "counted",
            f"operations={operations} requests={len(requests)} faults={struck:.0%} applies={runs} "
            f"twins={made - wanted} lost=0",
        )
        assert made == wanted
        assert operations >= 2_000
        assert struck > 0.18


@pytest.mark.parametrize("rate_kind", ["fixed", "sliding"])
def test_on_a_calm_day_the_rate_limit_costs_no_429_and_no_time(
    tmp_path: Path, rate_kind: Literal["fixed", "sliding"]
) -> None:
    """A hundred requests a minute, and hundreds to send: none is refused, and no minute is left unused."""
    with World(tmp_path / "stack", Settings(rate_kind=rate_kind)) as world:
        began = world.clock.now
        world.declare({"assistants": {f"a{number}": {"name": f"Assistant {number}"} for number in range(350)}})
        assert not world.apply().bad
        requests = world.emulator.requests
        assert all(record.status != 429 for record in requests)
        full_minutes = (len(requests) - 1) // 100
        assert 60 * full_minutes <= requests[-1].at - began <= 66 * full_minutes
