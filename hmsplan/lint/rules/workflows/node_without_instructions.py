"""A conversation node that does not say what to talk about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.flow import graph_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_NOTHING: Final = frozenset({"todo", "tbd", "n/a", "none", "null", "fixme", "xxx", "test", "instructions", "prompt"})


def _check(workflow: Resource, view: View) -> Iterator[Hit]:
    graph = graph_of(workflow, view)
    for name, text in graph.instructions():
        if not any(map(str.isalpha, text)) or text.strip().strip(".…[]()<>").lower() in _NOTHING:
            yield Hit(f"Say what the model does in {name}, and when it is done.", graph.path(name, "instructions"))


RULE: Final = Rule(
    id="node-without-instructions",
    group=Group.WORKFLOWS,
    title="Node without instructions",
    severity=Severity.WARNING,
    why="The instructions take the place of the assistant's prompt, so without them the model makes up what to say.",
    bad="""
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes:
        - {id: hello, type: conversation, instructions: "TODO"}
        - {id: bye, type: end, first_line: Goodbye.}
      edges:
        - {from: hello, to: bye, description: the caller has what they need}
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
        - {id: bye, type: end, first_line: Goodbye.}
      edges:
        - {from: hello, to: bye, description: the caller has what they need}
""",
    kinds=("workflows",),
    check=_check,
    source="SDK, WorkflowConversationNode.instructions replaces the prompt while the call is in the node",
)
