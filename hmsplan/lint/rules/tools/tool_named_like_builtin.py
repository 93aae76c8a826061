"""A webhook that is called like a tool of the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.tools import END_CALL, KINDS_WITH_TOOLS, TRANSFER, own_functions
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for tool in own_functions(resource, view):
        name = wording.plain_name(tool.name)
        if name in {END_CALL, TRANSFER}:
            detail = (
                f"{tool.name} is a webhook here. Write {{type: {name}}} for the platform's own, or rename this one."
            )
            yield Hit(detail, tool.at("name"))


RULE: Final = Rule(
    id="tool-named-like-builtin",
    group=Group.TOOLS,
    title="Webhook with the name of a built-in tool",
    severity=Severity.WARNING,
    why="The assistant says goodbye, a webhook is called, and the line stays open.",
    bad="""
tool_templates:
  hang_up:
    name: Hang up
    tool_type: function
    tool_config: {name: end_call, description: Ends the call when the caller has said goodbye.}
""",
    good="""
tool_templates:
  hang_up: {name: Hang up, tool_type: end_call, tool_config: {}}
""",
    kinds=KINDS_WITH_TOOLS,
    check=_check,
    source="API behaviour, 3: built-in form (end_call/endCall, transfer_call/transferCall)",
)
