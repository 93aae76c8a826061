"""Instructions that send the call where no edge leads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint.flow import graph_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_GO: Final = re.compile(
    r"\b(?:go|move|continue|jump|return|proceed|transition|switch)(?: back| on| over)? to (?:the )?(?:node )?"
    r"(?:[`'\"](?P<quoted>[a-z][a-z0-9_]*)[`'\"]|(?P<bare>[a-z][a-z0-9]*(?:_[a-z0-9]+)+)\b)",
    re.IGNORECASE,
)


def _check(workflow: Resource, view: View) -> Iterator[Hit]:
    graph = graph_of(workflow, view)
    for name, text in graph.instructions():
        for found in _GO.finditer(text) if " to " in text else ():
            target = found["quoted"] or found["bare"]
            if target in graph.nodes and target != name and target not in graph.ways[name]:
                detail = f"No edge leads from {name} to {target}. Add {{from: {name}, to: {target}, description: …}}."
                line, column = text[: found.start()].count("\n") + 1, found.start() - text.rfind("\n", 0, found.start())
                yield Hit(detail, graph.path(name, "instructions"), line, column)


RULE: Final = Rule(
    id="node-sent-to-without-edge",
    group=Group.WORKFLOWS,
    title="Node that instructions name and no edge reaches",
    severity=Severity.WARNING,
    why="The model is told to go to a node that it cannot go to, and tells the caller that it will.",
    bad="""
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes:
        - {id: hello, type: conversation, instructions: "For an order, go to `ask`. Else say goodbye."}
        - {id: ask, type: conversation, instructions: Ask for the order number.}
        - {id: bye, type: end, first_line: Goodbye.}
      edges:
        - {from: hello, to: bye, description: the caller has what they need}
        - {from: ask, to: bye, description: the question is answered}
""",
    good="""
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes:
        - {id: hello, type: conversation, instructions: "For an order, go to `ask`. Else say goodbye."}
        - {id: ask, type: conversation, instructions: Ask for the order number.}
        - {id: bye, type: end, first_line: Goodbye.}
      edges:
        - {from: hello, to: bye, description: the caller has what they need}
        - {from: hello, to: ask, description: the caller asks about an order}
        - {from: ask, to: bye, description: the question is answered}
""",
    kinds=("workflows",),
    check=_check,
    source="SDK, WorkflowEdge: a call leaves a node along its edges",
)
