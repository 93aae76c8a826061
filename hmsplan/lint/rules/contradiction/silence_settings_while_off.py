"""What to say to a silent caller, while nothing listens for silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, _view: View) -> Iterator[Hit]:
    speech = assistant.spec.get("speech_config")
    silence = speech.get("silence") if isinstance(speech, dict) else None
    if silence and assistant.spec.get("autonomous_silence_handling") in {None, False}:
        which = "is off" if "autonomous_silence_handling" in assistant.spec else "is off unless it is set"
        detail = f"autonomous_silence_handling {which}. Write: autonomous_silence_handling: true"
        yield Hit(detail, ("speech_config", "silence"))


RULE: Final = Rule(
    id="silence-settings-while-off",
    group=Group.CONTRADICTION,
    title="Silence settings without effect",
    severity=Severity.WARNING,
    why="A silent caller hears none of it: the settings count only while silence is handled.",
    bad="""
assistants:
  desk: {name: Desk, speech_config: {silence: {messages: ["Are you still there?"]}}}
""",
    good="""
assistants:
  desk:
    name: Desk
    autonomous_silence_handling: true
    speech_config: {silence: {messages: ["Are you still there?"]}}
""",
    kinds=("assistants",),
    check=_check,
    source="API description, schema SpeechConfig: silence is only used while autonomous_silence_handling is on",
)
