"""A tool node that nothing in the stack answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.flow import TOOL, assistants_of, graph_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(workflow: Resource, view: View) -> Iterator[Hit]:
    graph = graph_of(workflow, view)
    nodes = [name for name, (_, node) in graph.nodes.items() if node.get("type") == TOOL and not node.get("url")]
    if not nodes:
        return
    assistants = list(assistants_of(workflow, view))
    if assistants and all(each is not None and not each.spec.get("webhook_url") for each in assistants):
        for name in nodes:
            detail = "It has no url, and the assistant of its number no webhook_url. Write url: https://… here."
            yield Hit(detail, graph.path(name, "tool_name"))


RULE: Final = Rule(
    id="tool-node-without-receiver",
    group=Group.WORKFLOWS,
    title="Tool node without a receiver",
    severity=Severity.INFO,
    why="Without an address the call of the tool goes to the account's webhook, and if there is none it fails unheard.",
    bad="""
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
numbers:
  main: {phone_number: "+31850000010", agent_id: "${assistants.desk}", workflow_id: "${workflows.triage}"}
assistants:
  desk: {name: Desk}
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
numbers:
  main: {phone_number: "+31850000010", agent_id: "${assistants.desk}", workflow_id: "${workflows.triage}"}
assistants:
  desk: {name: Desk, webhook_url: "https://api.acme.example/voice"}
""",
    kinds=("workflows",),
    check=_check,
    source="API behaviour, 12: tool url, else the assistant's webhook_url, else the account webhook",
)
