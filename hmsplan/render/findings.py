"""What is worth a mark on a line of YAML: a problem, a planned change, something that drifted. Pure.

GitHub's annotations, SARIF and JUnit draw the same ``Finding``s, the worst first.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from hmsplan.kinds import KINDS
from hmsplan.model import Action, DriftKind, Severity, SourceLine, dotted
from hmsplan.render.changes import dialling, headline, members_text, remarks
from hmsplan.render.page import in_order, unsettled, verb_of
from hmsplan.render.values import path_text
from hmsplan.render.words import some

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.model import Address, Diagnostic, Drift, FieldPath, Plan, ResourceChange

Locate: TypeAlias = Callable[["Address", "FieldPath"], SourceLine | None]
"""Where a field is declared; the resource for the empty path; None when nobody declares it."""

_GOING: Final = frozenset({Action.DELETE, Action.REPLACE})


class Level(enum.IntEnum):
    """How bad it is; the lower, the worse."""

    ERROR = 0
    WARNING = 1
    NOTE = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One mark.

    Attributes:
        rule: fixed words; equal problems have equal ones.
        text: which, why it matters, what to type next; may be foreign and have several lines.
        source: None when no line is at fault.
        about: the resource, and the field if it is one of a resource; "" when it is about neither.
    """

    level: Level
    rule: str
    text: str
    source: SourceLine | None = None
    about: str = ""

    @property
    def rule_id(self) -> str:
        """The rule as one word: ``unknown-reference``."""
        return re.sub(r"[^a-z0-9]+", "-", self.rule.lower()).strip("-")


def of_diagnostics(diagnostics: Iterable[Diagnostic]) -> list[Finding]:
    """Return every problem of a check."""
    return _worst_first(
        Finding(
            Level.ERROR if diagnostic.severity is Severity.ERROR else Level.WARNING,
            diagnostic.summary,
            diagnostic.detail,
            diagnostic.source,
            " ".join(filter(None, [str(diagnostic.address or ""), dotted(diagnostic.path)])),
        )
        for diagnostic in diagnostics
    )


def of_plan(plan: Plan, locate: Locate) -> list[Finding]:
    """Return what is refused or not settled, what goes away, and what changes, each at the line that causes it."""
    return _worst_first([*_open_ends(plan, locate), *_changes(plan, locate), *of_diagnostics(plan.warnings)])


def _open_ends(plan: Plan, locate: Locate) -> Iterator[Finding]:
    for refusal in plan.refusals:
        text = f"{refusal.address}: {refusal.reason}\nTo allow it: hmsplan apply {refusal.flag}"
        yield Finding(Level.ERROR, "Refused", text, locate(refusal.address, ()), str(refusal.address))
    for item in plan.unsettled:
        question, address = unsettled(item), item.intent.address
        text = "\n".join([f"{question.name}: {question.text}", *question.commands])
        yield Finding(Level.ERROR, "Not settled", text, locate(address, ()), str(address))


def _changes(plan: Plan, locate: Locate) -> Iterator[Finding]:
    for change in in_order(plan):
        level = Level.WARNING if change.action in _GOING or change.started else Level.NOTE
        text = "\n".join([headline(change), *remarks(change, plan), *_deeds(change)])
        yield Finding(level, f"Planned {verb_of(change)}", text, _cause(change, locate), str(change.address))


def _deeds(change: ResourceChange) -> Iterator[str]:
    kind = KINDS[change.address.kind]
    if change.started:
        yield dialling(change)
    if change.fields and change.action is not Action.CREATE:
        yield f"changed: {some(path_text(kind, field.path) for field in change.fields)}"
    if change.members is not None and kind.members is not None and (change.members.add or change.members.remove):
        yield f"{kind.members.name}: {members_text(change.members)}"


def _cause(change: ResourceChange, locate: Locate) -> SourceLine | None:
    """Return the line of the first field that forces a replace or changes, or that of the resource."""
    paths = [*change.replaces, *(field.path for field in change.fields)]
    first = paths[0] if paths and change.action is not Action.CREATE else ()
    return locate(change.address, first) or change.source


def of_drift(drifts: Iterable[Drift], locate: Locate) -> list[Finding]:
    """Return what changed outside, at the line that declares what it was."""
    return _worst_first(_drifted(drift, locate) for drift in drifts)


def _drifted(drift: Drift, locate: Locate) -> Finding:
    name = str(drift.address) if drift.address is not None else f"{drift.kind} {drift.id}"
    paths = [field.path for field in drift.fields]
    where = locate(drift.address, paths[0] if paths else ()) if drift.address is not None else None
    match drift.drift:
        case DriftKind.GONE:
            text = f"{name} is gone: somebody deleted it outside hmsplan. An apply creates it again."
        case DriftKind.CHANGED:
            fields = some(path_text(KINDS[drift.kind], path) for path in paths)
            text = f"{name} was changed outside hmsplan: {fields}. To see the values: hmsplan drift"
        case _:
            take = f"hmsplan import {drift.kind}.KEY {drift.id}"
            text = f'{name} ("{drift.name}") is managed by no stack. To take it over, declare it, then: {take}'
    level = {DriftKind.GONE: Level.ERROR, DriftKind.CHANGED: Level.WARNING}.get(drift.drift, Level.NOTE)
    return Finding(level, f"Drift: {drift.drift}", text, where, name)


def _worst_first(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.level)
