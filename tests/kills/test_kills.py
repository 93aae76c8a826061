"""Killed at every fault point and at any moment, again while making good: nothing is made twice, lost or left over."""

from __future__ import annotations

import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain, count
from typing import TYPE_CHECKING, Final

from kills.crash_points import POINTS, UNSEEN
from kills.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WORKSPACES = 2
"""Organizations killed at a time: one is busy while the other waits for its grace time."""
SOAK_KILLS = int(os.environ.get("HMSPLAN_SOAK_KILLS", "160"))
STEP: Final = 1 if "HMSPLAN_SOAK_KILLS" in os.environ else 2
"""From a passage of a point to the next one at which a process is killed.

Outside of a soak it is every other one. The six points of a create take turns, so that each create is killed at three
of them; and tests/faults ends a process at every write.
"""
UNSCATHED = dict.fromkeys(("twins", "orphans", "lost", "unreadable", "unconverged", "doubted"), 0)


def check_in_workspaces(
    root: Path, work: Callable[[Workspace, int], None], kills: int, tell: Callable[[str, object], None]
) -> None:
    """Do *work* in every workspace at once, tell the counts, and fail unless they are enough kills and nothing else."""
    with ExitStack() as closing, ThreadPoolExecutor(WORKSPACES) as threads:
        workspaces = [closing.enter_context(Workspace(root / f"workspace{number}")) for number in range(WORKSPACES)]
        for done in [threads.submit(work, workspace, number) for number, workspace in enumerate(workspaces)]:
            done.result()
        counts = sum((workspace.counts for workspace in workspaces), Counter[str]())
        evidence = "\n".join(text for workspace in workspaces for text in workspace.evidence)
    text = " ".join(f"{name}={counts[name]}" for name in ("kills", *UNSCATHED))
    tell("counted", text)
    assert {name: counts[name] for name in UNSCATHED} == UNSCATHED, f"{text}\n{evidence}"
    assert counts["kills"] >= kills, text


def test_killed_at_every_fault_point(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """At passages of each point, in both directions, and the runs that make good are killed as well."""

    def every_point(workspace: Workspace, number: int) -> None:
        dice = random.Random(number)
        for point in POINTS[number::WORKSPACES]:
            crashed = 0
            for passage in chain([1], count(2 + POINTS.index(point) % STEP, STEP)):
                again = (dice.uniform(0.2, 0.9), dice.uniform(0.2, 0.9))
                there, back = (
                    workspace.round(f"{point}:{passage}", *again),
                    workspace.round(f"{point}:{passage}", *again),
                )
                if not there and not back:
                    break
                crashed += 1
            assert crashed, f"no process ever reached {point}"

    check_in_workspaces(tmp_path, every_point, 100, record_property)


def test_killed_before_the_author_goes_back(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """While what no answer shows is sent: before it leaves, and before its outcome is written down. It is as it was."""

    def back(workspace: Workspace, number: int) -> None:
        if number:
            workspace.round()
        for point in UNSEEN:
            passages = (workspace.round(f"{point}:{passage}", None) for passage in count(1))
            assert next(passages), f"no process ever reached {point}"
            while next(passages):
                pass

    check_in_workspaces(tmp_path, back, 10, record_property)


def test_killed_on_the_way_back(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """At each point of a rollback, to one stack and to the other: the same command again leads back all the same."""

    def back(workspace: Workspace, number: int) -> None:
        if number:
            workspace.round()
        assert sum(workspace.way_back(f"{point}:{1 + number}") for point in POINTS)

    check_in_workspaces(tmp_path, back, len(POINTS), record_property)


def test_killed_at_any_moment(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """After a random time or at a random point, up to eight times in a row, also when the stack changes in between."""
    each = SOAK_KILLS // WORKSPACES

    def soak(workspace: Workspace, number: int) -> None:
        dice = random.Random(SOAK_KILLS + number)
        for turn in range(4 * each):
            if workspace.counts["kills"] >= each:
                break
            moments: list[str | float | None] = [
                f"{dice.choice(POINTS)}:{dice.randint(1, 3)}" if dice.random() < 0.4 else dice.uniform(0.2, 1.0)
                for _ in range(dice.randint(4, 8))
            ]
            if turn % 3 == 2:
                moments.insert(1, None)
            workspace.round(*moments, unforked=turn % 20 == 0)

    check_in_workspaces(tmp_path, soak, each * WORKSPACES, record_property)
