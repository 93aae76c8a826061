"""What is worth a mark on a line of YAML: a problem, a planned change, something that drifted. Pure.

GitHub's annotations, SARIF, JUnit and Code Quality draw the same ``Finding``s, the worst first.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hmsplan.kinds import KINDS
from hmsplan.model import MISSING, Action, ApprovalStatus, DriftKind, Risk, SourceLine, Status, dotted
from hmsplan.output.changes import dialling, headline, remarks
from hmsplan.output.commands import BARE
from hmsplan.output.drift import twin_advice, twin_text
from hmsplan.output.members import members_text
from hmsplan.output.page import PASTE
from hmsplan.output.plan_page import asking_for, block_of, in_order, later, moment_of, unsettled, verb_of, waiting_text
from hmsplan.output.prose.parts import first_changed_line
from hmsplan.output.template_copies import TemplateCopies
from hmsplan.output.values import path_text
from hmsplan.output.words import some
from hmsplan.planner.diff import same
from hmsplan.text.canonical_json import digest
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hmsplan.model import (
        Diagnostic,
        Drift,
        FieldPath,
        Missing,
        Outcome,
        Plan,
        Report,
        ResourceChange,
        Value,
    )
    from hmsplan.output.commands import CommandLine
    from hmsplan.output.values import Locate

_BAD: Final = {Status.FAILED: "Step failed", Status.UNSETTLED: "Unknown outcome"}
_GOING: Final = frozenset({Action.DELETE, Action.REPLACE})


class Level(enum.IntEnum):
    """How bad it is; the lower, the worse, as the rank of a ``Severity``."""

    ERROR = 0
    WARNING = 1
    NOTE = 2


_DRIFT_LEVELS: Final = {
    DriftKind.GONE: Level.ERROR,
    DriftKind.TWIN: Level.WARNING,
    DriftKind.CHANGED: Level.WARNING,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One mark.

    Attributes:
        rule: fixed words; equal problems have equal ones.
        text: which, why it matters, what to type next; may be foreign and have several lines.
        source: None when no line is at fault.
        about: the resource, and the field if it is one of a resource; "" when it is about neither.
        id: of a rule of lint; "" for what has only words.
    """

    level: Level
    rule: str
    text: str
    source: SourceLine | None = None
    about: str = ""
    id: str = ""

    @property
    def rule_id(self) -> str:
        """The rule as one word: ``unknown-reference``; of lint, its id."""
        return self.id or re.sub(r"[^a-z0-9]+", "-", self.rule.lower()).strip("-")

    @property
    def file(self) -> str:
        """The file at fault, from the root of the stack; the stack file when it is nowhere."""
        return (self.source.file if self.source is not None else "") or "hmsplan.yaml"


def in_repository(file: str, folder: str) -> str:
    """Return the path of a file of the stack as the repository knows it."""
    return f"{folder}/{file}" if folder else file


def fingerprints(findings: Sequence[Finding], folder: str) -> list[str]:
    """Return what tells each finding from all others. It knows no line, so one that moved is the same problem."""
    seen: Counter[str] = Counter()
    marks = []
    for finding in findings:
        file = plain(in_repository(finding.file, folder))
        mark = digest([finding.rule_id, file, plain(finding.about)])[:16]
        seen[mark] += 1
        marks.append(f"{mark}:{seen[mark]}")
    return marks


def of_diagnostics(diagnostics: Iterable[Diagnostic], commands: CommandLine = BARE) -> list[Finding]:
    """Return every problem of a check."""
    return _worst_first(
        Finding(
            Level(diagnostic.severity.rank),
            diagnostic.summary,
            commands.complete(diagnostic.detail),
            diagnostic.source,
            " ".join(filter(None, [str(diagnostic.address or ""), dotted(diagnostic.path)])),
            diagnostic.rule,
        )
        for diagnostic in diagnostics
    )


def of_plan(plan: Plan, locate: Locate, commands: CommandLine = BARE) -> list[Finding]:
    """Return what is refused or not settled, what goes away, and what changes, each at the line that causes it."""
    return _worst_first(
        [*_open_ends(plan, locate, commands), *_changes(plan, locate), *of_diagnostics(plan.warnings, commands)]
    )


