"""Nodes between which a call goes round."""

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
    if stuck := graph.stuck:
        detail = f"From {wording.listed(stuck)} no edge leads to a node that ends or transfers the call. Add one."
        yield Hit(detail, graph.path(stuck[0]))


RULE: Final = Rule(
    id="endless-loop",
    group=Group.WORKFLOWS,
    title="Loop without a way out",
    severity=Severity.WARNING,
    why="However often the caller answers, the call comes back to where it was, and every minute is paid for.",
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
        - {from: ask, to: hello, description: the caller has another question}
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
        - {from: ask, to: hello, description: the caller has another question}
        - {from: hello, to: bye, description: the caller has what they need}
""",
    kinds=("workflows",),
    check=_check,
)
