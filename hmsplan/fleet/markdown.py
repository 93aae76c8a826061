"""The plan of a fleet as GitHub's Markdown, within a budget. Pure.

What matters most is always there: how many change alike, what is refused, who could not be planned. The groups follow,
the largest first, as long as they fit; the others are named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.fleet.report import alike_problems, learning_text, page_for
from hmsplan.output.markdown import COMMENT, WIDTH, render_objects
from hmsplan.output.words import fitting
from hmsplan.text import escape
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.fleet.report import FleetPlan, Group
    from hmsplan.model import Diagnostic
    from hmsplan.output.commands import CommandLine

_MOST_NAMES: Final = 12
_LONGEST: Final = 300
_LEAST: Final = 3000
"""Bytes that a group needs to be shown with its objects."""


def render_markdown(plan: FleetPlan, commands: CommandLine, *, budget: int = COMMENT) -> str:
    """Return *plan* as Markdown of at most *budget* bytes."""
    head = "\n\n".join(_head(plan, commands, budget // 4))
    foot = f"Digest `{plan.digest}`" if plan.digest else plan.undigested
    room = budget - _size(head) - _size(foot) - 10
    return "\n\n".join([head, *_groups(plan.groups, commands, room), foot]) + "\n"


def _head(plan: FleetPlan, commands: CommandLine, room: int) -> Iterator[str]:
    yield "<!-- hmsplan:fleet -->\n### Fleet plan"
    yield f"**{escape.markdown(plan.verdict)}** {escape.markdown(plan.counts)}"
    if plan.first:
        yield f"No state yet: {_named(plan.first)}"
    if plan.refused:
        number = count(len(plan.refused), "member")
        yield f"> [!CAUTION]\n> **Refused in {number}.** They are not applied until it is allowed."
        yield from _refused([group for group in plan.groups if group.planned.refusals], commands, room // 2)
    if found := alike_problems(plan.results):
        rows = [
            f"- **{escape.markdown(problem.summary)}**{_place(problem)}, of {_named(names)}: "
            f"{escape.markdown(_short(problem.detail))}"
            for problem, names in found
        ]
        yield _listed(rows, room)
    if plan.unchanged and plan.changing:
        yield f"Without changes: {_named(plan.unchanged)}"
    if plan.learning:
        yield escape.markdown(learning_text(plan))


def _refused(groups: Sequence[Group], commands: CommandLine, room: int) -> Iterator[str]:
    """Yield what is refused and why, and the one command that allows as much of it as is shown."""
    rows: list[str] = []
    typed: dict[str, None] = {}
    left = room
    for number, group in enumerate(groups):
        page = page_for(group, WIDTH, commands)
        told = [
            f"- {_named(group.names)}: {escape.markdown_code(each.name)}: {escape.markdown(_short(each.text))}"
            for each in (*page.denied, *page.refused)
        ]
        left -= sum(_size(row) + 1 for row in told) + sum(_size(each.commands[0]) for each in page.refused)
        if left < 0 and rows:
            rows.append(f"- and {count(len(groups) - number, 'more group')}, which the text of the plan names")
            break
        rows += told
        typed |= dict.fromkeys(each.commands[0].removeprefix(f"{page.apply} ") for each in page.refused)
    yield "\n".join(rows)
    if typed:
        yield escape.markdown_fence([" ".join([page.apply, *typed])], "console")


def _place(problem: Diagnostic) -> str:
    return f" ({escape.markdown_code(str(problem.source))})" if problem.source else ""


def _groups(groups: Sequence[Group], commands: CommandLine, room: int) -> Iterator[str]:
    """Yield as many groups as fit into *room* bytes, then a line for each further one, and how many there are more."""
    room -= _LEAST  # for the lines
    shown = 0
    for shown, group in enumerate(groups):
        share = max(_LEAST, room // max(1, min(len(groups) - shown, 4)))
        if share > room:
            break
        head = f"#### {_title(group)}"
        said = escape.markdown(" ".join(filter(None, [group.note, group.reach])))
        head = "\n\n".join(filter(None, [head, said]))
        text = f"{head}\n\n{render_objects(page_for(group, WIDTH, commands), share - _size(head))}"
        room -= _size(text) + 2
        yield text
    else:
        return
    rows = [f"- {_title(group)}: {_did(group)}" for group in groups[shown:]]
    yield f"**Without details for lack of room:**\n\n{_listed(rows, room + _LEAST)}"


def _title(group: Group) -> str:
    names = _named(group.names)
    return names if len(group.names) == 1 else f"{len(group.names):,} members, the same change: {names}"


def _did(group: Group) -> str:
    return ", ".join(f"{number} to {verb}" for verb, number in group.planned.counts.items() if number) or "refused"


def _named(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_NAMES
    return ", ".join(map(escape.markdown_code, names[:_MOST_NAMES])) + (f" and {rest:,} more" if rest > 0 else "")


def _listed(rows: Sequence[str], room: int) -> str:
    shown = fitting((_size(row) + 1 for row in rows), room - 100)
    rest = [f"- and {len(rows) - shown:,} more, which the text of the plan names"] if shown < len(rows) else []
    return "\n".join([*rows[:shown], *rest])


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _size(text: str) -> int:
    return len(text.encode())
