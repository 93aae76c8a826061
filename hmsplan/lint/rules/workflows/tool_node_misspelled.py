"""A tool node that calls a tool nearly as another is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.flow import graph_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.tools import functions_named
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(workflow: Resource, view: View) -> Iterator[Hit]:
    known, graph = functions_named(view), graph_of(workflow, view)
    for name, (_, node) in graph.nodes.items():
        tool = node.get("tool_name")
        meant = wording.nearest(tool, known) if isinstance(tool, str) and tool not in known else None
        if meant is not None and abs(len(meant) - len(str(tool))) <= _SLIPS:
            detail = f"No tool of the stack is called {tool}. Did you mean {meant}, of {known[meant]}?"
            yield Hit(detail, graph.path(name, "tool_name"))


_SLIPS: Final = 2  # letters left out or doubled


RULE: Final = Rule(
    id="tool-node-misspelled",
    group=Group.WORKFLOWS,
    title="Tool node with an unknown tool",
    severity=Severity.WARNING,
    why="The webhook gets the name of a tool it does not know, and the call goes on as if it had been answered.",
    bad="""
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes:
        - {id: hello, type: conversation, instructions: Ask what the caller needs.}
        - {id: look, type: tool, tool_name: lookup_ordr}
        - {id: bye, type: end, first_line: Goodbye.}
      edges:
        - {from: hello, to: look, description: the caller asks about an order}
        - {from: look, to: bye}
tool_templates:
  lookup:
    name: Look up
    tool_type: function
    tool_config: {name: lookup_order, description: Finds an order by its number., url: "https://api.acme.example/orders"}
""",
    good="""
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes:
        - {id: hello, type: conversation, instructions: Ask what the caller needs.}
        - {id: look, type: tool, tool_name: lookup_order}
        - {id: bye, type: end, first_line: Goodbye.}
      edges:
        - {from: hello, to: look, description: the caller asks about an order}
        - {from: look, to: bye}
tool_templates:
  lookup:
    name: Look up
    tool_type: function
    tool_config: {name: lookup_order, description: Finds an order by its number., url: "https://api.acme.example/orders"}
""",
    kinds=("workflows",),
    check=_check,
    source="SDK, WorkflowToolNode.tool_name: name of the tool in the webhook's body",
)
