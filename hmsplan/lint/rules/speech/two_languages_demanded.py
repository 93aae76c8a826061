"""Two languages of which each is to be the only one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.prompts import sentences
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import READERS, lowered, orders
from hmsplan.lint.words import ALWAYS, CONDITIONS, LANGUAGES, NAMES_OF, NEVER, ONLY, SPEAKING
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_STRICT: Final = ALWAYS | ONLY
_LOOSE: Final = CONDITIONS | NEVER


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    first = ""
    for text in orders(resource, view):
        low = lowered(text.text)
        if sum(name in low for name in LANGUAGES) < 2:  # noqa: PLR2004 -- two languages
            continue
        for start, sentence in sentences(low):
            language = _demanded(sentence)
            if language and first and language != first:
                detail = (
                    f"Elsewhere {NAMES_OF[first]} is to be spoken, here {NAMES_OF[language]}. Keep one of the two, or "
                    "say when each of them holds."
                )
                yield Hit(detail, text.path, *text.place(start))
                return
            first = first or language


def _demanded(sentence: str) -> str:
    """Return the one language in which a sentence wants everything to be said; "" for none, or if it depends."""
    listed = set(sentence.replace(",", " ").split())
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
