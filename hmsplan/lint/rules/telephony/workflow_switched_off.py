"""A number that names a workflow which is switched off."""

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
    if workflow is None or not is_off(workflow) or is_off(number) or number.spec.get("agent_id") is None:
        return
    assistant = declared(view, number.spec["agent_id"])
    name = assistant.address if assistant is not None else "the assistant"
    detail = f"{workflow.address} has is_active: false, so {name} answers. Take workflow_id out, or switch it on."
    yield Hit(detail, ("workflow_id",))


RULE: Final = Rule(
    id="workflow-switched-off",
    group=Group.TELEPHONY,
    title="Number with an inactive workflow",
    severity=Severity.INFO,
    why="The stack reads as if the workflow led the calls, and the assistant leads them.",
    bad="""
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
    good="""
assistants:
  desk: {name: Desk}
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.desk}", workflow_id: null}
""",
    kinds=("numbers",),
    check=_check,
    source="API behaviour, 7: a workflow with is_active: false leaves its numbers to their assistant",
)
