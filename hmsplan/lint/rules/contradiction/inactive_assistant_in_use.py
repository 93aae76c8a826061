"""A line or a campaign that leads to what is switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Ref, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource, Value


def _check(user: Resource, view: View) -> Iterator[Hit]:
    if user.address.kind == "campaigns":
        in_use = user.spec.get("status") == "scheduled"
    else:
        in_use = user.spec.get("is_active") is not False and not _is_running(user.spec.get("workflow_id"), view)
    assistant = user.spec.get("agent_id")
    if in_use and isinstance(assistant, Ref) and _is_off(assistant, view):
        detail = f"{assistant.address} is not active. Write is_active: true there, or take another one here."
        yield Hit(detail, ("agent_id",))


def _is_running(workflow: Value, view: View) -> bool:
    """Say whether a workflow takes the calls; one that this stack does not manage may."""
    return workflow is not None and not (isinstance(workflow, Ref) and _is_off(workflow, view))


def _is_off(ref: Ref, view: View) -> bool:
    used = view.stack.resources.get(ref.address)
    return used is not None and used.spec.get("is_active") is False


RULE: Final = Rule(
    id="inactive-assistant-in-use",
    group=Group.CONTRADICTION,
    title="Inactive assistant in use",
    severity=Severity.WARNING,
    why="People who call the number, or are called, meet an assistant that takes no part in calls.",
    bad="""
assistants:
  desk: {name: Desk, is_active: false}
numbers:
  main: {phone_number: "+31850000010", agent_id: "${assistants.desk}"}
""",
    good="""
assistants:
  desk: {name: Desk, is_active: true}
numbers:
  main: {phone_number: "+31850000010", agent_id: "${assistants.desk}"}
""",
    kinds=("numbers", "campaigns"),
    check=_check,
    source="API description, schema Assistant: is_active; API behaviour, 7: workflows",
)