def _open_ends(plan: Plan, locate: Locate, commands: CommandLine) -> Iterator[Finding]:
    for denial in plan.denials:
        text, name = f"{denial.about}: {denial.message}\n{denial.by}", str(denial.address or "")
        yield Finding(Level.ERROR, "Denied by a policy", text, denial.source, f"{name} {denial.policy}".strip())
    for refusal in plan.refusals:
        allow = commands.command(*asking_for(plan), *moment_of(plan))
        entry = "\n".join(block_of(plan, [refusal]))
        wait = [*filter(None, [waiting_text(plan)]), *later(plan, commands)] if refusal.risk is Risk.OVERRIDE else []
        told = f"{refusal.address}: {refusal.told}", *wait, f"To allow it: {allow} {refusal.flag}", PASTE, entry
        text = "\n".join(told)
        yield Finding(Level.ERROR, "Refused", text, locate(refusal.address, (), 0), str(refusal.address))
    for use in plan.approvals:
        if use.status is ApprovalStatus.USED:
            address = use.approval.address
            yield Finding(Level.NOTE, "Allowed", f"{address}: {use.told}", use.approval.source, str(address))
    for item in plan.unsettled:
        question, address = unsettled(item, commands), item.address
        text = "\n".join([f"{question.name}: {question.text}", *question.commands])
        yield Finding(Level.ERROR, "Not settled", text, locate(address, (), 0), str(address))


def _changes(plan: Plan, locate: Locate) -> Iterator[Finding]:
    copies = TemplateCopies(plan)
    for change in in_order(plan):
        level = Level.WARNING if change.action in _GOING or change.started else Level.NOTE
        text = "\n".join([headline(change), *remarks(change, plan, copies), *_deeds(change)])
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
    if not paths or change.action is Action.CREATE:
        return locate(change.address, (), 0) or change.source
    field = next((field for field in change.fields if field.path == paths[0]), None)
    before, after = (field.before, field.after) if field is not None else (None, None)
    inside, before, after = _first_inside(before, after)
    return locate(change.address, (*paths[0], *inside), _line_of(before, after)) or change.source


def _first_inside(before: Value | Missing, after: Value | Missing) -> tuple[FieldPath, Any, Any]:
    """Return where two values first differ, as far down as the new one goes, and what stands there."""
    at: FieldPath = ()
    while True:
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            keys: Iterable[Any] = (key for key in after if key not in before or not same(before[key], after[key]))
        elif isinstance(before, list) and isinstance(after, list):
            keys = (n for n, (one, other) in enumerate(zip(before, after, strict=False)) if not same(one, other))
        else:
            return at, before, after
        key = next(iter(keys), None)
        if key is None:
            return at, before, after
        at = (*at, key)
        before = before.get(key, MISSING) if isinstance(before, Mapping) else before[key]
        after = after[key]


def _line_of(before: Value | Missing, after: Value | Missing) -> int:
    """Return the first line, from 1, in which a text is not what it was; 0 when it is not a text."""
    if not isinstance(after, str):
        return 0
    return first_changed_line(before if isinstance(before, str) else None, after)


def of_report(report: Report, locate: Locate, commands: CommandLine = BARE) -> list[Finding]:
    """Return the steps that did not end well, each at the line of its resource; not what waited for them.

    A field that the API refused is one at its own line.
    """
    bad = (outcome for outcome in report.outcomes if outcome.status in _BAD)
    return [finding for outcome in bad for finding in _failure(outcome, locate, commands)]


def _failure(outcome: Outcome, locate: Locate, commands: CommandLine) -> Iterator[Finding]:
    name, rule = str(outcome.step.address), _BAD[outcome.status]
    for complaint in outcome.complaints:
        about = " ".join(filter(None, [name, dotted(complaint.path)]))
        yield Finding(Level.ERROR, rule, f"{name}: the API says: {complaint.text}", complaint.source, about)
    if not outcome.complaints:
        place = locate(outcome.step.address, (), 0)
        yield Finding(Level.ERROR, rule, f"{name}: {commands.complete(outcome.error)}", place, name)


def of_drift(drifts: Iterable[Drift], locate: Locate, commands: CommandLine = BARE) -> list[Finding]:
    """Return what changed outside, at the line that declares what it was."""
    return _worst_first(_drifted(drift, locate, commands) for drift in drifts)


def _drifted(drift: Drift, locate: Locate, commands: CommandLine) -> Finding:
    name = str(drift.address) if drift.address is not None else f"{drift.kind} {drift.id}"
    paths = [field.path for field in drift.fields]
    where = locate(drift.address, paths[0] if paths else (), 0) if drift.address is not None else None
    match drift.drift:
        case DriftKind.GONE:
            again = "An apply adopts the only live object of its name, or creates it again."
            text = f"{name} is gone: it was deleted outside hmsplan. {again}"
        case DriftKind.TWIN:
            text = "\n".join([f"{name} is {drift.id}; {twin_text(drift)}.", *twin_advice(drift, commands)])
        case DriftKind.CHANGED:
            fields = some(path_text(KINDS[drift.kind], path) for path in paths)
            text = f"{name} was changed outside hmsplan: {fields}. To see the values: {commands.command('drift')}"
        case _:
            take = commands.command("import", f"{drift.kind}.KEY", drift.id)
            text = f'{name} ("{drift.name}") is managed by no stack. To take it over, declare it, then: {take}'
    level = _DRIFT_LEVELS.get(drift.drift, Level.NOTE)
    return Finding(level, f"Drift: {drift.drift}", text, where, name)


def _worst_first(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.level)
