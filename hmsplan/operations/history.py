"""What an apply leaves to be read later: who did what, from which commit, and how each object looked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmsplan import __version__
from hmsplan.errors import StateError
from hmsplan.formats.redact import managed_before, sealed, shown
from hmsplan.kinds import KINDS
from hmsplan.kinds.conceal import without_credentials
from hmsplan.model import (
    UNKNOWN,
    ApprovalStatus,
    Author,
    Deed,
    Diagnostic,
    Head,
    HistoryEntry,
    Picture,
    Severity,
    Status,
    Verb,
    is_pending,
)
from hmsplan.planner.members import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hmsplan.kinds import Members
    from hmsplan.model import Address, Plan, Report, ResourceChange, Snapshot, Spec, Stack, State, Value
    from hmsplan.operations.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Performed:
    """An apply that has ended.

    Attributes:
        stack: what was declared.
        plan: what was to be done.
        snapshot: what the plan was made from.
        before: the state that the plan was made from.
        report: what was done.
        state: as it is now.
        author: who did it.
        allowed: the risks of ``--allow``.
    """

    stack: Stack
    plan: Plan
    snapshot: Snapshot
    before: State
    report: Report
    state: State
    author: Author = UNKNOWN
    allowed: tuple[str, ...] = ()


def remember(workspace: Workspace, run: Performed) -> None:
    """Write an apply into the history beside the state, under the lock; that it cannot be written is told, no more."""
    try:
        workspace.backend.remember(lambda number: entry_of(run, number))
    except StateError as error:
        detail = f"The apply is done, and the history will not show it: {error}"
        workspace.reporter.warning(Diagnostic("Not in the history", detail, severity=Severity.WARNING))


def entry_of(run: Performed, number: int) -> HistoryEntry:
    """Return the entry of an apply; no secret and no lead is in it. Pure."""
    plan = run.plan
    deeds = tuple(_deeds(run.report))
    counts = Counter(str(deed.verb) if deed.status is Status.DONE else "failed" for deed in deeds)
    pictures = tuple(_picture(change, run) for change in shown(plan).changes if is_pending(change))
    used = [use.approval.allows for use in plan.approvals if use.status is ApprovalStatus.USED]
    head = Head(
        number=number,
        serial=run.state.serial,
        at=round(run.snapshot.now + run.report.elapsed_s, 3),
        author=run.author,
        environment=plan.environment,
        organization=plan.organization,
        digest=plan.digest,
        tool_version=__version__,
        approvals=tuple(dict.fromkeys([*used, *run.allowed])),
        counts=dict(sorted(counts.items())),
        touched=tuple(picture.address for picture in pictures),
    )
    return HistoryEntry(head, deeds, pictures)


def _deeds(report: Report) -> Iterator[Deed]:
    for outcome in report.outcomes:
        step = outcome.step
        yield Deed(step.key, step.verb, step.address, outcome.status, outcome.id or step.id)


def _picture(change: ResourceChange, run: Performed) -> Picture:
    kind, binding = KINDS[change.address.kind], run.state.bindings.get(change.address)

    def fields(spec: Mapping[str, Value]) -> dict[str, Value]:
        return {name: sealed(kind, value, (name,)) for name, value in without_credentials(spec).items()}

    return Picture(
        change.address,
        change.action,
        binding.id if binding is not None else change.id,
        fields(managed_before(kind, change)),
        fields(binding.applied) if binding is not None else {},
        *(_members(kind.members, change, run) if kind.members is not None else ()),
    )


def _members(
    members: Members, change: ResourceChange, run: Performed
) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Return which managed members an object has now, which of them joined, and which left."""

    def marks(specs: Iterable[Spec]) -> Counter[str]:
        return Counter(fingerprint(members, spec, run.state.lineage) for spec in specs)

    here = marks(item.fields for item in run.snapshot.members.get(change.id or "", ()))
    known, declared = run.before.bindings.get(change.address), run.stack.resources.get(change.address)
    before = here & (Counter(known.members if known else {}) | marks((declared.members if declared else None) or ()))
    joined, left = Counter[str](), Counter[str]()
    for step in (outcome.step for outcome in run.report.outcomes if outcome.status is Status.DONE):
        if step.address == change.address:
            riding = step.members if step.verb is Verb.CREATE else None
            (left if step.verb is Verb.DELETE else joined).update(
                marks([step.spec] if step.member and step.verb is not Verb.BIND else riding or ())
            )
    binding = run.state.bindings.get(change.address)
    if binding is None or binding.id != change.id:
        left = before
    return before + joined - left, joined, left


def versions_of(entries: list[HistoryEntry], address: Address) -> Iterator[tuple[HistoryEntry, Picture]]:
    """Yield the entries that touched *address*, each with its picture of it."""
    for entry in entries:
        for picture in entry.pictures:
            if picture.address == address:
                yield entry, picture
