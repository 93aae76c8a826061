"""An MCP server whose tools no assistant has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(server: Resource, view: View) -> Iterator[Hit]:
    if not view.users(server.address):
        tool = f'{{type: mcp, mcp_server_id: "${{{server.address}}}", allowed_tools: […]}}'
        detail = f"No assistant has its tools. Add {tool} to one, or delete the server and revoke its credential."
        yield Hit(detail)


RULE: Final = Rule(
    id="unused-mcp-server",
    group=Group.TELEPHONY,
    title="MCP server that nothing uses",
    severity=Severity.INFO,
    why="The platform keeps a credential of a server from which no call gets anything.",
    bad="""
mcp_servers:
  crm: {name: CRM, url: "https://mcp.acme.example/v1"}
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools: [{type: mcp, mcp_server_id: "${mcp_servers.crm}", allowed_tools: [find]}]
mcp_servers:
  crm: {name: CRM, url: "https://mcp.acme.example/v1"}
""",
    kinds=("mcp_servers",),
    check=_check,
)
