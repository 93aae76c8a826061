"""A picture of the live organization and the state, for plans where there is no key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan import __version__
from hmsplan.api.client import ReadClient
from hmsplan.formats.snapshot_file import SavedSnapshot, save
from hmsplan.operations.refresh import read

if TYPE_CHECKING:
    from hmsplan.operations.workspace import Workspace


async def snapshot(workspace: Workspace) -> SavedSnapshot:
    """Read every object of every kind. Reads only; no secret and no whole lead is in the picture.

    Raises:
        ApiError: something could not be read.
        StateError: the state cannot be read, or is another stack's.
        WrongOrganization: the key's organization is not the declared or remembered one.
    """
    state = workspace.state()
    async with workspace.client(ReadClient) as client, workspace.reading(client):
        live = await read(client, workspace.stack, state, for_any=True)
    return save(workspace.stack, live, state, live.now, tool_version=__version__)
