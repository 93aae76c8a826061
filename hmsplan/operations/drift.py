"""What changed outside hmsplan since the last apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.api.client import ReadClient
from hmsplan.operations.refresh import read
from hmsplan.planner.drift import DriftReport, survey

if TYPE_CHECKING:
    from hmsplan.operations.workspace import Workspace


async def drift(workspace: Workspace) -> DriftReport:
    """Compare every managed object with what the last apply left behind, and count what is not managed. Reads only.

    Raises:
        ApiError: something could not be read.
        StateError: the state cannot be read, or is another stack's.
        WrongOrganization: the key's organization is not the declared or remembered one.
    """
    state = workspace.state()
    async with workspace.client(ReadClient) as client, workspace.reading(client):
        snapshot = await read(client, workspace.stack, state)
    return survey(workspace.stack, snapshot, state, workspace.elsewhere())
