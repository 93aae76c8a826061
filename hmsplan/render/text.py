"""A plan as text, in OpenTofu's symbols and search phrases. Pure.

In the order in which a reviewer asks: how much, what is refused, what goes away, what changes, what is new, what
somebody else changed, and last the counts and the digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.diagnostics import format_diagnostic
from hmsplan.kinds import KINDS
from hmsplan.model import Action, is_pending
from hmsplan.render.changes import change_lines
from hmsplan.render.drift import drift_lines
from hmsplan.render.lines import BLANK, Line, Tone, paint, safe, title
from hmsplan.render.values import Look, names_of
from hmsplan.render.words import MARKS, count, plan_line, seconds, some

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hmsplan.model import Plan, Refusal, ResourceChange, Unsettled

NO_CHANGES: Final = "No changes. The organization matches the stack."
_ORDER: Final = (
    (Action.REPLACE, "replace"),
    (Action.DELETE, "destroy"),
    (Action.ADOPT, "adopt"),
    (Action.UPDATE, "update"),
    (Action.CREATE, "create"),
    (Action.FORGET, "forget"),
)


def render_plan(plan: Plan, *, width: int, color: bool, show_unchanged: bool = False) -> str:
    """Return *plan* as text that ends with its counts and its digest.

    Args:
        plan: what is shown.
        width: columns to wrap to; at least 40 are used.
        color: escape sequences may stand in it; without them the text says the same.
        show_unchanged: name the objects that match as well.
    """
    return paint(_joined(_sections(plan, width, show_unchanged=show_unchanged)), width=width, color=color)


def _joined(sections: Iterable[list[Line]]) -> Iterator[Line]:
    """Put a blank line between the sections that have something to say."""
    for number, section in enumerate(section for section in sections if section):
        if number:
            yield BLANK
        yield from section


def _sections(plan: Plan, width: int, *, show_unchanged: bool) -> Iterator[list[Line]]:
    yield _summary(plan)
    yield _refused(plan)
    yield _unsettled(plan.unsettled)
    pending, names = plan.pending, names_of(plan)
    for action in (*(action for action, _ in _ORDER), Action.NO_OP):
        for change in pending:
            if change.action is action:
                yield list(change_lines(change, plan, names, width))
    yield _drift(plan, names, width)
    for warning in plan.warnings:
        yield [Line(row, depth=-1, whole=True) for row in format_diagnostic(warning, width).split("\n")]
    if show_unchanged:
        yield _unchanged(plan)
    yield _end(plan)


def _summary(plan: Plan) -> list[Line]:
    where = f"{safe(plan.stack)}, environment {safe(plan.environment)}"
    if plan.organization is not None:
        where += f", organization {safe(plan.organization)}"
    lines = [title(where)]
    if plan.targets:
        lines.append(
            title(
                f"Limited to {some(map(str, plan.targets))} and what they refer to; the rest is left out.", Tone.PLAIN
            )
        )
    if rows := list(_rows(plan)):
        lines += [BLANK, *rows]
    return lines


def _rows(plan: Plan) -> Iterator[Line]:
    """Yield one line an action: its mark, how many, which."""
    pending = plan.pending
    groups = [(MARKS[action], verb, _named(c for c in pending if c.action is action)) for action, verb in _ORDER]
    quiet = [change for change in pending if change.action is Action.NO_OP]
    groups.append((".", "move", [f"{c.moved_from} -> {c.address}" for c in quiet if c.moved_from is not None]))
    groups.append((".", "release", _named(c for c in quiet if c.moved_from is None)))
    groups.append(("!", "refused", [f"{r.risk}:{r.address}" for r in plan.refusals]))
    groups.append(("?", "unsettled", [str(u.intent.address) for u in plan.unsettled]))
    shown = [(mark, verb, list(dict.fromkeys(names))) for mark, verb, names in groups if names]
    digits = max((len(str(len(names))) for _, _, names in shown), default=1)
    for mark, verb, names in shown:
        yield Line(f"{verb:<9} {len(names):>{digits}}  {some(names)}", mark, hang=12 + digits)


def _named(changes: Iterable[ResourceChange]) -> list[str]:
    return [str(change.address) if not change.deposed else f"{change.address} (deposed)" for change in changes]


def _refused(plan: Plan) -> list[Line]:
    """Name every risk with its reasons and the exact flag that allows it."""
    by_flag: dict[str, list[Refusal]] = {}
    for refusal in plan.refusals:
        by_flag.setdefault(refusal.flag, []).append(refusal)
    if not by_flag:
        return []
    until = "it is allowed" if len(by_flag) == 1 else "all are allowed in one command"
    lines = [title(f"Refused: {count(len(by_flag), 'risk')}. Nothing is applied until {until}.", Tone.ALERT)]
    for flag, refusals in by_flag.items():
        reasons = "; ".join(dict.fromkeys(refusal.reason for refusal in refusals))
        lines += [BLANK, Line(f"{refusals[0].address}: {safe(reasons)}", "!")]
        lines.append(Line(f"hmsplan apply {flag}", whole=True))
    return lines


def _unsettled(unsettled: Iterable[Unsettled]) -> list[Line]:
    lines: list[Line] = []
    for item in unsettled:
        address, ids = item.intent.address, item.candidates
        what = f"a lead of {address}" if item.intent.parent is not None else str(address)
        lines += [BLANK, Line(f"{what}: {_doubt(item)}", "?")]
        lines += [Line(f"hmsplan resolve {address} --adopt {safe(object_id)}", whole=True) for object_id in ids]
        lines.append(Line(f"hmsplan resolve {address} --none", whole=True))
    if lines:
        lines.insert(0, title("Not settled: an earlier run sent a create and never got an answer.", Tone.ALERT))
    return lines


def _doubt(item: Unsettled) -> str:
    if item.candidates:
        number = len(item.candidates)
        may = "1 live object may be it" if number == 1 else f"{number} live objects may be it"
        return f"{may}. Say which one it is, or that none is:"
    return (
        f"not in the lists; it may show up within {seconds(item.remaining_s)}. Plan again then, or say that it is none:"
    )


def _drift(plan: Plan, names: Mapping[str, str], width: int) -> list[Line]:
    """Yield what others did, apart from what is requested: reading the plan, nobody has to guess who wants what."""
    if not plan.drift:
        return []
    lines = [
        title("Changed outside hmsplan since the last apply"),
        title("For information. What this plan does about it stands above.", Tone.QUIET),
    ]
    for drift in plan.drift:
        lines += [BLANK, *drift_lines(drift, Look(KINDS[drift.kind], width, names))]
    return lines


def _unchanged(plan: Plan) -> list[Line]:
    names = [str(change.address) for change in plan.changes if not is_pending(change)]
    return [title(f"Unchanged: {count(len(names), 'object')}"), *(Line(name) for name in names)] if names else []


def _end(plan: Plan) -> list[Line]:
    lines = []
    if not plan.pending:
        open_creates = " A create of an earlier run is not settled, see above." if plan.unsettled else ""
        lines += [title(NO_CHANGES if not plan.unsettled else f"No changes are planned.{open_creates}")]
        if learning := sorted({str(step.address) for step in plan.steps}):
            lines.append(title(f"The next apply only brings hmsplan's state up to date: {some(learning)}.", Tone.PLAIN))
        lines.append(BLANK)
    lines.append(Line(f"Digest: sha256:{plan.digest}", depth=-1, whole=True))
    lines.append(title(plan_line(plan)))
    return lines
