"""A tool that no prompt names, and whose description does not say when to use it either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import placeholders
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.tools import FUNCTION, tools_of
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_SAYS_WHEN: Final = 80  # characters of a description that can say what a tool does and when to use it


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    tools = [tool for tool in tools_of(assistant, view) if tool.kind == FUNCTION]
    unclear = [tool for tool in tools if len(tool.text("description")) < _SAYS_WHEN]
    prompts = [text.text for text in view.prompts(assistant)]
    if not unclear or not prompts:
        return
    prompts += [text.text for each in placeholders.campaigns_of(assistant, view) for text in view.prompts(each)]
    for tool in unclear:
        if not any(tool.name in prompt for prompt in prompts):
            words = wording.plain_name(tool.name).replace("_", " ")
            if not any(words in prompt.lower() for prompt in prompts):
                detail = f"No prompt names {tool.name}, and its description is short. Say in one when to call it."
                yield Hit(detail, tool.at("name"))


RULE: Final = Rule(
    id="tool-never-named",
    group=Group.TOOLS,
    title="Tool that no prompt names",
    severity=Severity.INFO,
    why="A model that is not told when to use a tool uses it at the wrong moment, or never.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: Help callers of the practice.}]
      tools: [{name: find_slot, description: Finds a free slot in the diary.}]
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "Call `find_slot` when the caller wants an appointment."}]
      tools: [{name: find_slot, description: Finds a free slot in the diary.}]
""",
    kinds=("assistants",),
    check=_check,
)
