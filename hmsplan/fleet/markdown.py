"""The plan of a fleet as GitHub's Markdown, within a budget. Pure.

What matters most is always there: how many change alike, what is refused, who could not be planned. The groups follow,
the largest first, as long as they fit; the others are named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.fleet.report import learning_text, page_for, planned_of, shared_problems
from hmsplan.output.markdown import COMMENT, WIDTH, render_objects
from hmsplan.output.words import fitting
from hmsplan.text import escape
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.fleet.report import FleetPlan, Group
    from hmsplan.output.commands import CommandLine

_MOST_NAMES: Final = 12
_LONGEST: Final = 300
_LEAST: Final = 3000
"""Bytes that a group needs to be shown with its objects."""


def render_markdown(plan: FleetPlan, commands: CommandLine, *, budget: int = COMMENT) -> str:
    """Return *plan* as Markdown of at most *budget* bytes."""
    head = "\n\n".join(_head(plan, budget // 4))
    foot = f"Digest `{plan.digest}`" if plan.digest else "No digest: not every member could be planned."
    room = budget - _size(head) - _size(foot) - 10
    return "\n\n".join([head, *_groups(plan.groups, commands, room), foot]) + "\n"


def _head(plan: FleetPlan, room: int) -> Iterator[str]:
    yield "<!-- hmsplan:fleet -->\n### Fleet plan"
    yield f"**{escape.markdown(plan.verdict)}** {escape.markdown(plan.counts)}"
    if plan.refused:
        number = count(len(plan.refused), "member")
        yield f"> [!CAUTION]\n> **Refused in {number}.** They are not applied until it is allowed."
        reasons = (
            f"- {escape.markdown_code(result.name)}: {escape.markdown(_short(planned_of(result).refusals[0]))}"
            for result in plan.refused
        )
        yield _listed(list(reasons), room // 2)
    if found := shared_problems(plan.results):
        rows = [
            f"- **{escape.markdown(problem.summary)}** ({_named(names)}): {escape.markdown(_short(problem.detail))}"
            for problem, names in found
        ]
        yield _listed(rows, room)
    if plan.unchanged and plan.changing:
        yield f"Without changes: {_named(plan.unchanged)}"
    if plan.learning:
        yield escape.markdown(learning_text(plan))


def _groups(groups: Sequence[Group], commands: CommandLine, room: int) -> Iterator[str]:
    """Yield as many groups as fit into *room* bytes, then a line for each further one, and how many there are more."""
    room -= _LEAST  # for the lines
    shown = 0
    for shown, group in enumerate(groups):
        share = max(_LEAST, room // max(1, min(len(groups) - shown, 4)))
        if share > room:
            break
        head = f"#### {_title(group)}"
        text = f"{head}\n\n{render_objects(page_for(group.results[0], WIDTH, commands), share - _size(head))}"
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
