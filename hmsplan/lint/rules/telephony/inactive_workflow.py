"""A number whose workflow is switched off, and that has no assistant to answer instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import declared, is_off
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(number: Resource, view: View) -> Iterator[Hit]:
    workflow = declared(view, number.spec.get("workflow_id"))
    if workflow is None or not is_off(workflow) or is_off(number):
        return
    if number.spec.get("agent_id") is None:
        detail = (
            f"{workflow.address} has is_active: false, which leaves its numbers to their assistant, and this one has "
            "none. Set agent_id: ${assistants.KEY}, or switch the workflow on."
        )
        yield Hit(detail, ("workflow_id",))


RULE: Final = Rule(
    id="inactive-workflow",
    group=Group.TELEPHONY,
    title="Number with an inactive workflow and no assistant",
    severity=Severity.WARNING,
    why="A workflow that is switched off leaves the call to the number's assistant; without one it is not answered.",
    bad="""
workflows:
  triage:
    name: Triage
    is_active: false
    definition:
      version: 1
      entry_node: hello
      nodes: [{id: hello, type: conversation, instructions: Ask what it is about.}]
      edges: []
numbers:
  main: {phone_number: "+31850835037", workflow_id: "${workflows.triage}"}
""",
    good="""
assistants:
  desk: {name: Desk}
workflows:
  triage:
    name: Triage
    is_active: false
    definition:
      version: 1
      entry_node: hello
      nodes: [{id: hello, type: conversation, instructions: Ask what it is about.}]
      edges: []
numbers:
  main: {phone_number: "+31850835037", workflow_id: "${workflows.triage}", agent_id: "${assistants.desk}"}
""",
    kinds=("numbers",),
    check=_check,
    source="API behaviour, 7: a workflow with is_active: false leaves its numbers to their assistant",
)
