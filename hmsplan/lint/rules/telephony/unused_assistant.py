"""An assistant that no call reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    if not view.of_kind("numbers") or view.users(assistant.address):
        return
    detail = (
        "No number and no campaign of this stack names it. Delete it, unless your own programs start calls with it, "
        f"or give it a number: agent_id: ${{{assistant.address}}}"
    )
    yield Hit(detail)


RULE: Final = Rule(
    id="unused-assistant",
    group=Group.TELEPHONY,
    title="Assistant without calls",
    severity=Severity.INFO,
    why="An assistant that nothing reaches is kept, read and reviewed for no caller; often its number was forgotten.",
    bad="""
assistants:
  desk: {name: Desk}
  old_desk: {name: Old desk}
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.desk}"}
""",
    good="""
assistants:
  desk: {name: Desk}
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.desk}"}
""",
    kinds=("assistants",),
    check=_check,
)
