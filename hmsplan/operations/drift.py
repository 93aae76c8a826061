"""What changed outside hmsplan since the last apply."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hmsplan.api.client import ReadClient
from hmsplan.errors import StateError
from hmsplan.model import Action, Diagnostic, DriftKind, Head, Severity
from hmsplan.operations.history import FAILED, damaged, doubts, latest
from hmsplan.operations.refresh import read
from hmsplan.planner.drift import DriftReport, survey
from hmsplan.planner.rollback import not_followed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hmsplan.model import Address, State
    from hmsplan.operations.workspace import Workspace

_UNWRITTEN: Final = frozenset({FAILED, Action.NO_OP})
"""What an apply did to an object that it did not write: ``NO_OP`` only brought the state up to date."""


async def drift(workspace: Workspace) -> DriftReport:
    """Compare every managed object with what the last apply left behind, and count what is not managed. Reads only.

    What drifted is told with the last apply that touched it, as far as the history knows.

    Raises:
        ApiError: something could not be read.
        StateError: the state cannot be read, or is another stack's.
        WrongOrganization: the key's organization is not the declared or remembered one.
    """
    state = workspace.state()
    async with workspace.client(ReadClient) as client, workspace.reading(client):
        snapshot = await read(client, workspace.stack, state)
    report = survey(workspace.stack, snapshot, state, workspace.elsewhere())
    report = replace(report, warnings=(*report.warnings, *not_followed(workspace.stack, state)))
    return _attributed(report, workspace, state)


def _attributed(report: DriftReport, workspace: Workspace, state: State) -> DriftReport:
    """Add the last apply that wrote each object, and when it was last known to be as applied; tell of tampering."""
    told, heads = list(doubts(workspace.backend, state)), list[Head]()
    wanted = {each.address for each in report.drifted if each.address is not None and each.drift is not DriftKind.TWIN}
    try:
        if wanted:
            found = latest(workspace.backend, lambda heads: wanted <= last_writes(heads).keys())
            heads = [line.head for line in found.lines]
            told += damaged(found.problems)
    except (StateError, ValueError) as error:
        told.append(Diagnostic("History not read", str(error), severity=Severity.WARNING))
    for warning in dict.fromkeys(told):
        workspace.reporter.warning(warning)
    last = last_writes(heads)
    drifted = [
        replace(each, applied=last.get(each.address), since=known_since(heads, each.address))
        if each.address in wanted and each.drift is not DriftKind.TWIN
        else each
        for each in report.drifted
    ]
    return replace(report, drifted=tuple(drifted))


def last_writes(heads: Iterable[Head]) -> dict[Address, Head]:
    """Return the last apply that wrote each object; of *heads*, the oldest comes first."""
    return {address: head for head in heads for address, what in head.touched.items() if what not in _UNWRITTEN}


def known_since(heads: Sequence[Head], address: Address) -> float | None:
    """Return when an object was last known to be as applied: an apply wrote it, or looked at all and found it so."""
    since = None
    for head in heads:
        what = head.touched.get(address, FAILED)
        was_as_applied = since is not None and head.is_whole and address not in head.drifted
        if what not in _UNWRITTEN:
            since = head.at
        elif what == Action.NO_OP or was_as_applied:  # what the former found became what is applied
            since = head.read
    return since
