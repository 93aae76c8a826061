"""Consent to recording that is never asked, in an assistant that only makes calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.audience import answers, calls
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    consent = assistant.spec.get("recording_consent")
    if not isinstance(consent, dict) or consent.get("enabled") is not True:
        return
    if calls(assistant, view) and not answers(assistant, view):
        yield Hit(
            "It is asked of incoming calls only, and this assistant only makes calls. Have the prompt ask at the start "
            "of a call, and end the call on a no.",
            ("recording_consent",),
        )


RULE: Final = Rule(
    id="consent-not-asked",
    group=Group.LAW,
    title="Consent that is never asked",
    severity=Severity.WARNING,
    why="A reader of the stack believes that people are asked before they are recorded, and they are not.",
    bad="""
assistants:
  caller: {name: Caller, recording_consent: {enabled: true, message: "May we record this call? Press 1 if you agree."}}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
""",
    good="""
assistants:
  caller:
    name: Caller
    first_message: Hello, this is the digital assistant of Acme. We record this call; is that all right with you?
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
""",
    kinds=("assistants",),
    check=_check,
    source="API: RecordingConsent, inbound phone calls only",
)
