"""A message for machines that nothing tells from people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, _view: View) -> Iterator[Hit]:
    if assistant.spec.get("voicemail_message") and assistant.spec.get("voicemail_detection") in {None, False}:
        is_off = assistant.spec.get("voicemail_detection") is False
        which = "is off" if is_off else "is not set"
        yield Hit(f"voicemail_detection {which}. Write: voicemail_detection: true", ("voicemail_message",))


RULE: Final = Rule(
    id="voicemail-message-without-detection",
    group=Group.CONTRADICTION,
    title="Voicemail message without detection",
    severity=Severity.WARNING,
    why="The message is never spoken: voicemails hear the greeting that is meant for people.",
    bad="""
assistants:
  caller: {name: Caller, voicemail_message: Please call us back.}
""",
    good="""
assistants:
  caller: {name: Caller, voicemail_message: Please call us back., voicemail_detection: true}
""",
    kinds=("assistants",),
    check=_check,
    source="API description, schema Assistant: voicemail_detection, voicemail_message",
)
