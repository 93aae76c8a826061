"""An MCP server at an address that the platform refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.urls import host_of
from hmsplan.model import Severity
from hmsplan.secrets.hosts import is_public

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_OF_TESTS: Final = (".test", ".invalid")
"""Names that are reserved for tests (RFC 6761): who writes one knows that nothing is there."""


def _check(server: Resource, _view: View) -> Iterator[Hit]:
    url = server.spec.get("url")
    host = host_of(url) if isinstance(url, str) else ""
    if host and not is_public(host) and not host.endswith(_OF_TESTS):
        detail = f"{host} is not a public address, and the API takes no other. Write one that resolves in public DNS."
        yield Hit(detail, ("url",))


RULE: Final = Rule(
    id="mcp-server-not-public",
    group=Group.TOOLS,
    title="MCP server that the platform refuses",
    severity=Severity.ERROR,
    why="The API refuses the server, so apply stops halfway and the assistants that need it are not made.",
    bad="""
mcp_servers:
  crm: {name: CRM, url: "https://crm.internal/mcp"}
""",
    good="""
mcp_servers:
  crm: {name: CRM, url: "https://crm.acme.example/mcp"}
""",
    kinds=("mcp_servers",),
    check=_check,
    source="API behaviour, 3: url must be https and resolve to a public address (SDK 2.0.0, 2026-09-18)",
)
