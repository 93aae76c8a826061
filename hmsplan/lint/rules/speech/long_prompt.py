"""Prompts that are read again before every answer, and are long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.prompts import tokens
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_BUDGET: Final = 4_000
"""Tokens: twice what a thorough prompt for a telephone desk has, which is two to three pages."""
_HUGE: Final = 16_000


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    size, text = view.once(tokens, assistant)
    if _BUDGET < size <= _HUGE and text is not None:
        yield Hit(
            f"The prompts have about {size:,} tokens (an estimate); {_BUDGET:,} is a usual budget for calls. Move what "
            "few callers ask for into a tool that looks it up.",
            text.path,
        )


RULE: Final = Rule(
    id="long-prompt",
    group=Group.SPEECH,
    title="Prompt longer than its budget",
    severity=Severity.INFO,
    why="The whole prompt is read before every answer: each page more is paid for at every turn, and heard as a pause.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "${file:prompt.md}"}]}
# file: prompt.md
"""
    + "".join(
        f"{number}. Callers may ask for product {number}; its price is {number} euro.\n" for number in range(300)
    ),
    good="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "${file:prompt.md}"}]}
# file: prompt.md
Callers may ask for the price of a product. Use `look_up_price`, and say the price it returns.
""",
    kinds=("assistants",),
    check=_check,
)
