"""A workflow on a number without an assistant: it runs on one, and one answers while it is switched off."""

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
    if workflow is None or is_off(number) or is_off(workflow) or number.spec.get("agent_id") is not None:
        return
    detail = (
        f"{workflow.address} runs on the number's assistant, whose voice and models it takes, and which answers while "
        "the workflow is switched off; this number has none. Set agent_id: ${assistants.KEY}"
    )
    yield Hit(detail, ("workflow_id",))


_WORKFLOW: Final = """
assistants:
  desk: {name: Desk}
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes: [{id: hello, type: conversation, instructions: Ask what it is about.}]
      edges: []
numbers:
"""

RULE: Final = Rule(
    id="workflow-without-assistant",
    group=Group.TELEPHONY,
    title="Workflow without an assistant to fall back on",
    severity=Severity.INFO,
    why="A workflow that is switched off for an hour leaves calls to the number's assistant, or to no one.",
    bad=f"""{_WORKFLOW}  main: {{phone_number: "+31850835037", workflow_id: "${{workflows.triage}}"}}
""",
    good=f"""{_WORKFLOW}  main:
    phone_number: "+31850835037"
    agent_id: ${{assistants.desk}}
    workflow_id: ${{workflows.triage}}
""",
    kinds=("numbers",),
    check=_check,
    source="API behaviour, 7: a workflow runs on a number's assistant, and leaves its numbers to it while inactive",
)
