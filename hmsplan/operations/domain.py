"""The mail domain beside the stack: what its DNS needs, and whether the platform has found it there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.api.client import CheckClient, ReadClient
from hmsplan.api.refresh import parse_one
from hmsplan.api.urls import segments
from hmsplan.errors import HmsplanError
from hmsplan.kinds import DOMAIN
from hmsplan.kinds.identity import identity_of
from hmsplan.operations.refresh import read

if TYPE_CHECKING:
    from hmsplan.model import RemoteObject
    from hmsplan.operations.workspace import Workspace


class NoDomain(HmsplanError):
    """The organization has no domain to look at."""

    summary = "No mail domain"


async def domain_status(workspace: Workspace) -> RemoteObject | None:
    """Return the domain as the API shows it; None when the organization has none. Reads only.

    Raises:
        ApiError: it could not be read.
        WrongOrganization: the key's organization is not the declared or remembered one.
    """
    async with workspace.client(ReadClient) as client:
        return await _domain(workspace, client)


async def verify_domain(workspace: Workspace) -> RemoteObject:
    """Have the platform look for the DNS records, and return the domain with the status it then has.

    The check goes on after this: "verify starts the check and refresh reads the status". It changes no setting.

    Raises:
        NoDomain: the organization has none.
        ApiError: it could not be read, or the check was refused.
        WrongOrganization: the key's organization is not the declared or remembered one.
    """
    async with workspace.client(CheckClient) as client:
        found = await _domain(workspace, client)
        if found is None:
            raise NoDomain("The organization has no mail domain. Declare one, and apply.")
        await client.check(segments(DOMAIN.path, "verify"))
        answer = await client.check(segments(DOMAIN.path, "refresh"))
        return parse_one(DOMAIN, answer, identity_of(DOMAIN, found.fields)) or found


async def _domain(workspace: Workspace, client: ReadClient) -> RemoteObject | None:
    snapshot = await read(client, workspace.stack, workspace.state(), (DOMAIN.name,), whose=True)
    return next(iter(snapshot.objects[DOMAIN.name].values()), None)
