"""Which calls are in progress, and on which objects of the stack. Reads only."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from hmsplan.api.calls import RunningCalls, parties, takes_calls
from hmsplan.api.client import ReadClient
from hmsplan.errors import HmsplanError
from hmsplan.formats.redact import masked
from hmsplan.kinds import KINDS
from hmsplan.kinds.identity import identity_of
from hmsplan.kinds.phone import masked_in
from hmsplan.model import Address, CalledObject, CallInProgress
from hmsplan.operations.refresh import read
from hmsplan.planner.narrow import nowhere
from hmsplan.text import timestamps, wording

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hmsplan.api.calls import Call, Party
    from hmsplan.model import RemoteObject, Stack, State
    from hmsplan.operations.workspace import Workspace


async def calls_in_progress(
    workspace: Workspace, patterns: Collection[str] = ()
) -> tuple[float, Sequence[CallInProgress]]:
    """Return what time it is by the API's clock, in Unix seconds, and the calls that go on, the oldest first.

    Args:
        workspace: the stack, its state and the API.
        patterns: of addresses: only calls on these; empty = all.

    Raises:
        HmsplanError: one of *patterns* means nothing that a call can be on.
        ApiError: something could not be read.
        WrongOrganization: the key's organization is not the declared or remembered one.
    """
    stack, state = workspace.stack, workspace.state()
    _refuse_pointless(patterns, stack, state)
    names = [name for name in KINDS if takes_calls(name)]
    async with workspace.client(ReadClient) as client, workspace.reading(client):
        snapshot = await read(client, stack, state, names, whose=True)
        found = await RunningCalls(client).read()
        now = client.server_now()
    live = {(kind, i): item for kind, items in snapshot.objects.items() for i, item in items.items()}
    owners = {(address.kind, bound.id): address for address, bound in state.bindings.items()}
    calls = [_call(call, live, owners) for call in found.values()]
    shown = [call for call in calls if not patterns or any(_is_meant(on, patterns) for on in call.on)]
    return now, sorted(shown, key=lambda call: (call.began or 0.0, call.id))


def _call(call: Call, live: Mapping[Party, RemoteObject], owners: Mapping[Party, Address]) -> CallInProgress:
    on = []
    for kind, object_id in dict.fromkeys(parties(call, live)):
        item = live.get((kind, object_id))
        name = identity_of(KINDS[kind], item.fields) if item is not None else object_id
        on.append(CalledObject(kind, object_id, name, owners.get((kind, object_id))))
    began = timestamps.from_api(call.get("started_at")) or timestamps.from_api(call.get("created_at"))
    caller = call.get("caller_phone")
    return CallInProgress(
        masked_in(call["id"]),
        str(call.get("status")),
        str(call.get("direction") or ""),
        began,
        masked(caller) if isinstance(caller, str) and caller else "",
        tuple(sorted(on, key=lambda each: list(KINDS).index(each.kind))),
    )


def _is_meant(on: CalledObject, patterns: Collection[str]) -> bool:
    return any(fnmatchcase(str(on.address), pattern) for pattern in patterns if on.address is not None)


def _refuse_pointless(patterns: Collection[str], stack: Stack, state: State) -> None:
    known = {*stack.resources, *state.bindings}
    able = [address for address in known if takes_calls(address.kind)]
    for pattern in patterns:
        if any(fnmatchcase(str(address), pattern) for address in able):
            continue
        if any(fnmatchcase(str(address), pattern) for address in known):
            kinds = wording.listed(name for name in KINDS if takes_calls(name))
            raise HmsplanError(f"only {kinds} have calls, and {pattern} names another kind", summary="No calls on this")
        if "*" in pattern or "?" in pattern:
            text = f"nothing that is declared or in the state is called {pattern}"
        else:
            text = nowhere(Address.parse(pattern), known)
        raise HmsplanError(text, summary="Unknown address")
