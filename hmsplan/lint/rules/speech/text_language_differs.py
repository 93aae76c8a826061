"""A text that is spoken in another language than the assistant is set to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.languages import guess, is_known, may_be
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import declared_languages
from hmsplan.lint.words import NAMES_OF
from hmsplan.model import Severity, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    declared = declared_languages(assistant, view)
    if not is_known() or len(set(declared.values())) > 1:
        return  # see language-fields-differ
    said = [text for text in view.spoken(assistant) if "tools" not in text.path]
    field, language = next(iter(declared.items()), (None, ""))
    for text in said:
        if not language:
            language, field = guess(text.text), text.path
        elif not may_be(text.text, language):
            told = NAMES_OF.get(guess(text.text), "another language")
            yield Hit(
                f"It looks {told}, while {dotted(field or ())} is {NAMES_OF.get(language, language)}. Translate it, or "
                "set the language that is spoken.",
                text.path,
            )
            return


RULE: Final = Rule(
    id="text-language-differs",
    group=Group.SPEECH,
    title="Text in another language than the assistant",
    severity=Severity.WARNING,
    why="A voice reads a foreign text by the rules of its own language, so that callers do not understand a word.",
    bad="""
assistants:
  desk:
    name: Desk
    first_message: Good morning, this is the digital assistant of the practice. How can I help you?
    stt_config: {provider: deepgram, model: nova-3, language: nl}
""",
    good="""
assistants:
  desk:
    name: Desk
    first_message: Goedemorgen, u spreekt met de digitale assistent van de praktijk. Waarmee kan ik u helpen?
    stt_config: {provider: deepgram, model: nova-3, language: nl}
""",
    kinds=("assistants",),
    check=_check,
    needs="language",
)
