"""Routes: every operation of the description, and how a path finds it."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from hmsplan.emulator import byok, calls, domains, extras, mcp, organizations, resources, templates
from hmsplan.emulator.answers import Answer
from hmsplan.emulator.assistants import AGENTS, ASSISTANTS
from hmsplan.emulator.campaigns import CAMPAIGNS, LEADS
from hmsplan.emulator.context import Context
from hmsplan.emulator.description import document, query_schema
from hmsplan.emulator.numbers import NUMBERS, SIP_TRUNKS
from hmsplan.emulator.workflows import WORKFLOWS

if TYPE_CHECKING:
    from hmsplan.emulator.description import Schema
    from hmsplan.emulator.resources import Resource

Operation = Callable[[Context], Answer]

PREFIX = "/api/v1"

_COLLECTIONS: Mapping[str, Resource] = {
    "/agents": AGENTS,
    "/analysis-templates": templates.ANALYSIS_TEMPLATES,
    "/assistants": ASSISTANTS,
    "/calls": calls.CALLS,
    "/campaigns": CAMPAIGNS,
    "/campaigns/{id}/leads": LEADS,
    "/chats": extras.CHATS,
    "/mcp-servers": mcp.MCP_SERVERS,
    "/numbers": NUMBERS,
    "/sip-trunks": SIP_TRUNKS,
    "/tool-templates": templates.TOOL_TEMPLATES,
    "/workflows": WORKFLOWS,
}
"""Paths below which the operations are those of every kind, unless they are among the others."""

_OTHERS: Mapping[str, Operation] = {
    "GET /account": organizations.get_organization,
    "GET /analysis-templates": templates.list_analysis_templates,
    "GET /byok": byok.get_keys,
    "POST /byok": byok.set_key,
    "DELETE /byok": byok.delete_key,
    "GET /byok/config": byok.get_config,
    "POST /byok/config": byok.save_config,
    "GET /calls": calls.list_calls,
    "GET /calls/{id}": calls.get_call,
    "POST /calls/outbound": calls.start_call,
    "POST /calls/{id}/control": calls.control_call,
    "GET /chats/context": extras.chat_context,
    "GET /domains": domains.get_domain,
    "POST /domains": domains.create_domain,
    "DELETE /domains": domains.delete_domain,
    "GET /domains/sync": domains.list_account,
    "POST /domains/sync": domains.sync_domain,
    "POST /domains/verify": domains.verify_domain,
    "POST /domains/refresh": domains.refresh_domain,
    "GET /health": extras.health,
    "POST /mcp-servers/{id}/test": mcp.test_server,
    "GET /organizations": organizations.get_organization,
    "POST /organizations": organizations.create_organization,
    "PATCH /organizations": organizations.set_retention,
    "GET /usage": calls.get_usage,
    "GET /voices": extras.list_voices,
}

RESOURCES: Mapping[str, Resource] = {
    resource.kind: resource
    for resource in (*_COLLECTIONS.values(), ASSISTANTS, byok.BYOK_KEYS, domains.DOMAIN, domains.ACCOUNT)
}
"""Every kind of object by its name."""

_ON_MANY = {"GET": resources.list_all, "POST": resources.create}
_ON_ONE = {"GET": resources.get_one, "PATCH": resources.update, "DELETE": resources.delete}


@dataclass(frozen=True, slots=True)
class Route:
    """One path of the description with its operations.

    Attributes:
        path: as described; ``{name}`` stands for any one segment.
        pattern: the path as a regular expression.
        operations: what each method does.
        queries: the query string of each, as the schema of an object.
        public: no API key is needed.
    """

    path: str
    pattern: re.Pattern[str]
    operations: Mapping[str, Operation]
    queries: Mapping[str, Schema]
    public: bool


def _operation(method: str, path: str) -> Operation:
    other = _OTHERS.get(f"{method} {path}")
    if other is not None:
        return other
    if path in _COLLECTIONS:
        return partial(_ON_MANY[method], resource=_COLLECTIONS[path])
    return partial(_ON_ONE[method], resource=_COLLECTIONS[path.rpartition("/")[0]])


def _route(path: str, described: Mapping[str, Mapping[str, object]]) -> Route:
    methods = sorted(described.keys() - {"parameters"})
    return Route(
        path=path,
        pattern=re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]*)", path), re.DOTALL),
        operations={method.upper(): _operation(method.upper(), path) for method in methods},
        queries={method.upper(): query_schema(described[method]) for method in methods},
        public=any(described[method].get("security") == [] for method in methods),
    )


# Fixed paths come before those with placeholders, so that /calls/outbound is no call's id.
ROUTES = tuple(
    _route(path, item) for path, item in sorted(document()["paths"].items(), key=lambda each: "{" in each[0])
)


def strip_prefix(path: str) -> str:
    """Return a path without ``/api/v1``; everything is served with and without it."""
    return path[len(PREFIX) :] if path.startswith(PREFIX + "/") else path


def find(path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a path without prefix, with the values of its placeholders."""
    found = _find(path)
    return found and (found[0], dict(found[1]))


@functools.lru_cache(maxsize=4096)
def _find(path: str) -> tuple[Route, dict[str, str]] | None:
    for route in ROUTES:
        match = route.pattern.fullmatch(path)
        if match is not None:
            return route, match.groupdict()
    return None
