"""Two languages of which each is to be the only one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.prompts import strict_sentences
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import READERS, language, orders
from hmsplan.lint.words import CONDITIONS, EVERY_ALWAYS, EVERY_NEVER, EVERY_ONLY, LANGUAGES, NAMES_OF, SPEAKING
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_STRICT: Final = EVERY_ALWAYS | EVERY_ONLY
_LOOSE: Final = CONDITIONS | EVERY_NEVER


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    first = ""
    spoken = language(resource, view)
    for text in orders(resource, view):
        for start, sentence in strict_sentences(text.text, spoken):
            wanted = _demanded(sentence)
            if wanted and first and wanted != first:
                detail = (
                    f"Elsewhere {NAMES_OF[first]} is to be spoken, here {NAMES_OF[wanted]}. Keep one of the two, or "
                    "say when each of them holds."
                )
                yield Hit(detail, text.path, *text.place(start))
                return
            first = first or wanted


def _demanded(sentence: str) -> str:
    """Return the one language in which a sentence wants everything to be said; "" for none, or if it depends."""
    listed = set(sentence.replace(",", " ").split())
    if LANGUAGES.keys().isdisjoint(listed):
        return ""
    named = {LANGUAGES[word] for word in listed & LANGUAGES.keys()}
    strict = len(named) == 1 and not listed.isdisjoint(_STRICT) and listed.isdisjoint(_LOOSE)
    return named.pop() if strict and SPEAKING.search(sentence) else ""


RULE: Final = Rule(
    id="two-languages-demanded",
    group=Group.SPEECH,
    title="Two languages, each to be the only one",
    severity=Severity.WARNING,
    why="A model that may speak only Dutch and only English answers some callers in a language that they do not speak.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "${file:prompt.md}"}]}
# file: prompt.md
Always speak Dutch.

# Style
Only answer in English.
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "${file:prompt.md}"}]}
# file: prompt.md
Always speak Dutch.

# Style
If the caller speaks English, answer in English.
""",
    kinds=READERS,
    check=_check,
)
