"""What the platform finds when it calls the MCP servers that are managed here: its own test, one request a server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmsplan.api.client import CheckClient
from hmsplan.api.urls import segments
from hmsplan.cli.session import connect
from hmsplan.errors import ApiError
from hmsplan.kinds import MCP_SERVERS
from hmsplan.operations.probe import DEADLINE_S, TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.cli.options import Globals
    from hmsplan.model import Address, State

_LONGEST_S = 60.0  # "timeout_seconds: 5 to 60"


@dataclass(frozen=True, slots=True)
class Tested:
    """How the test of one server ended; all texts are foreign.

    Attributes:
        tools: the names of the tools that it offers; None when it could not be used.
        error: why it could not be used.
        took_ms: as the platform counts it; None when it does not say.
    """

    tools: tuple[str, ...] | None
    error: str = ""
    took_ms: int | None = None


def managed_servers(state: State | None) -> Mapping[Address, str]:
    """Return the address and id of each server that *state* binds."""
    bindings = state.bindings.values() if state is not None else ()
    found = sorted((each.address, each.id) for each in bindings if each.address.kind == MCP_SERVERS.name)
    return dict(found)


async def probe_servers(options: Globals, servers: Mapping[Address, str]) -> Mapping[Address, Tested]:
    """Have the platform call each server once, with the headers that it stores.

    Raises:
        HmsplanError: there is no API to ask.
    """
    longest = {"timeout_s": _LONGEST_S + TIMEOUT_S, "deadline_s": _LONGEST_S + DEADLINE_S, "on_skew": None}
    async with connect(options, CheckClient, **longest) as client:
        found = await asyncio.gather(*(_tested(client, object_id) for object_id in servers.values()))
    return dict(zip(servers, found, strict=True))


async def _tested(client: CheckClient, object_id: str) -> Tested:
    try:
        answer = await client.check(segments(MCP_SERVERS.path, object_id, "test"))
    except ApiError as error:
        return Tested(None, error.detail)
    if not isinstance(answer, dict):
        return Tested(None, "the answer says nothing of the server")
    took, tools = answer.get("duration_ms"), answer.get("tools")
    took_ms = int(took) if isinstance(took, int | float) else None
    if answer.get("ok") is not True:
        return Tested(None, str(answer.get("error") or "it does not say why"), took_ms)
    named = [each for each in tools if isinstance(each, dict)] if isinstance(tools, list) else []
    return Tested(tuple(str(each.get("name")) for each in named), "", took_ms)
