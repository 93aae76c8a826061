"""Prompts that are longer than a conversation can carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.prompts import tokens
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_HUGE: Final = 16_000
"""Tokens: some forty pages. Small models of voice services take 32,000 with the conversation, tools and answers."""


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    size, text = view.once(tokens, assistant)
    if size > _HUGE and text is not None:
        yield Hit(
            f"The prompts have about {size:,} tokens (an estimate). Keep what every call needs, and move the rest into "
            "a tool that looks it up.",
            text.path,
        )


RULE: Final = Rule(
    id="huge-prompt",
    group=Group.SPEECH,
    title="Prompt too long for a conversation",
    severity=Severity.WARNING,
    why="A prompt of forty pages makes callers wait seconds for each answer, costs at every turn, and is not followed.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "${file:prompt.md}"}]}
# file: prompt.md
"""
    + "".join(
        f"{number}. Callers may ask for product {number}; its price is {number} euro.\n" for number in range(1200)
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
