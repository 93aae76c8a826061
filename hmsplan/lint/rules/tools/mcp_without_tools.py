"""An MCP server that is attached, and none of whose tools may be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.tools import tools_of
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    for tool in tools_of(assistant, view):
        if tool.kind == "mcp" and tool.form.get("allowed_tools") == []:
            required = (
                "" if tool.form.get("required") is False else " Calls are even refused while it cannot be reached."
            )
            detail = (
                f"allowed_tools is empty, so the model may use nothing of it.{required} Name a tool, or take it out."
            )
            yield Hit(detail, tool.at("allowed_tools"))


RULE: Final = Rule(
    id="mcp-without-tools",
    group=Group.TOOLS,
    title="MCP server of which nothing is allowed",
    severity=Severity.WARNING,
    why="The assistant depends on a server that it can do nothing with.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools: [{type: mcp, mcp_server_id: "${mcp_servers.crm}", allowed_tools: []}]
mcp_servers:
  crm: {name: CRM, url: "https://crm.acme.example/mcp"}
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools: [{type: mcp, mcp_server_id: "${mcp_servers.crm}", allowed_tools: [find_customer]}]
mcp_servers:
  crm: {name: CRM, url: "https://crm.acme.example/mcp"}
""",
    kinds=("assistants",),
    check=_check,
    source="API reference, ToolMcp.allowed_tools: a server is never attached as a whole",
)
