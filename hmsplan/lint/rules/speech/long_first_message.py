"""A greeting that takes so long that callers speak into it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint import words
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import language
from hmsplan.model import Severity, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import FieldPath, Resource

_LONGEST_S: Final = 10
_LEAST: Final = 40  # characters that no language takes ten seconds for
_FIELDS: Final[tuple[FieldPath, ...]] = (("first_message",), ("speech_config", "first_message_outbound"))
_SPEEDS: Final[tuple[FieldPath, ...]] = (
    ("tts_config", "speed"),
    ("tts_config", "speaking_rate"),
    ("llm_config", "speed"),
)
_PLACEHOLDER: Final = re.compile(r"\{\{[^{}]*\}\}|<[^<>]*>")
_USUAL_VALUE: Final = "12345678"


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    for path in _FIELDS:
        text = value_at(assistant.spec, path)
        if isinstance(text, str) and len(text) > _LEAST:
            rate = words.CHARACTERS_A_SECOND.get(language(assistant, view), words.USUAL_CHARACTERS_A_SECOND)
            spoken = " ".join((_PLACEHOLDER.sub(_USUAL_VALUE, text) if "{" in text or "<" in text else text).split())
            seconds = round(len(spoken) / rate / _speed(assistant))
            if seconds > _LONGEST_S:
                yield Hit(
                    f"It takes about {seconds} seconds ({len(spoken)} characters; an estimate). Greet, say who "
                    "speaks, and ask the question; leave the rest to the conversation.",
                    path,
                )


def _speed(assistant: Resource) -> float:
    for path in _SPEEDS:
        speed = value_at(assistant.spec, path)
        if isinstance(speed, int | float) and speed > 0:
            return float(speed)
    return 1.0


RULE: Final = Rule(
    id="long-first-message",
    group=Group.SPEECH,
    title="First message longer than ten seconds",
    severity=Severity.INFO,
    why="People expect to answer after a sentence or two: they speak into a long greeting, and miss what it asks.",
    bad="""
assistants:
  desk:
    name: Desk
    first_message: >-
      Good morning and welcome to the practice. You are speaking with our digital assistant, which can make, move and
      cancel appointments, answer questions about invoices and opening hours, and connect you with a colleague at any
      time. How can I help you?
""",
    good="""
assistants:
  desk: {name: Desk, first_message: "Good morning, this is the digital assistant of the practice. How can I help you?"}
""",
    kinds=("assistants",),
    check=_check,
)
