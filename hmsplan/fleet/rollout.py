"""An apply of a fleet, wave by wave: what was reviewed and nothing else, until something stops it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hmsplan.errors import StateError, UnsafePlan
from hmsplan.fleet.report import planned_of
from hmsplan.fleet.task import Reviewed
from hmsplan.fleet.unfinished import due_at
from hmsplan.fleet.values import StopOn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hmsplan.fleet.executors import Workers
    from hmsplan.fleet.journal import FleetJournal, Progress
    from hmsplan.fleet.report import FleetPlan
    from hmsplan.fleet.task import Result, Task
    from hmsplan.fleet.values import Fleet

REFUSED: Final = UnsafePlan.exit_code
_SIGNAL: Final = 128  # and its number is the exit code of what it ended


class Fate(enum.StrEnum):
    """What became of a member."""

    DONE = "applied"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    REFUSED = "refused"
    NOT_PLANNED = "not planned"
    NOT_STARTED = "not started"
    IN_NO_WAVE = "in no wave"
    NOT_REVIEWED = "not reviewed"


class Told:
    """Is told how a rollout goes on; override what you need."""

    def wave(self, number: int, of: int, names: Sequence[str]) -> None:
        """Say that a wave begins; *number* counts from 1."""

    def waiting(self, seconds: float, number: int) -> None:
        """Say that the next wave waits."""

    def started(self, names: Sequence[str]) -> None:
        """Say that members are about to be applied."""

    def ended(self, result: Result) -> None:
        """Say how the apply of a member ended."""


@dataclass(slots=True)
class Rollout:
    """What an apply of a fleet has done.

    Attributes:
        results: of the members that were begun in this run.
        stopped: why no further member was begun; "" = nothing stopped it.
        unstored: why the journal lacks what was done; None = it lacks nothing.
        signal: the number of the signal that stopped it; None = none did.
        later: the number of the wave that is not due yet, from 1; None = none is left.
        due: when that is due, in Unix seconds.
    """

    progress: Progress
    plan: FleetPlan
    results: dict[str, Result] = field(default_factory=dict)
    stopped: str = ""
    unstored: StateError | None = None
    signal: int | None = None
    later: int | None = None
    due: float | None = None

    def fate(self, name: str) -> Fate:
        """Say what became of a member."""
        if name in self.progress.codes:
            code = self.progress.codes[name]
            known = {0: Fate.DONE, REFUSED: Fate.REFUSED}
            return known.get(code, Fate.INTERRUPTED if code > _SIGNAL else Fate.FAILED)
        planned = next((each for each in self.plan.results if each.name == name), None)
        if planned is not None and planned.value is None:
            return Fate.NOT_PLANNED
        if planned is not None and planned_of(planned).refusals:
            return Fate.REFUSED
        if name not in self.progress.reviewed:
            is_new = planned is not None and planned_of(planned).learning and not self.progress.digest
            changes = is_new or (planned is not None and planned_of(planned).content)
            return Fate.NOT_REVIEWED if changes else Fate.UNCHANGED
        is_in_a_wave = any(name in wave for wave in self.progress.waves)
        return Fate.NOT_STARTED if is_in_a_wave else Fate.IN_NO_WAVE

    def note(self, journal: FleetJournal, event: Mapping[str, Any]) -> None:
        """Write *event* down; where that fails, what is in flight is finished, and nothing more is begun.

        Nothing is lost by it: what was done to a member is in the journal of its own state.
        """
        try:
            journal.add(event)
        except StateError as error:
            self.unstored = error
            self.stopped = "the journal of the fleet cannot be written"

    def behind(self) -> list[tuple[str, Fate]]:
        """Return the members that are not as their stack declares, and why."""
        names = sorted({*(each.name for each in self.plan.results), *self.progress.reviewed, *self.progress.codes})
        fates = [(name, self.fate(name)) for name in names]
        return [(name, fate) for name, fate in fates if fate not in {Fate.DONE, Fate.UNCHANGED}]


def reviewed_of(plan: FleetPlan) -> dict[str, Reviewed]:
    """Return what of *plan* may be done: the members that change, or whose state does, and that nothing refuses."""
    changing = [result for group in plan.groups for result in group.results if result.code == 0]
    return {
        result.name: Reviewed(planned_of(result).digest, planned_of(result).changes, result.organization)
        for result in [*changing, *plan.learning]
    }


def stale(plan: FleetPlan, progress: Progress) -> list[str]:
    """Return the members of which *plan* would do more, or to another organization, than was reviewed."""
    found = [
        (result, progress.reviewed[result.name])
        for group in plan.groups
        for result in group.results
        if result.name in progress.reviewed
    ]
    return [
        result.name
        for result, reviewed in found
        if result.organization != reviewed.organization or not planned_of(result).changes <= reviewed.changes
    ]


def unreviewed(plan: FleetPlan, progress: Progress) -> dict[str, Reviewed]:
    """Return what *plan* would do in members that could not be planned when the rollout began.

    What is new since in one that was refused, or had nothing to change, is none of this rollout.
    """
    found = reviewed_of(plan)
    return {name: each for name, each in found.items() if name in progress.unplanned - progress.reviewed.keys()}


def roll_out(
    fleet: Fleet,
    rollout: Rollout,
    journal: FleetJournal,
    workers: Workers,
    make: Callable[[str, Reviewed], Task],
    *,
    told: Told,
    clock: Callable[[], float],
    sleep: Callable[[float], object],
    may_wait: bool = True,
) -> None:
    """Apply every member that may be, wave by wave, and write down in *rollout* and *journal* what happened.

    Args:
        fleet: says what stops all.
        rollout: with the progress of an earlier run, or of none.
        journal: under the lock of this run.
        workers: perform the tasks.
        make: returns the task that applies a member.
        told: how it goes on.
        clock: Unix seconds.
        sleep: waits so many seconds, or less when a signal comes.
        may_wait: wait until a wave is due; else the run ends there.
    """
    progress = rollout.progress
    codes = {result.name: result.code for result in rollout.plan.results if result.code}
    for number, wave in enumerate(progress.waves):
        names = [name for name in wave if name not in progress.done]
        bad = {name: codes[name] for name in names if name in codes}
        if _stops(fleet, rollout, bad, "could not be planned") or rollout.signal is not None:
            break
        todo = [name for name in names if name in progress.reviewed and name not in bad]
        if not todo:
            continue
        if number not in progress.begun:
            if not _is_due(rollout, number, clock, sleep, told, may_wait=may_wait):
                break
            rollout.note(journal, {"wave": number, "at": clock()})
            if rollout.unstored is not None:
                break
            progress.begun[number] = clock()
        told.wave(number + 1, len(progress.waves), todo)
        _perform(fleet, rollout, journal, workers, [make(name, progress.reviewed[name]) for name in todo], told, clock)
        if rollout.stopped or rollout.signal is not None:
            break
    else:
        if not any(progress.codes.values()) and not unreviewed(rollout.plan, progress):
            rollout.note(journal, {"over": True})
            progress.is_over = True


def _perform(
    fleet: Fleet,
    rollout: Rollout,
    journal: FleetJournal,
    workers: Workers,
    tasks: Sequence[Task],
    told: Told,
    clock: Callable[[], float],
) -> None:
    progress = rollout.progress

    def starting(names: Sequence[str]) -> None:
        rollout.note(journal, {"started": list(names)})
        progress.started.update(names)
        told.started(names)

    def ended(result: Result) -> None:
        rollout.note(journal, {"ended": result.name, "code": result.code, "at": clock()})
        progress.codes[result.name] = result.code
        progress.ended = clock()
        rollout.results[result.name] = result
        _stops(fleet, rollout, {result.name: result.code})
        told.ended(result)

    workers.perform(
        tasks,
        starting=starting,
        ended=ended,
        is_stopped=lambda: bool(rollout.stopped) or rollout.signal is not None,
    )


def _stops(fleet: Fleet, rollout: Rollout, codes: Mapping[str, int], what: str = "failed") -> bool:
    """Say whether one of *codes* stops the rollout, and write down whose; *what* all did that were not refused."""
    for name, code in sorted(codes.items()):
        if rollout.stopped or code == 0 or (code == REFUSED and fleet.stop_on is StopOn.FAILURE):
            continue
        did = f"{'is refused' if code == REFUSED else what}, and stop_on is {fleet.stop_on}"
        rollout.stopped = f"{name} {'was interrupted by a signal' if code > _SIGNAL else did}"
    return bool(rollout.stopped)


def _is_due(
    rollout: Rollout,
    number: int,
    clock: Callable[[], float],
    sleep: Callable[[float], object],
    told: Told,
    *,
    may_wait: bool,
) -> bool:
    """Wait until a wave may begin; False when it may not be waited for, or a signal came."""
    due = due_at(rollout.progress, number)
    if due is None:
        return True
    while (left_s := due - clock()) > 0:
        if not may_wait:
            rollout.later, rollout.due = number + 1, due
            return False
        told.waiting(left_s, number + 1)
        sleep(min(left_s, 1.0))
        if rollout.signal is not None:
            return False
    return True
