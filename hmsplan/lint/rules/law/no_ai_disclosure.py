"""A greeting that does not say that a machine speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import words
from hmsplan.lint.audience import answers, in_union, talks
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import language, lowered
from hmsplan.model import Severity, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_OF_MACHINES: Final = tuple(dict.fromkeys(word for table in words.OF_MACHINES.values() for word in table))
_LEAST: Final = 10  # letters, without which a greeting is a sketch, or a placeholder


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    spoken = language(assistant, view)
    if (spoken and spoken not in words.OF_MACHINES) or not (talks(assistant, view) and in_union(assistant, view)):
        return
    first = assistant.spec.get("first_message")
    outbound = value_at(assistant.spec, ("speech_config", "first_message_outbound"))
    consent = value_at(assistant.spec, ("recording_consent", "message"))
    asked = isinstance(consent, str) and value_at(assistant.spec, ("recording_consent", "enabled")) is True
    heard = f"{consent} {first}" if asked else first
    opens = answers(assistant, view) or not isinstance(outbound, str)
    if opens and isinstance(first, str) and _hides(first) and _hides(str(heard)):
        yield Hit(_DETAIL, ("first_message",))
    if isinstance(outbound, str) and _hides(outbound):
        yield Hit(_DETAIL, ("speech_config", "first_message_outbound"))


_DETAIL: Final = (
    'It does not say that a machine speaks. Say it in the first sentence: "this is the digital assistant of …", '
    '"u spreekt met de digitale assistent van …", "hier ist der digitale Assistent von …".'
)


def _hides(text: str) -> bool:
    """Say whether nothing in a text lets people know that a machine speaks: in any language, for names are foreign."""
    low = lowered(text)
    if any(word in low for word in _OF_MACHINES) or words.MACHINE_WORDS.search(text):
        return False
    return sum(map(str.isalpha, text)) >= _LEAST and _is_latin(text)


def _is_latin(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return sum(character < "\u0250" for character in letters) * 2 > len(letters)


RULE: Final = Rule(
    id="no-ai-disclosure",
    group=Group.LAW,
    title="First message without AI disclosure",
    severity=Severity.WARNING,
    why="In the European Union people have to be told that they talk to an AI system, unless that is obvious.",
    bad="""
assistants:
  desk: {name: Desk, first_message: "Good morning, this is Anna of Acme. How can I help you?"}

numbers:
  main: {phone_number: "+31850000010", agent_id: "${assistants.desk}"}
""",
    good="""
assistants:
  desk: {name: Desk, first_message: "Good morning, this is Anna, the digital assistant of Acme. How can I help you?"}

numbers:
  main: {phone_number: "+31850000010", agent_id: "${assistants.desk}"}
""",
    kinds=("assistants",),
    check=_check,
    source="Regulation (EU) 2024/1689 (AI Act), Art. 50(1) and (5); applies from 2 August 2026 (Art. 113)",
)
