"""A tool during which the caller hears nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import lowered
from hmsplan.lint.tools import own_functions
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.tools import Tool
    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_WAITING: Final = (
    *("let me check", "let me look", "hold on", "bear with"),
    *("ogenblik", "geduld", "augenblick", "instant", "patientez"),
)
_A_MOMENT: Final = ("one moment", "a moment", "momentje", "einen moment", "un momento")
"""Words by which a prompt has the model say that it looks something up."""


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    silent = [tool for tool in own_functions(resource, view) if _is_silent(tool)]
    prompts = [lowered(text.text) for text in view.prompts(resource)] if silent else []
    if silent and not any(map(_says_so, prompts)):
        names = wording.listed(tool.name for tool in silent)
        detail = f"Up to 10 seconds may go by without a word during {names}. Give each a message: One moment, please."
        yield Hit(detail, silent[0].at("name"))


def _says_so(prompt: str) -> bool:
    words = (*_A_MOMENT, *_WAITING) if "moment" in prompt else _WAITING
    return any(word in prompt for word in words)


def _is_silent(tool: Tool) -> bool:
    """Say whether it could have a message, which the nested form cannot, and has none."""
    return "function" not in tool.written and tool.form.get("async") is not True and not tool.text("message").strip()


RULE: Final = Rule(
    id="silent-tool",
    group=Group.TOOLS,
    title="Tool without a word to the caller",
    severity=Severity.INFO,
    why="Callers take a few seconds of silence for a lost connection, and hang up or talk into the answer.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools: [{name: find_slot, description: Finds a free slot in the diary.}]
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools: [{name: find_slot, description: Finds a free slot in the diary., message: "One moment, please."}]
""",
    kinds=("assistants", "workflows"),
    check=_check,
    source="API behaviour, 12: tool-calls, 10 s unless async; API reference, Tool.message: spoken while the tool runs",
)
