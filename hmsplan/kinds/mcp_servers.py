"""MCP servers: where assistants find tools that somebody else runs."""

from __future__ import annotations

from typing import Final

from hmsplan.kinds import normalise
from hmsplan.kinds.kind import NAME, STAMPS, Kind, patterns
from hmsplan.model import pattern

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
    computed=STAMPS | {"header_names"},
    secrets=patterns("headers.**"),
    shown_names={"headers": "header_names"},  # "Stored encrypted; only the names are ever returned"
    together={"url": ("headers",)},  # "When url moves to another host, headers must be sent in the same call"
    canonical={**NAME, pattern("url"): normalise.url},
    receivers={pattern("headers.**"): patterns("url")},
)
