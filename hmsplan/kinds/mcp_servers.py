"""MCP servers: where assistants find tools that somebody else runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.kinds import normalise
from hmsplan.kinds.kind import NAME, STAMPS, Kind, Problem, patterns
from hmsplan.model import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.model import Spec


def distinct_headers(spec: Spec) -> Iterator[Problem]:
    """Name the headers that are declared twice: HTTP does not tell x-tenant from X-Tenant."""
    first: dict[str, str] = {}
    headers = spec.get("headers")
    for name in headers if isinstance(headers, dict) else ():
        if (other := first.setdefault(name.casefold(), name)) != name:
            detail = f"{name} and {other} are one header: HTTP does not tell upper from lower case. Take one out."
            yield Problem(("headers", name), "Duplicate header", detail)


MCP_SERVERS: Final = Kind(
    name="mcp_servers",
    singular="mcp_server",
    noun="MCP server",
    article="an",
    path="/mcp-servers",
    docs="SDK types McpServer, McpServerCreate and McpServerUpdate",
    collection=("mcp_servers",),
    envelope=("mcp_server",),
    identity="name",
    file="mcp_servers.yaml",
    unique=True,  # "Unique within the organization"
    required=frozenset({"name", "url"}),
    checks=distinct_headers,
    computed=STAMPS | {"header_names"},
    secrets=patterns("headers.**"),
    shown_names={"headers": "header_names"},  # "Stored encrypted; only the names are ever returned"
    clearable=frozenset({"headers"}),
    emptied=frozenset({"headers"}),  # "{} removes them"
    caseless=patterns("headers"),
    together={"url": ("headers",)},  # "When url moves to another host, headers must be sent in the same call"
    canonical={**NAME, pattern("url"): normalise.url},
    receivers={pattern("headers.**"): patterns("url")},
)
