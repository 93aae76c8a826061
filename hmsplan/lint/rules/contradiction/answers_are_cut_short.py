"""A longest answer in which no sentence fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.providers import number_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_SHORT: Final = 40
_FIELDS: Final = ("max_completion_tokens", "max_output_tokens")


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for block in view.blocks(resource):
        for name in _FIELDS if block.name == "llm_config" else ():
            most = number_of(block.config.get(name))
            if most is not None and most < _SHORT:
                detail = f"{most:g} tokens are about {most * 3 / 4:.0f} words. Write {_SHORT} or more, or leave it out."
                yield Hit(detail, (*block.path, name))


RULE: Final = Rule(
    id="answers-are-cut-short",
    group=Group.CONTRADICTION,
    title="Answers are cut short",
    severity=Severity.WARNING,
    why="The assistant stops in the middle of a sentence, and calls of tools come out broken.",
    bad="""
assistants:
  desk: {name: Desk, llm_config: {provider: openai, model: gpt-5.4, max_completion_tokens: 15}}
""",
    good="""
assistants:
  desk: {name: Desk, llm_config: {provider: openai, model: gpt-5.4, max_completion_tokens: 300}}
""",
    kinds=("assistants", "workflows"),
    check=_check,
    source="API description, schema LLMOpenAI: the provider's limit applies when omitted",
)
