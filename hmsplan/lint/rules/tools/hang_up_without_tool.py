"""A prompt that has the call ended by an assistant that cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import missing, orders
from hmsplan.lint.placeholders import called
from hmsplan.lint.rule import Group, Rule
from hmsplan.lint.tools import END_CALL
from hmsplan.model import Severity, value_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hmsplan.lint.rule import Hit
    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterable[Hit]:
    assistant = called(resource, view) if resource.address.kind == "campaigns" else resource
    if assistant is None or _ends_by_itself(assistant):
        return ()
    return missing.hits(
        missing.asked_without(END_CALL, ("end_call", "endCall"), orders.HANG_UP, resource, view), _BETTER
    )


def _ends_by_itself(assistant: Resource) -> bool:
    """Say whether the platform ends the call without the tool, or adds it."""
    return bool(
        assistant.spec.get("autonomous_silence_handling")
        or value_at(assistant.spec, ("speech_config", "end_call_phrases"))
    )


_BETTER: Final = "Add {type: end_call} to llm_config.tools."

RULE: Final = Rule(
    id="hang-up-without-tool",
    group=Group.TOOLS,
    title="Prompt that hangs up without a tool",
    severity=Severity.WARNING,
    why="The assistant says goodbye and cannot hang up, so the caller and the bill stay on the line.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "Say goodbye and end the call."}]
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "Say goodbye and end the call."}]
      tools: [{type: end_call}]
""",
    kinds=("assistants", "campaigns"),
    check=_check,
    source="API reference, Tool: built-in hang-up, which autonomous_silence_handling adds",
)
