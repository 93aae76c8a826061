"""What a fleet says, as text: in OpenTofu's symbols, each change once. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.fleet.report import MOST_NAMES, alike_problems, learning_text, page_for
from hmsplan.fleet.task import Checked, Drifted, Exported, Standing
from hmsplan.model import Severity
from hmsplan.output.commands import CommandLine
from hmsplan.output.diagnostics import format_diagnostic
from hmsplan.output.lines import BLANK, Line, Tone, paint, safe, title
from hmsplan.output.page import KEPT_IN_FLEET
from hmsplan.output.text import object_lines
from hmsplan.output.words import some
from hmsplan.text.wording import count, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hmsplan.fleet.report import FleetPlan, Group
    from hmsplan.fleet.task import Result
    from hmsplan.model import Diagnostic

KEY: Final = "HMS_SOVEREIGN_API_KEY"
_MOST_SHOWN: Final = 20
"""Groups whose objects are shown; of the others there is a line each."""
_ORDER: Final = (Severity.INFO, Severity.WARNING, Severity.ERROR)


def render_plan(plan: FleetPlan, commands: CommandLine, *, width: int, color: bool) -> str:
    """Return the plan of a fleet; what many members change alike is shown once."""
    return paint(joined(_plan(plan, commands, width)), width=width, color=color)


def joined(sections: Iterable[list[Line]]) -> Iterator[Line]:
    """Put a blank line between the sections that have something to say."""
    for number, section in enumerate(section for section in sections if section):
        if number:
            yield BLANK
        yield from section


def _plan(plan: FleetPlan, commands: CommandLine, width: int) -> Iterator[list[Line]]:
    first = [title(safe(f"No state yet: {some(plan.first, MOST_NAMES)}"), Tone.PLAIN)] if plan.first else []
    yield [title(plan.verdict), *first]
    for group in plan.groups[:_MOST_SHOWN]:
        yield from _group(group, commands, width)
    yield _further(plan.groups[_MOST_SHOWN:])
    if plan.unchanged and plan.changing:
        yield [title(f"Without changes: {some(plan.unchanged, MOST_NAMES)}", Tone.PLAIN)]
    if plan.learning:
        yield [title(learning_text(plan), Tone.PLAIN)]
    yield from problems(plan.results, width)
    if plan.allowed:
        yield [title(f"Allowed in every member by --allow: {safe(', '.join(plan.allowed))}", Tone.ALERT)]
    digest = Line(f"Digest: {plan.digest}", depth=-1, whole=True) if plan.digest else title(plan.undigested, Tone.PLAIN)
    yield [digest, title(plan.counts)]


def _group(group: Group, commands: CommandLine, width: int) -> Iterator[list[Line]]:
    page = page_for(group, width, commands)
    head = [title(f"{group.head}:")]
    if group.note:
        head += [Line(some(group.names, MOST_NAMES)), Line(group.note, tone=Tone.QUIET)]
    if group.reach:
        head.append(Line(safe(group.reach)))
    for denied in page.denied:
        head.append(Line(f"{denied.name}: {safe(denied.text)}", "!"))
    for refused in page.refused:
        head += [BLANK, Line(f"{refused.name}: {safe(refused.text)}", "!")]
        head += [Line(safe(command), whole=True) for command in refused.commands]
    for allowed in page.allowed:
        head += [BLANK, Line(f"{allowed.name}: {safe(allowed.text)}", "!")]
    for unsettled in page.unsettled:
        head += [BLANK, Line(f"{unsettled.name}: {safe(unsettled.text)}", "?")]
        head += [Line(safe(command), whole=True) for command in unsettled.commands]
    yield head
    for item in page.changes:
        yield object_lines(item)
    if page.drift:
        yield [Line(f"{count(len(page.drift), 'object')} changed outside hmsplan since the last apply", "#")]


def _further(groups: tuple[Group, ...]) -> list[Line]:
    if not groups:
        return []
    lines = [title(f"{count(len(groups), 'more change')} without details for lack of room")]
    for group in groups:
        counts = {verb: number for verb, number in group.planned.counts.items() if number}
        lines.append(
            Line(f"{some(group.names, 3)}: {', '.join(f'{number} to {verb}' for verb, number in counts.items())}")
        )
    return [*lines, Line("To see one: add --member NAME", tone=Tone.QUIET)]


def render_status(results: Sequence[Result], *, width: int, color: bool) -> str:
    """Return one line a member: what its state binds, and when it was applied last."""
    rows = [(result.name, _standing(result)) for result in results]
    return paint(_table(rows, results, width), width=width, color=color)


def render_doctor(results: Sequence[Result], *, width: int, color: bool) -> str:
    """Return one line a member: whether all that it needs is there."""
    rows = [(result.name, _checked(result)) for result in results]
    bad = sum(result.code != 0 for result in results)
    verdict = f"{bad} of {count(len(results), 'member')} cannot be planned." if bad else "All is well."
    return paint([*_table(rows, results, width), BLANK, title(verdict)], width=width, color=color)


def render_drift(results: Sequence[Result], *, width: int, color: bool) -> str:
    """Return what changed outside, member by member; those without drift are only counted."""
    return paint(joined(_drifts(results, width)), width=width, color=color)


def render_exported(results: Sequence[Result], *, width: int, color: bool) -> str:
    """Return where the files of each member are, and what is not in them."""
    rows = [(result.name, _files(result)) for result in results]
    lines = [*_table(rows, results, width), *_left_out(results), *_next(results)]
    return paint(lines, width=width, color=color)


def _left_out(results: Sequence[Result]) -> Iterator[Line]:
    """Yield what is live and in no file, each thing once with the members that have it."""
    found: dict[str, list[str]] = {}
    for result in results:
        for what in result.value.left_out if isinstance(result.value, Exported) else ():
            found.setdefault(what, []).append(result.name)
    if found:
        yield from (BLANK, title("Live, and not in these files:", Tone.PLAIN))
        yield from (Line(safe(f"{what} (of {some(names, 6)})")) for what, names in found.items())


def _next(results: Sequence[Result]) -> Iterator[Line]:
    """Yield what to type to look at what was written, by the example of one member."""
    folder = next((result.value.folder for result in results if isinstance(result.value, Exported)), None)
    if folder is not None:
        yield from (BLANK, title("Next, for each of them:", Tone.PLAIN))
        yield Line(CommandLine(("-C", folder)).command("validate"), whole=True)


def render_lint(results: Sequence[Result], *, width: int, color: bool) -> str:
    """Return each finding once, with the members that have it, and how many there are."""
    found = alike_problems(results, all_of_them=True)
    counts = {severity: sum(each.severity is severity for each, _ in found) for severity in Severity}
    told = [count(number, str(severity)) for severity, number in counts.items() if number]
    verdict = f"{listed(told)} in {count(len(results), 'member')}." if told else "Nothing found."
    return paint(joined([*_told(found, width), [title(verdict)]]), width=width, color=color)


def _table(rows: Sequence[tuple[str, str]], results: Sequence[Result], width: int) -> Iterator[Line]:
    columns = max(len(name) for name, _ in rows)
    yield from (Line(f"{name:<{columns}}  {safe(text)}", depth=-1, hang=columns + 2) for name, text in rows)
    for section in problems(results, width):
        yield BLANK
        yield from section


def _standing(result: Result) -> str:
    value = result.value
    if not isinstance(value, Standing):
        return "unknown, see below"
    state = (
        "never applied" if value.serial is None else f"{value.bound} of {value.declared} objects, serial {value.serial}"
    )
    parts = [
        state,
        f"last applied {value.last}" if value.last else "",
        f"locked by {value.holder}" if value.holder else "",
    ]
    return ", ".join(filter(None, [*parts, "" if value.has_key else "no key"]))


def _checked(result: Result) -> str:
    value = result.value
    if not isinstance(value, Checked):
        return "unknown, see below"
    mark = f"{'bad' if result.code else 'ok':<3} {result.organization or ''}".rstrip()
    return ", ".join(filter(None, [mark, value.state]))


def _files(result: Result) -> str:
    value = result.value
    if not isinstance(value, Exported):
        return "not exported, see below"
    left = f", {count(len(value.left_out), 'thing')} left out" if value.left_out else ""
    return f"{count(value.resources, 'object')} in {value.folder}{left}"


def _drifts(results: Sequence[Result], width: int) -> Iterator[list[Line]]:
    seen = [(result, result.value) for result in results if isinstance(result.value, Drifted)]
    drifted = [(result, value) for result, value in seen if value.told]
    for result, value in drifted:
        head = title(f"{result.name}: {value.line}", Tone.ALERT)
        yield [head, *(Line(safe(text), "~") for text in value.told), *alone(result, "To see it", "drift")]
    if any(result.commands.member for result, _ in drifted):
        yield [title(KEPT_IN_FLEET, Tone.PLAIN)]
    blind = [result.name for result, value in seen if value.is_blind]
    if blind:
        yield [title(f"Nothing was compared, because no earlier apply is known: {some(blind, MOST_NAMES)}", Tone.PLAIN)]
    yield from problems([result for result in results if result.value is None], width)
    yield [title(f"Drift in {len(drifted)} of {count(len(results), 'member')}.")]


def alone(result: Result, why: str, command: str) -> Iterator[Line]:
    """Yield what to type to run *command* for one member alone."""
    yield Line(safe(f"{why}:"))
    yield Line(safe(result.commands.command(command)), whole=True)


def problems(results: Iterable[Result], width: int) -> Iterator[list[Line]]:
    """Yield each problem once, with the members that have it; errors last, where they are read."""
    return _told(alike_problems(list(results)), width)


def _told(found: Iterable[tuple[Diagnostic, tuple[str, ...]]], width: int) -> Iterator[list[Line]]:
    for problem, names in sorted(found, key=lambda each: _ORDER.index(each[0].severity)):
        head, *rows = format_diagnostic(problem, width).split("\n")
        whose = Line(f"  of {some(names, MOST_NAMES)}", depth=-1, hang=4)
        yield [Line(head, depth=-1, whole=True), whose, *(Line(row, depth=-1, whole=True) for row in rows)]
