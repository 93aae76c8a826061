"""Orders of one prompt that cannot both be followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import words
from hmsplan.lint.prompts import strict_sentences
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import READERS, language, orders
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_BESIDE: Final = words.EVERY_ALWAYS | words.EVERY_NEVER | {"ne", "não", "nie"}
_FEWEST: Final = 2  # words besides always or never; fewer say too little of what is meant


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    spoken = language(resource, view)
    seen: dict[tuple[str, ...], tuple[bool, str]] = {}
    for text in orders(resource, view):
        for start, sentence in strict_sentences(text.text, spoken):
            order = _order(sentence)
            if order is None:
                continue
            wanted, asked = order
            before = seen.setdefault(asked, (wanted, sentence))
            if before[0] != wanted:
                detail = f'Elsewhere it says "{before[1][:80]}". Keep one of the two, or say when each of them holds.'
                yield Hit(detail, text.path, *text.place(start))


def _order(sentence: str) -> tuple[bool, tuple[str, ...]] | None:
    """Return whether something is always or never to be done, and what; None when it says neither, or both."""
    listed = sentence.split()
    always, never = not words.EVERY_ALWAYS.isdisjoint(listed), not words.EVERY_NEVER.isdisjoint(listed)
    if always == never:
        return None
    asked = tuple([word for word in listed if word not in _BESIDE])
    return (always, asked) if len(asked) >= _FEWEST else None


RULE: Final = Rule(
    id="contradicting-orders",
    group=Group.SPEECH,
    title="Orders that contradict each other",
    severity=Severity.WARNING,
    why="A model that is told always and never to do the same does either, so that no two callers are treated alike.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "${file:prompt.md}"}]}
# file: prompt.md
- Always confirm the telephone number.
- Be brief.
- Never confirm the telephone number.
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "${file:prompt.md}"}]}
# file: prompt.md
- Always confirm the telephone number.
- Be brief.
- Never confirm the e-mail address.
""",
    kinds=READERS,
    check=_check,
)
