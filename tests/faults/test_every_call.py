"""Every call of an apply is broken, one at a time and in every way; the next run makes everything right.

Nothing is ever made twice, nothing is left over, nothing is lost: whatever happened to one call.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import pytest
from support.faulty_runs import check_made_good, run_broken
from support.world import Life, World

from hmsplan.emulator import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Beginnings = Callable[[str], tuple[World, list[str]]]
    Breaking = Callable[[World, int], Life]

SOAK: Final = "HMSPLAN_SOAK_KILLS" in os.environ
"""Every call in every way, as `make soak` has it."""


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

MEASURED: Final = ("very stale list", "500", "garbage body", "lost after", "killed after")
"""Ways in which the coverage is measured, which takes as long again; the others run through the same lines."""


def form_of(call: str) -> str:
    """Return a call without its ids."""
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", call)


def is_possible(way: str, form: str) -> bool:
    """Say whether a way does anything to a call: reads have their own, and nothing but a list can be late."""
    if form.startswith("GET") is not (way in READS):
        return False
    return not (way.endswith("stale list") and form.endswith("/ID"))


def tried(beginnings: Beginnings, change: str, way: str) -> list[int]:
    """Return the numbers of the calls of *change* that are broken in this *way*.

    Calls of one form do one thing to one kind of object, and what follows a broken one is the same code wherever it
    stands. So the ways are dealt out to the calls of a form, over both changes that make something: each form is broken
    in every way, and each call in some. In a soak it is each call in every way.
    """
    together = ("destroy",) if change == "destroy" else ("create", "change")
    places: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for name in together:
        for number, call in enumerate(beginnings(name)[1], start=1):
            places[form_of(call)].append((name, number))
    found: set[int] = set()
    for form, them in places.items():
        ways = [each for each in WAYS if (change != "destroy" or each in TAKING_AWAY) and is_possible(each, form)]
        for turn in range(max(len(them), len(ways)) if way in ways else 0):
            name, number = them[turn % len(them)]
            if name == change and (SOAK or ways[turn % len(ways)] == way):
                found.add(number)
    return sorted(found)


@pytest.mark.parametrize(
    ("change", "way"),
    [
        pytest.param(change, way, marks=() if way in MEASURED else pytest.mark.no_cover)
        for change in ("create", "change", "destroy")
        for way in WAYS
        if change != "destroy" or way in TAKING_AWAY
    ],
)
def test_a_broken_call_is_made_good_by_the_next_run(
    tmp_path: Path, beginnings: Beginnings, change: str, way: str
) -> None:
    """Whichever call is broken, one more run leaves nothing made twice, left over, lost or still to do."""
    world, calls = beginnings(change)
    numbers = tried(beginnings, change, way)
    assert numbers
    failures = []
    for number in numbers:
        with world.copy(tmp_path / str(number)) as copy:
            try:
                run_broken(copy, WAYS[way](copy, number))
                check_made_good(copy)
            except Exception as error:  # noqa: BLE001 -- every call is looked at before any is told
                failures.append(f"call {number}, {calls[number - 1]}: {type(error).__name__}: {str(error)[:600]}")
    assert not failures, "\n".join(failures)


def test_each_form_of_a_call_is_broken_in_every_way_and_each_call_in_some(beginnings: Beginnings) -> None:
    """Nothing is left out by the dealing."""
    for together in (("create", "change"), ("destroy",)):
        ways_of: dict[str, set[str]] = defaultdict(set)
        for change in together:
            calls, struck = beginnings(change)[1], set()
            for way in WAYS if change != "destroy" else TAKING_AWAY:
                for number in tried(beginnings, change, way):
                    ways_of[form_of(calls[number - 1])].add(way)
                    struck.add(number)
            missed = set(range(1, len(calls) + 1)) - struck
            assert all(calls[number - 1].startswith("GET") and change == "destroy" for number in missed)
        for form, ways in ways_of.items():
            possible = {way for way in WAYS if is_possible(way, form) and (len(together) > 1 or way in TAKING_AWAY)}
            assert ways == possible, form
