"""A paragraph that stands twice in a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import READERS, orders
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_LEAST: Final = 80  # characters; a shorter paragraph may well be meant to stand twice


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for text in orders(resource, view):
        blocks = [block.strip() for block in text.text.split("\n\n") if len(block) >= _LEAST]
        if len(set(map(len, blocks))) == len(blocks) or len(set(blocks)) == len(blocks):
            continue
        seen: dict[str, int] = {}
        at = 0
        for block in text.text.split("\n\n"):
            bare = block.strip()
            if len(bare) >= _LEAST:
                if bare in seen:
                    line, column = text.place(at + block.index(bare))
                    detail = f"The same paragraph stands on line {text.place(seen[bare])[0]} of the text. Keep one."
                    yield Hit(detail, text.path, line, column)
                seen.setdefault(bare, at + block.index(bare))
            at += len(block) + 2


RULE: Final = Rule(
    id="repeated-block",
    group=Group.SPEECH,
    title="Paragraph twice in a prompt",
    severity=Severity.INFO,
    why="A paragraph that stands twice is paid for at every turn, and one day only one of the two is changed.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "${file:prompt.md}"}]}
# file: prompt.md
Ask for the date of birth and the last name, repeat both, and wait for a yes before you go on.

# Cancel

Ask for the date of birth and the last name, repeat both, and wait for a yes before you go on.
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "${file:prompt.md}"}]}
# file: prompt.md
# First

Ask for the date of birth and the last name, repeat both, and wait for a yes before you go on.

# Cancel

Do what is said under "First".
""",
    kinds=READERS,
    check=_check,
)
