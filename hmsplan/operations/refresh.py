"""Read what is live, as much of it as a stack and a state ask for.

The answers are believed only as far as they prove themselves: whose organization it is, that a list is whole, that an
object which a list lacks is gone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from hmsplan.api.refresh import read_one, read_organization, read_snapshot
from hmsplan.errors import WrongOrganization
from hmsplan.kinds import KINDS
from hmsplan.planner.inputs import wanted_details
from hmsplan.state.edit import refuse_other_stack
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hmsplan.api.client import ReadClient
    from hmsplan.kinds import Kind
    from hmsplan.model import Binding, RemoteObject, Snapshot, Stack, State


_LOG: Final = logging.getLogger(__name__)
_ALL: Final = tuple(KINDS)


async def read_more(
    client: ReadClient, stack: Stack, state: State, snapshot: Snapshot, names: Iterable[str]
) -> Snapshot:
    """Return *snapshot* with the objects of some more kinds.

    Raises:
        WrongOrganization: see ``read``.
    """
    more = await read(client, stack, state, names, organization=snapshot.organization)
    objects = MappingProxyType({**snapshot.objects, **more.objects})
    return replace(snapshot, objects=objects, requests=snapshot.requests + more.requests)


async def read(
    client: ReadClient,
    stack: Stack,
    state: State,
    names: Iterable[str] = _ALL,
    *,
    for_any: bool = False,
    whose: bool = False,
    organization: str | None = None,
) -> Snapshot:
    """Read what is live of some kinds, by default of all; with *whose*, ask whose it is though the lists tell it.

    Of all kinds, those that neither stack nor state uses and that the key may not read are left out.

    With *for_any*, read as much as a plan of any other stack would ask for: every list of members, and whose it all is.
    What an earlier reading told of the *organization* is not asked for again.

    Raises:
        StateError: the state is another stack's.
        WrongOrganization: the key's organization is not the declared or remembered one.
    """
    refuse_other_stack(state, stack.name)
    bound: dict[str, set[str]] = {}
    for address, binding in state.bindings.items():
        bound.setdefault(address.kind, set()).add(binding.id)
    for deposed in state.deposed:
        bound.setdefault(deposed.address.kind, set()).add(deposed.id)

    def check(organization: str | None) -> None:
        check_organization(stack, state, organization)

    began = time.perf_counter()
    snapshot = await read_snapshot(
        client,
        [KINDS[name] for name in names],
        needed=({address.kind for address in stack.resources} | bound.keys()) if names == _ALL else None,
        bound=bound,
        wanted=lambda kind, objects: list(objects) if for_any else wanted_details(stack, state, kind, objects),
        expect_organization=organization is None and (for_any or whose or stack.organization is not None),
        known_organization=organization,
        on_organization=check,
        patience_s=stack.safety.settle_grace_s,
    )
    await _check_gone(client, stack, state, snapshot, bound)
    snapshot = await _with_summaries_read(client, state, snapshot)
    _LOG.info(
        "read %s of %s in %s, %.0f ms; organization %s",
        wording.count(sum(map(len, snapshot.objects.values())), "object"),
        wording.count(len(snapshot.objects), "kind"),
        wording.count(snapshot.requests, "request"),
        (time.perf_counter() - began) * 1000,
        snapshot.organization or "not told",
    )
    return snapshot


async def _with_summaries_read(client: ReadClient, state: State, snapshot: Snapshot) -> Snapshot:
    """Read one by one the objects of a list that proves to be a summary.

    "Whether a list ever drops large fields is unknown." What we applied to an object and its list item does not even
    name is the sign; one GET tells whether it is the list that left it out.
    """
    objects, before = dict(snapshot.objects), client.requests.total()
    for name, listed in snapshot.objects.items():
        kind = KINDS[name]
        suspect = next((b.id for a, b in state.bindings.items() if a.kind == name and _lacks(kind, b, listed)), None)
        whole = await read_one(client, kind, suspect) if suspect is not None else None
        if whole is not None and whole.fields.keys() - listed[whole.id].fields.keys():
            found = await asyncio.gather(*(read_one(client, kind, object_id) for object_id in listed))
            objects[name] = {each.id: each for each in found if each is not None}
    requests = snapshot.requests + client.requests.total() - before
    return replace(snapshot, objects=MappingProxyType(objects), requests=requests)


def _lacks(kind: Kind, binding: Binding, listed: Mapping[str, RemoteObject]) -> bool:
    live = listed.get(binding.id)
    if live is None or binding.applied.keys() <= live.fields.keys():
        return False
    return any(
        value is not None and key not in live.fields and not kind.is_secret((key,)) and key not in kind.write_only
        for key, value in binding.applied.items()
    )


def check_organization(stack: Stack, state: State, organization: str | None) -> None:
    """Refuse another organization than the declared one, or than the one the state belongs to.

    Raises:
        WrongOrganization: it is another one, or it cannot be told though the environment names one.
    """
    if stack.organization is not None and organization != stack.organization:
        who = stack.declared_by or f"environment {stack.environment}"
        raise WrongOrganization(
            f"{who} declares {stack.organization}, and the key belongs to "
            f"{organization or 'an organization it may not ask for'}. Nothing was changed."
        )
    if state.organization is not None and organization is not None and organization != state.organization:
        raise WrongOrganization(_of_another(state, organization))


def _of_another(state: State, organization: str | None) -> str:
    return (
        f"the state belongs to {state.organization}, and the key to {organization or 'another organization'}. Use the "
        "key of the first, or another environment (-e), or member of the fleet, for the second. Nothing was changed."
    )


async def _check_gone(
    client: ReadClient, stack: Stack, state: State, snapshot: Snapshot, bound: Mapping[str, Collection[str]]
) -> None:
    """Ask whose key it is when nothing that state binds is there: a wrong key is likelier than an emptied account.

    What we made a moment ago proves nothing by not being there.
    """
    since = snapshot.now - stack.safety.settle_grace_s
    new = {(address.kind, binding.id) for address, binding in state.bindings.items() if binding.made > since}
    old = {(name, object_id) for name, ids in bound.items() for object_id in ids} - new
    if not old or not old <= snapshot.gone:
        return
    organization = snapshot.organization or await read_organization(client)
    if state.organization is not None and organization != state.organization:
        raise WrongOrganization(_of_another(state, organization))
    if state.organization is None and len(old) > 1:
        raise WrongOrganization(
            f"none of the {len(old)} objects that the state binds is there. If the key is right and they were all "
            "deleted, forget them first: hmsplan state rm ADDRESS"
        )
