"""What an apply leaves to be read later: who did what, from which commit, and how each object looked."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hmsplan import __version__
from hmsplan.errors import StateError
from hmsplan.formats.redact import managed_before, sealed, shown
from hmsplan.kinds import KINDS
from hmsplan.kinds.conceal import without_credentials
from hmsplan.model import (
    ApprovalStatus,
    Author,
    Deed,
    Diagnostic,
    Head,
    HistoryEntry,
    Picture,
    Severity,
    Status,
    is_pending,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.model import Address, Plan, Report, ResourceChange, State, Value
    from hmsplan.operations.workspace import Workspace


def remember(
    workspace: Workspace, plan: Plan, report: Report, state: State, at: float, author: Author, allowed: tuple[str, ...]
) -> None:
    """Write an apply into the history beside the state; that it cannot be written is told, and changes nothing else.

    Args:
        workspace: of the apply, whose lock is held.
        plan: what was to be done.
        report: what was done.
        state: as it is now.
        at: when it ended, by the API's clock.
        author: who did it.
        allowed: the risks of ``--allow``.
    """
    try:
        workspace.backend.remember(lambda number: entry_of(plan, report, state, number, at, author, allowed))
    except StateError as error:
        detail = f"The apply is done, and the history will not show it: {error}"
        workspace.reporter.warning(Diagnostic("Not in the history", detail, severity=Severity.WARNING))


def entry_of(
    plan: Plan, report: Report, state: State, number: int, at: float, author: Author, allowed: tuple[str, ...] = ()
) -> HistoryEntry:
    """Return the entry of an apply; no secret and no lead is in it. Pure."""
    deeds = tuple(_deeds(report))
    counts = Counter(str(deed.verb) if deed.status is Status.DONE else "failed" for deed in deeds)
    pictures = tuple(_picture(change, state) for change in shown(plan).changes if is_pending(change))
    used = [use.approval.allows for use in plan.approvals if use.status is ApprovalStatus.USED]
    head = Head(
        number=number,
        serial=state.serial,
        at=round(at, 3),
        author=author,
        environment=plan.environment,
        organization=plan.organization,
        digest=plan.digest,
        tool_version=__version__,
        approvals=tuple(dict.fromkeys([*used, *allowed])),
        counts=dict(sorted(counts.items())),
        touched=tuple(picture.address for picture in pictures),
    )
    return HistoryEntry(head, deeds, pictures)


def _deeds(report: Report) -> Iterator[Deed]:
    for outcome in report.outcomes:
        step = outcome.step
        yield Deed(step.key, step.verb, step.address, outcome.status, outcome.id or step.id)


def _picture(change: ResourceChange, state: State) -> Picture:
    kind, binding, members = KINDS[change.address.kind], state.bindings.get(change.address), change.members

    def fields(spec: Mapping[str, Value]) -> dict[str, Value]:
        return {name: sealed(kind, value, (name,)) for name, value in without_credentials(spec).items()}

    return Picture(
        change.address,
        change.action,
        binding.id if binding is not None else change.id,
        fields(managed_before(kind, change)),
        fields(binding.applied) if binding is not None else {},
        len(members.add) if members is not None else 0,
        len(members.remove) if members is not None else 0,
    )


def versions_of(entries: list[HistoryEntry], address: Address) -> Iterator[tuple[HistoryEntry, Picture]]:
    """Yield the entries that touched *address*, each with its picture of it."""
    for entry in entries:
        for picture in entry.pictures:
            if picture.address == address:
                yield entry, picture
