"""A phrase that ends the call and cannot be heard."""

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
_LEAST: Final = 2


def _check(assistant: Resource, _view: View) -> Iterator[Hit]:
    phrases = value_at(assistant.spec, _PHRASES)
    for index, phrase in enumerate(phrases if isinstance(phrases, list) else ()):
        if isinstance(phrase, str) and sum(map(str.isalnum, phrase)) < _LEAST:
            detail = f"{wording.shown(phrase)} has less than two letters or digits, and the platform refuses it."
            yield Hit(detail, (*_PHRASES, index))


RULE: Final = Rule(
    id="end-call-phrase-too-short",
    group=Group.CONTRADICTION,
    title="Phrase too short to end a call",
    severity=Severity.ERROR,
    why="Each phrase needs two letters or digits; the platform refuses the whole change.",
    bad="""
assistants:
  desk: {name: Desk, speech_config: {end_call_phrases: ["!"]}}
""",
    good="""
assistants:
  desk: {name: Desk, speech_config: {end_call_phrases: [goodbye]}}
""",
    kinds=("assistants",),
    check=_check,
    source="API description, schema SpeechConfig: each needs at least 2 letters or digits",
)
