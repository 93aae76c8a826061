"""A prompt that has the call handed on by an assistant that cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import missing, orders
from hmsplan.lint.rule import Group, Rule
from hmsplan.lint.tools import TRANSFER
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hmsplan.lint.rule import Hit
    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterable[Hit]:
    return missing.hits(
        missing.asked_without(TRANSFER, ("transfer_call", "transferCall"), orders.TRANSFER, resource, view), _BETTER
    )


_BETTER: Final = "Add {type: transfer_call, destinations: […]} to llm_config.tools."

RULE: Final = Rule(
    id="transfer-without-tool",
    group=Group.TOOLS,
    title="Prompt that transfers without a tool",
    severity=Severity.WARNING,
    why="The assistant promises to put the caller through, and nothing happens.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "When in doubt, transfer the call."}]
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "When in doubt, transfer the call."}]
      tools: [{type: transfer_call, destinations: [{type: number, number: "+31850000020", description: Reception}]}]
""",
    kinds=("assistants", "campaigns"),
    check=_check,
    source="API reference, Tool: built-in hang-up and transfer",
)
