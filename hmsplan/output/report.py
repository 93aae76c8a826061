"""What an apply did: one table, failures first, and what to type next. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from hmsplan.kinds import KINDS
from hmsplan.model import Action, Status, Verb, dotted
from hmsplan.output.commands import BARE
from hmsplan.output.lines import BLANK, Line, Tone, paint, safe, title
from hmsplan.output.plan_page import asking_for, follow_up
from hmsplan.output.words import some
from hmsplan.text.timestamps import duration
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hmsplan.model import Address, Outcome, Plan, Report, Step
    from hmsplan.output.commands import CommandLine

FORMAT_VERSION: Final = "1.0"
_MOST_DONE: Final = 30
_ORDER: Final = (
    (Status.FAILED, "!"),
    (Status.UNSETTLED, "?"),
    (Status.SKIPPED, "."),
    (Status.BLOCKED, "."),
    (Status.NOT_STARTED, "."),
    (Status.DONE, ""),
)
_MARKS: Final = {Verb.CREATE: "+", Verb.UPDATE: "~", Verb.DELETE: "-", Verb.BIND: "~", Verb.FORGET: "."}
_DOING: Final = {
    Verb.CREATE: ("Creating", "Creation", "created"),
    Verb.UPDATE: ("Modifying", "Modifications", "updated"),
    Verb.DELETE: ("Destroying", "Destruction", "destroyed"),
    Verb.BIND: ("Binding", "Binding", "bound"),
    Verb.FORGET: ("Forgetting", "Forgetting", "forgotten"),
}
"""While it is done; what is done; what was done."""

_MEMBER_WORDS: Final = {
    Verb.CREATE: ("add", "to"),
    Verb.UPDATE: ("change", "of"),
    Verb.DELETE: ("remove", "from"),
    Verb.BIND: ("bind", "of"),
}
_SIGNALS: Final[dict[int | None, str]] = {2: "SIGINT", 15: "SIGTERM"}


def render_report(
    report: Report, *, width: int, color: bool, plan: Plan | None = None, commands: CommandLine = BARE
) -> str:
    """Return the end of an apply as text.

    Args:
        report: what happened.
        width: columns to wrap to.
        color: escape sequences may stand in it.
        plan: what was performed; with it, an adoption is told from other news for the state.
        commands: what belongs into each command that it says.
    """
    return paint(report_lines(report, plan, commands), width=width, color=color)


def report_lines(report: Report, plan: Plan | None = None, commands: CommandLine = BARE) -> Iterator[Line]:
    """Yield the table of what became of each step, what it cost, how it ended, and what to type next."""
    words = {outcome.step.key: step_text(outcome.step) for outcome in report.outcomes}
    joined = _joined(report.outcomes)
    rows = [row for status, mark in _ORDER for row in _rows(joined, status, mark, words, commands)]
    yield from rows
    if rows:
        yield BLANK
    if report.signal is not None or report.stopped:
        why = safe(report.stopped) if report.stopped else _SIGNALS.get(report.signal, f"signal {report.signal}")
        yield title(f"Stopped: {why}. What was in flight is finished.", Tone.ALERT)
    yield title(_cost(report), Tone.QUIET)
    yield title(summary(report, plan))
    yield from _next(report, plan, commands)


def _joined(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return *outcomes* with one UPDATE, as it was planned, for the halves of a changed member that ended alike."""
    by_key = {outcome.step.key: outcome for outcome in outcomes}
    joined = []
    for outcome in by_key.values():
        other = by_key.get(outcome.step.other_half)
        if other is None or other.status is not outcome.status:
            joined.append(outcome)
        elif outcome.step.verb is Verb.CREATE:
            notes = (*other.notes, *outcome.notes)
            joined.append(replace(outcome, step=replace(outcome.step, verb=Verb.UPDATE), notes=notes))
    return joined


def _rows(
    outcomes: Iterable[Outcome], status: Status, mark: str, words: dict[str, str], commands: CommandLine
) -> Iterator[Line]:
    """Yield the steps that ended so; equal ones are one row with a count."""
    ended = [outcome for outcome in outcomes if outcome.status is status]
    if status is Status.DONE and len(ended) > _MOST_DONE:
        yield Line(f"{status:<12} {count(len(ended), 'step')}: {_verbs(ended)}")
        ended = [outcome for outcome in ended if outcome.notes or outcome.to_do]
    groups: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in ended:
        key = (step_text(outcome.step), outcome.error, *outcome.notes, *outcome.to_do, "/", *outcome.blockers)
        groups.setdefault(key, []).append(outcome)
    for same in groups.values():
        first = same[0]
        text = step_text(first.step, len(same))
        yield Line(f"{status:<12} {text}", mark or _MARKS[first.step.verb])
        yield from _details(first, words, commands)


