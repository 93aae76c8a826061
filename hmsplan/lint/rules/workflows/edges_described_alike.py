"""Two ways on that a model cannot tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hmsplan.lint.flow import graph_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(workflow: Resource, view: View) -> Iterator[Hit]:
    graph = graph_of(workflow, view)
    for edges in graph.edges.values():
        first: dict[str, Mapping[str, Any]] = {}
        for index, edge in edges:
            said = _plain(edge.get("description"))
            if said and first.setdefault(said, edge) is not edge:
                detail = f"The way to {first[said]['to']} has the same description. Say in each what is different."
                yield Hit(detail, ("definition", "edges", index, "description"))
    known: dict[str, str] = {}
    for name, (_, node) in graph.nodes.items():
        said = _plain(node.get("global_description")) if node.get("global") is True else ""
        if said and known.setdefault(said, name) != name:
            detail = f"The global node {known[said]} has the same description. Say in each what is different."
            yield Hit(detail, graph.path(name, "global_description"))


def _plain(text: object) -> str:
    return " ".join(text.lower().split()).rstrip(".!") if isinstance(text, str) else ""


RULE: Final = Rule(
    id="edges-described-alike",
    group=Group.WORKFLOWS,
    title="Two ways with one description",
    severity=Severity.WARNING,
    why="The model picks between two ways that read alike by chance, so callers end up in the wrong place.",
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
        - {from: hello, to: ask, description: the caller wants help}
        - {from: hello, to: bye, description: The caller wants help.}
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
