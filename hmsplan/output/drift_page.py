"""What a drift report says, and a plan about what changed outside. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.kinds import KINDS
from hmsplan.model import EMPTY, DriftKind, Topic
from hmsplan.output.commands import BARE
from hmsplan.output.drift import (
    HAPPENED,
    NO_DRIFT,
    NOT_SETTLED,
    NOTHING_KNOWN,
    coverage_text,
    drift_line,
    drift_lines,
    unseen_text,
    worst_first,
)
from hmsplan.output.page import Item, Page, Row, item_of, memory_of
from hmsplan.output.values import Look

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hmsplan.model import Diagnostic, Drift
    from hmsplan.output.commands import CommandLine
    from hmsplan.output.drift import Coverage, Unseen

_DRIFT_ORDER: Final = (
    (DriftKind.GONE, "-"),
    (DriftKind.TWIN, "!"),
    (DriftKind.CHANGED, "~"),
    (DriftKind.UNMANAGED, "?"),
)


def drift_page(
    drifts: Sequence[Drift],
    coverage: Coverage,
    stack: str,
    environment: str,
    width: int,
    commands: CommandLine = BARE,
    unseen: Unseen | None = None,
    warnings: Sequence[Diagnostic] = (),
    stamp: str = "",
) -> Page:
    """Return what a drift report says."""
    ours = [drift for drift in drifts if drift.drift is not DriftKind.UNMANAGED]
    rows = ((mark, kind, tuple(_drift_name(d) for d in drifts if d.drift is kind)) for kind, mark in _DRIFT_ORDER)
    memory = memory_of(warnings)
    unsettled = [str(each.address) for each in warnings if each.topic is Topic.UNSETTLED]
    ending = () if ours else (NOTHING_KNOWN,) if memory else (NOT_SETTLED,) if unsettled else (NO_DRIFT,)
    return Page(
        "drift",
        stack,
        environment,
        rows=(
            *(Row(mark, str(kind), names) for mark, kind, names in rows if names),
            *((Row("?", "unsettled", tuple(unsettled)),) if unsettled else ()),
        ),
        drift=drifted(worst_first(ours), width, EMPTY, commands),
        unmanaged=tuple(drift for drift in drifts if drift.drift is DriftKind.UNMANAGED),
        ending=ending,
        warnings=tuple(commands.completed(each) for each in warnings if each.topic is not Topic.NO_STATE),
        memory=memory,
        apply=commands.command("apply"),
        pull="" if commands.member else commands.command("pull"),
        coverage=f"Coverage: {coverage_text(coverage, len(unsettled))}",
        unseen=f"Cannot be seen: {unseen_text(unseen)}" if unseen else "",
        counts=drift_line(drifts),
        stamp=stamp,
        width=width,
    )


def drifted(drifts: Iterable[Drift], width: int, names: Mapping[str, str], commands: CommandLine) -> tuple[Item, ...]:
    """Return what happened to each object; *names* are the addresses of ids."""
    marks = dict(_DRIFT_ORDER)
    return tuple(
        item_of(
            _drift_name(drift),
            marks[drift.drift],
            str(drift.drift),
            HAPPENED[drift.drift],
            drift_lines(drift, Look(KINDS[drift.kind], width, names), commands),
            alarming=drift.drift is not DriftKind.CHANGED,
        )
        for drift in drifts
    )


def _drift_name(drift: Drift) -> str:
    return str(drift.address) if drift.address is not None else f'{drift.kind} "{drift.name}"'
