"""A destination of a transfer that does not say who is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.tools import KINDS_WITH_TOOLS, TRANSFER, own_tools
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_WORDS: Final = 3  # letters


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for tool in own_tools(resource, view):
        first: dict[str, int] = {}
        destinations = tool.form.get("destinations") if tool.kind == TRANSFER else ()
        for index, destination in enumerate(destinations if isinstance(destinations, list) else ()):
            if not isinstance(destination, dict) or not isinstance(text := destination.get("description"), str):
                continue
            plain = " ".join(text.lower().split())
            if sum(map(str.isalpha, plain)) < _WORDS:
                detail = "The model reads nothing of who is there. Say who answers, when, and for what."
            elif first.setdefault(plain, index) != index:
                detail = f"Destination {first[plain] + 1} is described alike. Say in each when it is the right one."
            else:
                continue
            yield Hit(detail, tool.at("destinations", index, "description"))


RULE: Final = Rule(
    id="transfer-without-description",
    group=Group.TOOLS,
    title="Destination of a transfer without a description",
    severity=Severity.WARNING,
    why="The model picks whom to put a caller through to by the description, and by nothing else.",
    bad="""
tool_templates:
  transfer:
    name: Transfer
    tool_type: transfer_call
    tool_config:
      destinations: [{type: number, number: "+31850000020", description: "-"}]
""",
    good="""
tool_templates:
  transfer:
    name: Transfer
    tool_type: transfer_call
    tool_config:
      destinations: [{type: number, number: "+31850000020", description: "Reception, for callers who want a person."}]
""",
    kinds=KINDS_WITH_TOOLS,
    check=_check,
    source="API reference, TransferDestination.description: read by the model when it picks a destination",
)
