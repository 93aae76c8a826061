"""A number whose workflow is off and that has no assistant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Ref, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(number: Resource, view: View) -> Iterator[Hit]:
    workflow = number.spec.get("workflow_id")
    used = view.stack.resources.get(workflow.address) if isinstance(workflow, Ref) else None
    off = used is not None and used.spec.get("is_active") is False
    if used is not None and off and number.spec.get("agent_id") is None and number.spec.get("is_active") is not False:
        detail = f"{used.address} is not active, and no agent_id takes its place. Write is_active: true there."
        yield Hit(detail, ("workflow_id",))


RULE: Final = Rule(
    id="inactive-workflow-alone",
    group=Group.CONTRADICTION,
    title="Inactive workflow alone on a number",
    severity=Severity.WARNING,
    why="A workflow that is off leaves its numbers to their assistant, and there is none.",
    bad="""
numbers:
  main: {phone_number: "+31850000010", workflow_id: "${workflows.triage}"}
workflows:
  triage:
    name: Triage
    is_active: false
    definition:
      {version: 1, entry_node: hello, nodes: [{id: hello, type: conversation, instructions: Help.}]}
""",
    good="""
assistants:
  desk: {name: Desk}
numbers:
  main: {phone_number: "+31850000010", workflow_id: "${workflows.triage}", agent_id: "${assistants.desk}"}
workflows:
  triage:
    name: Triage
    is_active: false
    definition:
      {version: 1, entry_node: hello, nodes: [{id: hello, type: conversation, instructions: Help.}]}
""",
    kinds=("numbers",),
    check=_check,
    source="API behaviour, 7: a workflow with is_active false leaves its numbers to their assistant",
)
