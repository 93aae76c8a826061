"""What changed outside hmsplan since the last apply."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hmsplan.api.client import ReadClient
from hmsplan.errors import StateError
from hmsplan.model import Diagnostic, Severity
from hmsplan.operations.refresh import read
from hmsplan.planner.drift import DriftReport, survey

if TYPE_CHECKING:
    from hmsplan.operations.workspace import Workspace


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
    return _attributed(report, workspace) if report.drifted else report


def _attributed(report: DriftReport, workspace: Workspace) -> DriftReport:
    try:
        heads = [line.head for line in workspace.backend.history() if not line.problem]
    except StateError as error:
        workspace.reporter.warning(Diagnostic("History not read", str(error), severity=Severity.WARNING))
        return report
    last = {address: head for head in heads for address in head.touched}
    found = [replace(each, applied=last.get(each.address)) if each.address else each for each in report.drifted]
    return replace(report, drifted=tuple(found))