def _details(outcome: Outcome, words: dict[str, str], commands: CommandLine) -> Iterator[Line]:
    if outcome.blockers:
        yield Line(f"waits for: {some((words.get(key, safe(key)) for key in outcome.blockers), 3)}", "", 1, Tone.QUIET)
    told = (outcome.error, *outcome.notes, *outcome.to_do)
    for text in (line for each in told for line in commands.complete(each).splitlines()):
        yield Line(safe(text), "", 1, bar=True, whole=text.startswith("  "))


def step_text(step: Step, number: int = 1) -> str:
    """Say what *number* equal steps do, as an order: ``create assistants.support``; safe to show."""
    members = KINDS[step.address.kind].members
    if step.member and members is not None:
        noun = members.singular if number == 1 else members.name
        verb, link = _MEMBER_WORDS[step.verb]
        return f"{verb} {number:,} {noun} {link} {step.address}"
    match step.verb:
        case Verb.CREATE:
            return f"create {step.address}" + (" again, to replace the old one" if step.deposes else "")
        case Verb.UPDATE:
            return _update_text(step)
        case Verb.DELETE:
            return f"destroy {'the old ' if step.deposes else ''}{step.address}"
        case Verb.BIND:
            return f"move {step.moved_from} to {step.address}" if step.moved_from else f"bind {step.address}"
        case _:
            return f"forget {step.address}"


def _update_text(step: Step) -> str:
    if step.starts:
        people = "an unknown number of people" if step.calls is None else count(step.calls, "person")
        return f"start {step.address} ({people}{f', {safe(step.when)}' if step.when else ''})"
    if step.rests:
        return f"pause {'the old ' if step.deposes else ''}{step.address}"
    return f"update {step.address}"


def _verbs(outcomes: Iterable[Outcome]) -> str:
    number = Counter(_past(outcome.step) for outcome in outcomes)
    return ", ".join(f"{count_:,} {word}" for word, count_ in number.most_common())


def _past(step: Step) -> str:
    if step.member:
        return {Verb.CREATE: "members added", Verb.UPDATE: "members changed"}.get(step.verb, "members removed")
    return _DOING[step.verb][2]


def totals(report: Report, plan: Plan | None = None) -> dict[str, int]:
    """Count what was done in the words of the plan's last line: objects, not steps."""
    done = [outcome.step for outcome in report.outcomes if outcome.status is Status.DONE]
    made = {step.address for step in done if step.verb is Verb.CREATE and not step.member}
    bound = {step.address for step in done if step.verb is Verb.BIND and step.moved_from is None}
    return {
        "added": sum(step.verb is Verb.CREATE and not step.member for step in done),
        "changed": len({step.address for step in done if _changes(step)} - made),
        "destroyed": sum(step.verb is Verb.DELETE and not step.member for step in done),
        "adopted": len(bound & _adoptions(plan) if plan is not None else bound),
        "forgotten": sum(step.verb is Verb.FORGET for step in done),
        "moved": sum(step.verb is Verb.BIND and step.moved_from is not None for step in done),
    }


def _adoptions(plan: Plan) -> set[Address]:
    return {change.address for change in plan.changes if change.action is Action.ADOPT}


def _changes(step: Step) -> bool:
    return step.member or step.verb is Verb.UPDATE


def all_done(report: Report) -> bool:
    """Say whether every step was performed and ended well."""
    return report.count(Status.DONE) == len(report.outcomes)


def is_complete(report: Report) -> bool:
    """Say whether the run performed every step, and nothing stopped it."""
    return all_done(report) and report.signal is None and not report.stopped


def summary(report: Report, plan: Plan | None = None) -> str:
    """Return the line that says how it ended."""
    if is_complete(report):
        done = totals(report, plan)
        always = [f"{done[word]} {word}" for word in ("added", "changed", "destroyed", "adopted")]
        seldom = [f"{done[word]} {word}" for word in ("forgotten", "moved") if done[word]]
        return f"Apply complete! {', '.join(always + seldom)}."
    always_told = (Status.DONE, Status.FAILED, Status.BLOCKED, Status.NOT_STARTED)
    parts = [f"{report.count(status)} {status}" for status in always_told]
    seldom_told = (Status.SKIPPED, Status.UNSETTLED)
    parts += [f"{report.count(status)} {status}" for status in seldom_told if report.count(status)]
    return f"Apply incomplete: {', '.join(parts)}."


def _cost(report: Report) -> str:
    sent = ", ".join(f"{number:,} {method}" for method, number in sorted(report.requests.items()) if number)
    waited = f", of which {duration(report.waited_s)} waiting for the rate limit" if report.waited_s >= 1 else ""
    return f"Requests: {sent or 'none'}. Time: {duration(report.elapsed_s)}{waited}."


