"""A prompt that says nothing of the question it has no answer to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import words
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import language, lowered, orders
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_LEAST: Final = 200  # characters; a shorter prompt is a sketch, or leaves it to the model on purpose


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    prompts = list(orders(assistant, view))
    if sum(len(text.text) for text in prompts) < _LEAST:
        return
    spoken = language(assistant, view)
    if spoken and spoken not in words.FALLBACK:
        return
    lows = [lowered(text.text) for text in prompts]
    if not any(phrase in low for low in lows for phrase in words.of(words.FALLBACK, spoken)):
        yield Hit(
            "It says nothing of what to do without an answer. Add a line: "
            '"If you do not know, say so, and offer to connect the caller or to take a message."',
            prompts[0].path,
        )


RULE: Final = Rule(
    id="missing-fallback",
    group=Group.SPEECH,
    title="Prompt without a fallback",
    severity=Severity.INFO,
    why="A model that is not told what to do when it does not know makes an answer up, and the caller believes it.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "${file:prompt.md}"}]}
# file: prompt.md
You are the digital assistant of Acme, which sells bicycles. You tell callers the opening hours, the address and the
prices of repairs. A tube costs ten euro, a tyre thirty euro, and a check-up forty-five euro. Speak in short sentences,
and be friendly. At the end, say goodbye.
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "${file:prompt.md}"}]}
# file: prompt.md
You are the digital assistant of Acme, which sells bicycles. You tell callers the opening hours, the address and the
prices of repairs. A tube costs ten euro, a tyre thirty euro, and a check-up forty-five euro. Speak in short sentences,
and be friendly. If you do not know the answer, say so, and offer that a colleague calls back. At the end, say goodbye.
""",
    kinds=("assistants",),
    check=_check,
)
