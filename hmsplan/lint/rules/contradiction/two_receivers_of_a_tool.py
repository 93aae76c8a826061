"""A tool with two addresses, of which one is never called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.tools import tools_of
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for tool in tools_of(resource, view):
        url, server = tool.written.get("url"), tool.written.get("server")
        if isinstance(url, str) and isinstance(server, dict) and server.get("url") not in (None, url):
            detail = "The tool's own url wins, so server.url is never called. Write one address."
            yield Hit(detail, (*tool.path, "server", "url"))


RULE: Final = Rule(
    id="two-receivers-of-a-tool",
    group=Group.CONTRADICTION,
    title="Tool with two addresses",
    severity=Severity.WARNING,
    why="Calls of the tool go to the one address, while a reader of the stack may look for them at the other.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      tools:
        - name: find_order
          description: Finds an order.
          url: https://new.acme.example/find
          server: {url: "https://old.acme.example/find"}
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      tools:
        - {name: find_order, description: Finds an order., url: "https://new.acme.example/find"}
""",
    kinds=("assistants", "workflows"),
    check=_check,
    source="API description, schema ToolWebhook: url wins over server.url",
)
