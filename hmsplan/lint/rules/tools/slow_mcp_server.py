"""An MCP server that may keep a caller waiting longer than people wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_MOST: Final = 20  # the platform's own choice


def _check(server: Resource, _view: View) -> Iterator[Hit]:
    timeout = server.spec.get("timeout_seconds")
    if isinstance(timeout, int) and timeout > _MOST:
        detail = (
            f"A caller may wait {timeout} seconds in silence, as an MCP tool has no message. Write {_MOST} or less."
        )
        yield Hit(detail, ("timeout_seconds",))


RULE: Final = Rule(
    id="slow-mcp-server",
    group=Group.TOOLS,
    title="MCP server with a long timeout",
    severity=Severity.INFO,
    why="People hang up long before the server has given up.",
    bad="""
mcp_servers:
  crm: {name: CRM, url: "https://crm.acme.example/mcp", timeout_seconds: 60}
""",
    good="""
mcp_servers:
  crm: {name: CRM, url: "https://crm.acme.example/mcp", timeout_seconds: 8}
""",
    kinds=("mcp_servers",),
    check=_check,
    source="API behaviour, 3: timeout_seconds defaults to 20; changes, 13: 5 to 60 s",
)
