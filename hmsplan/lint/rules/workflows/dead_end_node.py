"""A node in which a call stays until the caller gives up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.flow import graph_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(workflow: Resource, view: View) -> Iterator[Hit]:
    graph = graph_of(workflow, view)
    for name in graph.dead_ends:
        if name == graph.entry and len(graph.nodes) > 1:
            continue  # told of as what it keeps from being reached
        detail = f"No edge leaves {name}, and it has no tool to end or transfer the call. Give it an edge, or {_TOOL}."
        yield Hit(detail, graph.path(name))


_TOOL: Final = "tools: [{type: end_call}]"


RULE: Final = Rule(
    id="dead-end-node",
    group=Group.WORKFLOWS,
    title="Node without a way out",
    severity=Severity.WARNING,
    why="The conversation is done and the call is not: the caller has to hang up on an assistant with nothing to say.",
    bad="""
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes:
        - {id: hello, type: conversation, instructions: Ask what the caller needs.}
        - {id: ask, type: conversation, instructions: Ask for the order number.}
      edges:
        - {from: hello, to: ask, description: the caller asks about an order}
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
        - {id: ask, type: conversation, instructions: Ask for the order number.}
        - {id: bye, type: end, first_line: Goodbye.}
      edges:
        - {from: hello, to: ask, description: the caller asks about an order}
        - {from: ask, to: bye, description: the question is answered}
""",
    kinds=("workflows",),
    check=_check,
    source="SDK, WorkflowDefinition: edges leave conversation and tool nodes only; tools of a node",
)
