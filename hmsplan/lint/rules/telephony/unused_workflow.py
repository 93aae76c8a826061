"""A workflow that no number runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(workflow: Resource, view: View) -> Iterator[Hit]:
    if not view.of_kind("numbers") or view.users(workflow.address):
        return
    detail = (
        f"No number of this stack runs it. Delete it, or let one run it: workflow_id: ${{{workflow.address}}}. "
        "If people switch to it in the dashboard, say so in a comment that silences this rule."
    )
    yield Hit(detail)


_WORKFLOW: Final = """
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes: [{id: hello, type: conversation, instructions: Ask what it is about.}]
      edges: []
assistants:
  desk: {name: Desk}
numbers:
"""

RULE: Final = Rule(
    id="unused-workflow",
    group=Group.TELEPHONY,
    title="Workflow without a number",
    severity=Severity.INFO,
    why="A workflow leads calls only where a number names it; until then all its work is heard by no caller.",
    bad=f"""{_WORKFLOW}  main: {{phone_number: "+31850835037", agent_id: "${{assistants.desk}}"}}
""",
    good=f"""{_WORKFLOW}  main:
    phone_number: "+31850835037"
    agent_id: ${{assistants.desk}}
    workflow_id: ${{workflows.triage}}
""",
    kinds=("workflows",),
    check=_check,
    source="API behaviour, 7: workflow to number.workflow_id",
)
