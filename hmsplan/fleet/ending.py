"""How an apply of a fleet ended: text, JSON, events. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from hmsplan.errors import HmsplanError, StalePlan
from hmsplan.fleet.report import FORMAT_VERSION, MOST_NAMES, planned_of, results_json, worst
from hmsplan.fleet.rollout import Fate, unreviewed
from hmsplan.fleet.task import Ended
from hmsplan.fleet.text import alone, joined, problems
from hmsplan.model import Diagnostic
from hmsplan.output.lines import Line, Tone, paint, safe, title
from hmsplan.output.words import some
from hmsplan.text.timestamps import for_people
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from hmsplan.fleet.report import FleetPlan
    from hmsplan.fleet.rollout import Rollout
    from hmsplan.fleet.task import Result
    from hmsplan.output.commands import CommandLine

_MOST_FAILED: Final = 5
"""Steps of one member that are told; of more there is the number."""
_WHY: Final = {
    Fate.FAILED: "failed",
    Fate.INTERRUPTED: "interrupted",
    Fate.REFUSED: "refused",
    Fate.NOT_PLANNED: "could not be planned",
    Fate.NOT_STARTED: "not started",
    Fate.IN_NO_WAVE: "in no wave",
    Fate.NOT_REVIEWED: "not applied, as nothing of it was reviewed when the apply began",
}


def code_of(rollout: Rollout) -> int:
    """Return the exit code: the signal, else the worst of the members that were planned or begun."""
    if rollout.signal is not None:
        return 128 + rollout.signal
    codes = {result.name: result.code for result in rollout.plan.results}
    codes |= {name: result.code for name, result in rollout.results.items()}
    codes |= {"": rollout.unstored.exit_code} if rollout.unstored is not None else {}
    codes |= {name: StalePlan.exit_code for name, fate in rollout.behind() if fate is Fate.NOT_REVIEWED}
    codes |= dict.fromkeys(unreviewed(rollout.plan, rollout.progress), HmsplanError.exit_code)
    return worst(codes.values())


def render_ending(rollout: Rollout, go_on: CommandLine, again: CommandLine, *, width: int, color: bool) -> str:
    """Return what was done, and each member that is behind; *again* applies the same members from the start."""
    return paint(joined(_ending(rollout, go_on, again, width)), width=width, color=color)


def _ending(rollout: Rollout, go_on: CommandLine, again: CommandLine, width: int) -> Iterator[list[Line]]:
    for result in sorted(rollout.results.values(), key=lambda result: result.name):
        if result.code and isinstance(result.value, Ended):
            yield _failed(result, result.value)
    yield from problems(sorted(rollout.results.values(), key=lambda result: result.name), width)
    behind = rollout.behind()
    lines = [title(summary(rollout))]
    for fate, why in _WHY.items():
        if names := [name for name, found in behind if found is fate]:
            lines.append(Line(f"{why}: {some(names, 1000)}", "!" if fate is not Fate.NOT_STARTED else ""))
    if rollout.stopped:
        lines.append(title(f"Stopped: {rollout.stopped}.", Tone.ALERT))
    if rollout.later is not None and rollout.due is not None:
        due = for_people(rollout.due)
        lines.append(title(f"Wave {rollout.later} is not due yet. It is due at {due}.", Tone.PLAIN))
    if leave_out := _leaving_out(rollout, behind):
        lines += [title("To apply the others without what could not be planned:", Tone.PLAIN)]
        lines += [Line(safe(again.command("apply", *leave_out)), whole=True)]
    if (remedy := _remedy(rollout, {fate for _, fate in behind})) is not None:
        how, words = remedy
        commands = go_on if "--continue" in words else again
        lines += [title(how, Tone.PLAIN), Line(safe(commands.command(*words)), whole=True)]
    yield lines


def _leaving_out(rollout: Rollout, behind: Sequence[tuple[str, Fate]]) -> list[str]:
    """Return the options that leave out the members that stopped the others because they could not be planned."""
    bad = [name for name, fate in behind if fate is Fate.NOT_PLANNED]
    is_held_up = rollout.stopped and any(fate is Fate.NOT_STARTED for _, fate in behind)
    return [word for name in bad for word in ("--member", f"!{name}")] if is_held_up else []


def nothing_applied(plan: FleetPlan) -> Diagnostic | None:
    """Say why nothing of *plan* may be applied; None when there is nothing to do."""
    open_creates = [each.name for each in plan.results if each.value is not None and planned_of(each).unsettled]
    reasons = {
        "Refused": [result.name for result in plan.refused],
        "Not settled": open_creates,
        "Could not be planned": [result.name for result in plan.failed],
    }
    found = [f"{why}: {some(names, MOST_NAMES)}." for why, names in reasons.items() if names]
    return Diagnostic("Nothing was applied", f"{' '.join(found)} What to do stands above.") if found else None


def _remedy(rollout: Rollout, fates: AbstractSet[Fate]) -> tuple[str, list[str]] | None:
    """Say what to do about the members that are behind, and what to type; None when nothing is left to type."""
    new = unreviewed(rollout.plan, rollout.progress)
    is_stale = any(result.code == StalePlan.exit_code for result in rollout.results.values())
    if is_stale or (Fate.NOT_REVIEWED in fates and not new):
        return "To review what is left, and start again:", ["apply"]
    if new:
        return f"To perform what is shown above in {some(new)}, too:", ["apply", "--continue", "-y"]
    is_open = Fate.NOT_PLANNED in fates and not rollout.progress.is_over
    if is_open or fates & {Fate.FAILED, Fate.INTERRUPTED, Fate.NOT_STARTED}:
        is_well = not fates & {Fate.FAILED, Fate.REFUSED, Fate.NOT_PLANNED}
        well = "To go on then:" if rollout.later is not None else "To continue:"
        return well if is_well else "To continue, once the cause is fixed:", ["apply", "--continue"]
    return None


def _failed(result: Result, value: Ended) -> list[Line]:
    lines = [title(f"{result.name}: {value.summary}", Tone.ALERT)]
    lines += [Line(safe(text), "!") for text in value.failed[:_MOST_FAILED]]
    if more := len(value.failed) - _MOST_FAILED:
        lines += [Line(f"and {count(more, 'more step')}")] if more > 0 else []
    return [
        *lines,
        *alone(result, "To see what is left", "plan"),
    ]


def summary(rollout: Rollout) -> str:
    """Return the sentence that says how many members are as their stack declares."""
    names = {*(each.name for each in rollout.plan.results), *rollout.progress.reviewed}
    fates = Counter(rollout.fate(name) for name in names)
    parts = [f"{fates[fate]:,} {fate}" for fate in Fate if fates[fate]]
    return f"Fleet apply: {', '.join(parts)}."


def ending_json(rollout: Rollout) -> dict[str, Any]:
    """Return the ending for machines."""
    results: Sequence[Result] = sorted(rollout.results.values(), key=lambda result: result.name)
    return {
        **results_json(results),
        "format_version": FORMAT_VERSION,
        "exit_code": code_of(rollout),
        "summary": summary(rollout),
        "stopped": rollout.stopped or None,
        "behind": [{"name": name, "why": str(fate)} for name, fate in rollout.behind()],
    }
