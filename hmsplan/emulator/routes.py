"""Routes: every operation of the API, and how a path finds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from hmsplan.emulator import byok, calls, campaigns, domains, extras, mcp, organizations, resources, templates
from hmsplan.emulator.answers import Answer
from hmsplan.emulator.assistants import ASSISTANTS
from hmsplan.emulator.context import Context
from hmsplan.emulator.numbers import NUMBERS, SIP_TRUNKS
from hmsplan.emulator.workflows import WORKFLOWS

if TYPE_CHECKING:
    from hmsplan.emulator.resources import Resource

Operation = Callable[[Context], Answer]

PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True)
class Route:
    """One path with its operations.

    Attributes:
        segments: the path's parts; ``{name}`` stands for any one part.
        operations: what each method does.
        public: no API key is needed.
    """

    segments: tuple[str, ...]
    operations: Mapping[str, Operation]
    public: bool = False

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """Return the values of the placeholders when the path is this one."""
        if len(segments) != len(self.segments):
            return None
        params = {}
        for part, segment in zip(self.segments, segments, strict=True):
            if part.startswith("{"):
                params[part[1:-1]] = segment
            elif part != segment:
                return None
        return params


def _resource_routes(resource: Resource) -> dict[str, dict[str, Operation]]:
    path = f"/{resource.path}"
    one = {"GET": partial(resources.get_one, resource=resource), "DELETE": partial(resources.delete, resource=resource)}
    if resource.update is not None:
        one["PATCH"] = partial(resources.update, resource=resource)
    return {
        path: {
            "GET": partial(resources.list_all, resource=resource),
            "POST": partial(resources.create, resource=resource),
        },
        path + "/{id}": dict(one),
    }


def _analysis(operation: Callable[[Context, Resource], Answer]) -> Operation:
    return lambda ctx: operation(ctx, templates.analysis_resource(ctx))


def _alias(operation: Callable[[Context, Resource], Answer]) -> Operation:
    def on_assistants(ctx: Context) -> Answer:
        one = ctx.settings.agents_envelope
        return operation(ctx, replace(ASSISTANTS, many=f"{one}s", one=one))

    return on_assistants


_OPERATIONS: dict[str, dict[str, Operation]] = {
    **_resource_routes(ASSISTANTS),
    **_resource_routes(NUMBERS),
    **_resource_routes(SIP_TRUNKS),
    **_resource_routes(templates.TOOL_TEMPLATES),
    **_resource_routes(campaigns.CAMPAIGNS),
    **_resource_routes(WORKFLOWS),
    **_resource_routes(mcp.MCP_SERVERS),
    "/mcp-servers/{id}/test": {"POST": mcp.test_server},
    "/agents": {"GET": _alias(resources.list_all), "POST": _alias(resources.create)},
    "/agents/{id}": {
        "GET": _alias(resources.get_one),
        "PATCH": _alias(resources.update),
        "DELETE": _alias(resources.delete),
    },
    "/analysis-templates": {"GET": templates.list_analysis_templates, "POST": _analysis(resources.create)},
    "/analysis-templates/{id}": {
        "GET": _analysis(resources.get_one),
        "PATCH": _analysis(resources.update),
        "DELETE": _analysis(resources.delete),
    },
    "/campaigns/{id}/leads": {"GET": campaigns.list_leads, "POST": campaigns.add_lead},
    "/campaigns/{id}/leads/{leadId}": {"DELETE": campaigns.remove_lead},
    "/organizations": {
        "GET": organizations.get_organization,
        "POST": organizations.create_organization,
        "PATCH": organizations.set_retention,
    },
    "/account": {"GET": organizations.get_organization},
    "/byok": {"GET": byok.get_keys, "POST": byok.set_key, "DELETE": byok.delete_key},
    "/byok/config": {"GET": byok.get_config, "POST": byok.save_config},
    "/domains": {"GET": domains.get_domain, "POST": domains.create_domain, "DELETE": domains.delete_domain},
    "/domains/sync": {"GET": domains.list_account, "POST": domains.sync_domain},
    "/domains/verify": {"POST": domains.verify_domain},
    "/domains/refresh": {"POST": domains.refresh_domain},
    "/calls": {"GET": calls.list_calls},
    "/calls/outbound": {"POST": calls.start_call},
    "/calls/{id}": {"GET": calls.get_call},
    "/calls/{id}/control": {"POST": calls.control_call},
    "/usage": {"GET": calls.get_usage},
    "/voices": {"GET": extras.list_voices},
    "/health": {"GET": extras.health},
    "/chats": {"GET": extras.list_chats, "POST": extras.append_chat},
    "/chats/context": {"GET": extras.chat_context},
    "/chats/{id}": {"DELETE": extras.delete_chat},
}

_PUBLIC = frozenset({"/health"})


def _order(path: str) -> tuple[bool, ...]:
    """Put fixed parts before placeholders, so that /calls/outbound is no call's id."""
    return tuple(part.startswith("{") for part in path.split("/"))


ROUTES = tuple(
    Route(tuple(path[1:].split("/")), _OPERATIONS[path], path in _PUBLIC) for path in sorted(_OPERATIONS, key=_order)
)
_BY_FIRST: dict[str, list[Route]] = {}
for _route in ROUTES:
    _BY_FIRST.setdefault(_route.segments[0], []).append(_route)


def strip_prefix(path: str) -> str:
    """Return a path without ``/api/v1``; everything is served with and without it."""
    return path[len(PREFIX) :] if path.startswith(PREFIX + "/") else path


def find(path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a path without prefix, with the values of its placeholders."""
    segments = path[1:].split("/")
    for route in _BY_FIRST.get(segments[0], ()):
        params = route.match(segments)
        if params is not None:
            return route, params
    return None