def _next(report: Report, plan: Plan | None, commands: CommandLine) -> Iterator[Line]:
    """Say what to type next when not everything is done."""
    if all_done(report):
        for question in follow_up(plan, commands) if plan is not None else ():
            yield title(safe(question.text), Tone.PLAIN)
            yield from (Line(safe(command), whole=True) for command in question.commands)
        return
    again = commands.command(*(asking_for(plan) if plan is not None else ["apply"]), *_waits(report))
    doubtful = sorted({str(o.step.address) for o in report.outcomes if o.status is Status.UNSETTLED})
    if doubtful:
        yield title("It is not known yet whether these were created. A plan looks for them:", Tone.PLAIN)
        yield Line(commands.command(*(asking_for(plan, "plan") if plan is not None else ["plan"])), whole=True)
        yield title("If it cannot tell, say which object it is, or that there is none:", Tone.PLAIN)
        for address in doubtful:
            yield Line(commands.command("resolve", address, "--adopt", "ID"), whole=True)
            yield Line(commands.command("resolve", address, "--none"), whole=True)
    elif report.count(Status.FAILED):
        yield title("What is done is kept. Fix what failed, then go on where it stopped:", Tone.PLAIN)
        yield Line(again, whole=True)
    else:
        yield title("What is done is kept. To go on where it stopped:", Tone.PLAIN)
        yield Line(again, whole=True)


def _waits(report: Report) -> Iterator[str]:
    """Yield what lets the next apply wait for what this one waited for in vain."""
    if any(outcome.status is Status.NOT_STARTED and outcome.error for outcome in report.outcomes):
        yield "--at=window"
    if report.count(Status.SKIPPED):
        yield "--wait-for-calls=10m"


def progress_line(  # noqa: PLR0911 -- a table
    step: Step, outcome: Outcome | None = None, elapsed_s: float = 0.0
) -> str:
    """Return one event of a running apply in Terraform's manner; no *outcome* = it begins."""
    doing, noun = _doing(step)
    if outcome is None:
        return f"{step.address}: {doing}..."
    match outcome.status:
        case Status.DONE:
            object_id = f" [id={safe(outcome.id)}]" if outcome.id and not step.member else ""
            notes = "".join(f"; {safe(note)}" for note in outcome.notes)
            return f"{step.address}: {noun} complete after {duration(elapsed_s)}{object_id}{notes}"
        case Status.FAILED:
            return f"{step.address}: {noun} failed after {duration(elapsed_s)}: {_first_line(outcome.error)}"
        case Status.UNSETTLED:
            return f"{step.address}: {noun} without an answer; it is not known whether it happened"
        case Status.SKIPPED:
            return f"{step.address}: {noun} skipped: {_first_line(outcome.error)}"
        case Status.BLOCKED:
            return f"{step.address}: {noun} blocked by {some(map(safe, outcome.blockers), 3)}"
        case _:
            why = f": {_first_line(outcome.error)}" if outcome.error else ""
            return f"{step.address}: {noun} not started{why}"


def _doing(step: Step) -> tuple[str, str]:
    members = KINDS[step.address.kind].members
    if not step.member or members is None:
        return _DOING[step.verb][:2]
    words = f"{'Adding' if step.verb is Verb.CREATE else 'Removing'} a {members.singular}"
    words += ", to change it" if step.other_half else ""
    return words, words


def _first_line(text: str) -> str:
    return safe(text.split("\n", 1)[0])


def report_json(report: Report, plan: Plan | None = None) -> dict[str, Any]:
    """Return the report for machines, as JSON."""
    return {
        "format_version": FORMAT_VERSION,
        "complete": is_complete(report),
        "summary": summary(report, plan),
        "counts": {str(status).replace(" ", "_"): report.count(status) for status in Status},
        "totals": totals(report, plan),
        "members": _members_json(report.outcomes),
        "steps": _steps_json(report.outcomes),
        "signal": report.signal,
        "stopped": report.stopped,
        "requests": dict(report.requests),
        "elapsed_s": report.elapsed_s,
        "waited_s": report.waited_s,
    }


def _members_json(outcomes: Iterable[Outcome]) -> dict[str, dict[str, int]]:
    """Count what was done to the members of each address, in the words of the plan: one that changed is one."""
    words = {Verb.CREATE: "added", Verb.UPDATE: "changed", Verb.DELETE: "removed"}
    found: dict[str, dict[str, int]] = {}
    for outcome in _joined(outcomes):
        if outcome.step.member and outcome.status is Status.DONE and outcome.step.verb in words:
            counts = found.setdefault(str(outcome.step.address), dict.fromkeys(words.values(), 0))
            counts[words[outcome.step.verb]] += 1
    return found


def _steps_json(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    return [
        {
            "key": outcome.step.key,
            "verb": str(outcome.step.verb),
            "address": str(outcome.step.address),
            "member": outcome.step.member,
            "other_half": outcome.step.other_half or None,
            "id": outcome.id,
            "status": str(outcome.status),
            "error": outcome.error,
            "notes": list(outcome.notes),
            "to_do": list(outcome.to_do),
            "blockers": list(outcome.blockers),
            "complaints": [
                {"text": each.text, "path": dotted(each.path) or None, "at": str(each.source) if each.source else None}
                for each in outcome.complaints
            ],
        }
        for outcome in outcomes
    ]
