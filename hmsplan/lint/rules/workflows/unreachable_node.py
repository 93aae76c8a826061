"""A node that no call comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.flow import graph_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(workflow: Resource, view: View) -> Iterator[Hit]:
    graph = graph_of(workflow, view)
    lost = [name for name in graph.nodes if name not in graph.reached]
    if lost and not graph.ways.get(graph.entry):
        detail = f"No edge leaves {graph.entry}, so {wording.listed(lost)} cannot be reached. Add edges from it."
        yield Hit(detail, ("definition", "entry_node"))
        return
    for name in lost:
        after = [start for start, others in graph.ways.items() if name in others]
        way = f"Only {wording.listed(after)} leads to {name}, which cannot be reached either." if after else ""
        yield Hit(
            way or f"No edge leads to {name}. Add one with a description, or take the node out.", graph.path(name)
        )


RULE: Final = Rule(
    id="unreachable-node",
    group=Group.WORKFLOWS,
    title="Node that cannot be reached",
    severity=Severity.WARNING,
    why="What was written for the callers of that node is never said to any of them.",
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
        - {from: hello, to: bye, description: the caller has what they need}
        - {from: hello, to: ask, description: the caller asks about an order}
        - {from: ask, to: bye, description: the question is answered}
""",
    kinds=("workflows",),
    check=_check,
)
