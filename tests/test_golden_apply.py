"""What ``hmsplan apply --json`` tells of some scenarios of tests/golden, event by event: ``apply.jsonl``.

The real executor performs the plan against the emulator, which holds what ``live.json`` says. Time is virtual, so
nothing takes any; the ids of new objects are numbered; what ends in one moment is sorted; and the report of the last
event is left out, for the events before it are the same outcomes. ``apply_failed.jsonl`` is the same with one request
that the API refuses.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

import pytest
from support.golden import ENVIRON, GOLDEN, expect, live_of, numbered, state_of
from support.world import UNLIMITED, Progress, World, allowing

from hmsplan.emulator import Fault
from hmsplan.output import events
from hmsplan.state.backend import open_backend

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hmsplan.model import Outcome, Step

CASES: Final = ("campaign_started", "create_all_kinds", "much_at_once", "no_changes", "renamed", "trunk_replaced")
FAILING: Final = {
    "create_all_kinds": Fault(do="status", method="POST", path="/assistants", status=422, body='{"error": "no voice"}'),
    "trunk_replaced": Fault(do="status", method="PATCH", path="/numbers/*", nth=2, status=403),
}


@dataclass(slots=True)
class Told(Progress):
    """Keeps what an apply tells, as the command line prints it, but for the time."""

    events: list[events.Event] = field(default_factory=list)

    def started(self, step: Step) -> None:
        self.events += filter(None, [events.started(step)])

    def finished(self, outcome: Outcome) -> None:
        self.events += events.finished(outcome, 0.0)

    def note(self, text: str) -> None:
        self.events.append(events.note(text))


def world_of(case: str, root: Path) -> World:
    """Return an organization in which everything is as the case says."""
    shutil.copytree(GOLDEN / case / "stack", root)
    world = World(root, UNLIMITED, environ=ENVIRON)
    live = live_of(case)
    for kind, objects in live.items():
        if kind == "leads":
            leads = [{**lead, "campaign_id": campaign} for campaign, found in objects.items() for lead in found]
            _ = [world.emulator.add("leads", lead) for lead in leads]
        elif kind != "organization":
            _ = [world.emulator.add(kind, {**item, "org_id": world.emulator.organization()}) for item in objects]
    backend = open_backend("file", root, "default")
    with backend.lock("a test"):
        backend.load()
        backend.save(replace(state_of(case), organization=world.emulator.organization()))
    return world


def told_of(case: str, root: Path, *faults: Fault) -> str:
    """Apply a case and return its events, a line each."""
    with world_of(case, root) as world:
        world.emulator.inject(*faults)
        told = Told()
        applied = world.apply(allowing(), progress=told)
        ended = events.ended(applied.report, applied.plan)
    del ended["hmsplan"]
    found: list[events.Event] = [*events.planned(applied.plan), *in_order(told.events), ended]
    text = "".join(f"{events.line(event, '2026-01-01T00:00:00.000000Z')}\n" for event in found)
    return numbered(applied.plan, text, known=(GOLDEN / case / "live.json").read_text("utf-8"))


def in_order(found: Iterable[events.Event]) -> Iterator[events.Event]:
    """Yield events; what begins together, or ends together, by address."""
    for _, together in groupby(found, key=lambda event: event["type"] == "apply_start"):
        yield from sorted(together, key=place_of)


def place_of(event: events.Event) -> tuple[str, str]:
    """Return its address and step; what is said of a failure stands behind it."""
    if event["type"] == "diagnostic":
        return event["diagnostic"]["address"], "~"
    return event["hook"]["resource"]["addr"], event["hook"]["hmsplan"]["step"]


@pytest.mark.parametrize("case", CASES)
def test_events(case: str, tmp_path: Path, update: bool) -> None:
    """An apply that ends well tells exactly what was reviewed, in the order in which it happens."""
    expect(GOLDEN / case / "apply.jsonl", told_of(case, tmp_path / "stack"), update=update)


@pytest.mark.parametrize("case", FAILING)
def test_events_of_a_failure(case: str, tmp_path: Path, update: bool) -> None:
    """One that fails tells what failed and what therefore was not done."""
    text = told_of(case, tmp_path / "stack", FAILING[case])
    expect(GOLDEN / case / "apply_failed.jsonl", text, update=update)
    ends = [json.loads(line)["type"] for line in text.splitlines()]
    assert "apply_errored" in ends
    assert ends[-1] == "change_summary"
