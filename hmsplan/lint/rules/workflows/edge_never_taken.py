"""A way on whose description never holds, or always."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.flow import CONVERSATION, graph_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_NEVER: Final = frozenset(
    {"never", "none", "null", "n/a", "false", "todo", "tbd", "nooit", "nie", "niemals", "jamais", "nunca", "no", "test"}
)
_ALWAYS: Final = frozenset({"always", "true", "in any case", "altijd", "immer", "toujours", "siempre"})


def _check(workflow: Resource, view: View) -> Iterator[Hit]:
    graph = graph_of(workflow, view)
    for name, edges in graph.edges.items():
        if name not in graph.nodes or graph.nodes[name][1].get("type") != CONVERSATION:
            continue  # the one way from a tool node is taken whatever it says
        for index, edge in edges:
            text = edge.get("description")
            said = text.strip().strip(".!-").lower() if isinstance(text, str) else None
            path = ("definition", "edges", index, "description")
            if said is not None and (said in _NEVER or not any(map(str.isalpha, said))):
                detail = f"{wording.shown(text)} tells the model nothing. Say what the caller wants or has said."
                yield Hit(detail, path)
            elif said in _ALWAYS and len(edges) > 1:
                others = wording.listed(str(other.get("to")) for _, other in edges if other is not edge)
                detail = f"{wording.shown(text)} holds at once, so no call goes to {others}. Say when it is done."
                yield Hit(detail, path)


RULE: Final = Rule(
    id="edge-never-taken",
    group=Group.WORKFLOWS,
    title="Way that is never taken",
    severity=Severity.WARNING,
    why="The model takes a way when its description holds, so callers are kept from the node behind this one.",
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
        - {id: bye, type: end, first_line: Goodbye.}
      edges:
        - {from: hello, to: ask, description: never}
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
        - {id: hello, type: conversation, instructions: Ask what the caller needs.}
        - {id: ask, type: conversation, instructions: Ask for the order number.}
        - {id: bye, type: end, first_line: Goodbye.}
      edges:
        - {from: hello, to: ask, description: the caller asks about an order}
        - {from: hello, to: bye, description: the caller has what they need}
        - {from: ask, to: bye, description: the question is answered}
""",
    kinds=("workflows",),
    check=_check,
    source="SDK, WorkflowEdge.description: when the call takes this way",
)
