"""Every call of an apply is broken, one at a time and in every way; the next run makes everything right.

Nothing is ever made twice, nothing is left over, nothing is lost: whatever happened to one call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.faulty_runs import check_made_good, run_broken
from support.world import Life, World

from hmsplan.emulator import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Breaking = Callable[[World, int], Life]


def fault(do: str, **more: Any) -> Breaking:
    """Let the emulator spoil the n-th call."""

    def arrange(world: World, number: int) -> Life:
        world.emulator.inject(Fault(do=do, nth=number, **more))
        return Life()

    return arrange


def late(do: str) -> Breaking:
    """Spoil the n-th call, and let every list lag three seconds behind."""

    def arrange(world: World, number: int) -> Life:
        lists = Fault(do="stale_list", method="GET", path="re:/[a-z-]+(/[^/]+/leads)?", seconds=3.0)
        world.emulator.inject(Fault(do=do, nth=number), lists)
        return Life()

    return arrange


READS: Mapping[str, Breaking] = {
    "garbage in place of a list": fault("garbage_body"),
    "stale list": fault("stale_list", writes=1),
    "very stale list": fault("stale_list", writes=8),
}
WRITES: Mapping[str, Breaking] = {
    "refused connection": lambda _, number: Life(refuses_at=number),
    "lost before": fault("lost_before"),
    "lost after": fault("lost_after"),
    "429": fault("rate_limited", retry_after="1"),
    "500": fault("status", status=500),
    "400": fault("status", status=400),
    "502 after the write": fault("apply_then_status", status=502, body="<html>Bad gateway</html>"),
    "truncated body": fault("truncated_body"),
    "garbage body": fault("garbage_body"),
    "empty body": fault("empty_body"),
    "lost before, late lists": late("lost_before"),
    "lost after, late lists": late("lost_after"),
    "killed before": lambda _, number: Life(ends_at=number),
    "killed after": lambda _, number: Life(ends_at=number, ends_after=True),
}
WAYS = {**READS, **WRITES}

TAKING_AWAY = ("lost after", "400", "very stale list", "killed before", "killed after")
"""Ways worth trying on deletes: these may all be sent twice."""


@pytest.mark.parametrize(
    ("change", "way"),
    [
        (change, way)
        for change in ("create", "change", "destroy")
        for way in WAYS
        if change != "destroy" or way in TAKING_AWAY
    ],
)
def test_a_broken_call_is_made_good_by_the_next_run(
    tmp_path: Path, beginnings: Callable[[str], tuple[World, list[str]]], change: str, way: str
) -> None:
    """Whichever call is broken, one more run leaves nothing made twice, left over, lost or still to do."""
    world, calls = beginnings(change)
    failures = []
    for number, call in enumerate(calls, start=1):
        if call.startswith("GET") is not (way in READS):
            continue
        with world.copy(tmp_path / str(number)) as copy:
            try:
                run_broken(copy, WAYS[way](copy, number))
                check_made_good(copy)
            except Exception as error:  # noqa: BLE001 -- every call is looked at before any is told
                failures.append(f"call {number}, {call}: {type(error).__name__}: {str(error)[:600]}")
    assert not failures, "\n".join(failures)
