"""Bind a live object to an address without changing it: an import, or what a lost create turned out to have made."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hmsplan.api.client import ReadClient
from hmsplan.api.refresh import read_members, read_one, read_organization
from hmsplan.errors import HmsplanError, StateError
from hmsplan.kinds import KINDS
from hmsplan.model import EMPTY, Binding
from hmsplan.operations.refresh import check_organization
from hmsplan.planner.members import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmsplan.model import Address, RemoteObject, Resource
    from hmsplan.operations.workspace import Workspace


async def find(workspace: Workspace, address: Address, object_id: str) -> tuple[Binding, str | None]:
    """Return the binding of *address* to a live object, and the id of its organization, if it is told.

    Raises:
        HmsplanError: there is no such object.
        StateError: another environment of the stack manages it.
        WrongOrganization: the key's organization is not the declared or remembered one.
    """
    state, stack, kind = workspace.state(), workspace.stack, KINDS[address.kind]
    _refuse_elsewhere(workspace, address, object_id)
    async with workspace.client(ReadClient) as client:
        organization = await read_organization(client) if stack.organization is not None else None
        live = await read_one(client, kind, object_id)
        told = live.fields.get("org_id") if live is not None else None
        organization = organization or (told if isinstance(told, str) else None)
        check_organization(stack, state, organization)
        if live is None:
            raise HmsplanError(f"the organization has no {kind.singular} with the id {object_id}", summary="Not found")
        members = await read_members(client, kind, object_id) if kind.members is not None else ()
    ours = our_members(stack.resources[address], members, state.lineage)
    return Binding(address, object_id, EMPTY, members=ours), organization


async def check_exists(workspace: Workspace, address: Address, object_id: str) -> None:
    """Make sure that what an open create of *address* is said to have made is there.

    Raises:
        HmsplanError: there is no such object.
        StateError: another environment of the stack manages it.
        WrongOrganization: the key's organization is not the declared one.
    """
    state, kind = workspace.state(), KINDS[address.kind]
    _refuse_elsewhere(workspace, address, object_id)
    parent = next((open_.parent for open_ in state.intents if open_.address == address and open_.parent), None)
    async with workspace.client(ReadClient) as client:
        if workspace.stack.organization is not None:
            check_organization(workspace.stack, state, await read_organization(client))
        if parent is not None:
            exists = any(item.id == object_id for item in await read_members(client, kind, parent))
        else:
            exists = await read_one(client, kind, object_id) is not None
    if not exists:
        raise HmsplanError(f"there is no live object {object_id}", summary="Not found")


def _refuse_elsewhere(workspace: Workspace, address: Address, object_id: str) -> None:
    """Refuse an object that another environment of the stack manages.

    Raises:
        StateError: says which.
    """
    environment = workspace.elsewhere().get((address.kind, object_id))
    if environment is not None:
        raise StateError(
            f"{object_id} is bound in environment {environment}, and one object is managed in one place. Forget it "
            f"there first: state rm ADDRESS with -e {environment}"
        )


def our_members(resource: Resource, live: Iterable[RemoteObject], lineage: str) -> Mapping[str, int]:
    """Count the live members that *resource* declares, by fingerprint: they are ours from now on."""
    members = KINDS[resource.address.kind].members
    if members is None or resource.members is None:
        return {}
    marks = {fingerprint(members, spec, lineage) for spec in resource.members}
    there = Counter(fingerprint(members, item.fields, lineage) for item in live)
    return {mark: there[mark] for mark in sorted(marks) if there[mark]}
