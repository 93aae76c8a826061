"""A phrase that ends the call and that callers say in the middle of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity, value_at
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_PHRASES: Final = ("speech_config", "end_call_phrases")
_OFTEN: Final = frozenset(
    {
        *("yes", "no", "ok", "okay", "right", "sure", "hello", "hi", "please"),
        *("ja", "nee", "goed", "prima", "klopt", "hallo", "oké"),
        *("nein", "gut", "genau", "bitte", "oui", "non", "bien", "allô", "sí", "si", "bueno", "vale", "hola"),
        *("tak", "nie", "sì", "certo", "pronto", "sim", "não", "nej", "evet"),
    }
)
"""What people say while they talk, in the languages of most stacks."""


def _check(assistant: Resource, _view: View) -> Iterator[Hit]:
    phrases = value_at(assistant.spec, _PHRASES)
    for index, phrase in enumerate(phrases if isinstance(phrases, list) else ()):
        if isinstance(phrase, str) and "".join(filter(str.isalpha, phrase)).casefold() in _OFTEN:
            detail = f"Callers say {wording.shown(phrase)} all the time. Take a phrase that only ends a call."
            yield Hit(detail, (*_PHRASES, index))


RULE: Final = Rule(
    id="end-call-phrase-said-often",
    group=Group.CONTRADICTION,
    title="Phrase that ends calls too soon",
    severity=Severity.WARNING,
    why="The call ends as soon as the caller says it, in the middle of what they want.",
    bad="""
assistants:
  desk: {name: Desk, speech_config: {end_call_phrases: [ok, goodbye]}}
""",
    good="""
assistants:
  desk: {name: Desk, speech_config: {end_call_phrases: [goodbye, have a nice day]}}
""",
    kinds=("assistants",),
    check=_check,
    source="API description, schema SpeechConfig: end_call_phrases; case and punctuation are ignored",
)
