"""A question for consent that does not say how to give it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.words import PRESS_ONE
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, _: View) -> Iterator[Hit]:
    consent = assistant.spec.get("recording_consent")
    if not isinstance(consent, dict) or consent.get("enabled") is False:
        return
    message = consent.get("message")
    if isinstance(message, str) and message.strip() and " 1 " not in message and PRESS_ONE.search(message) is None:
        yield Hit(
            'It does not name the key 1, with which a caller agrees. Add "press 1 if you agree"; 2 ends the call.',
            ("recording_consent", "message"),
        )


RULE: Final = Rule(
    id="consent-without-key",
    group=Group.LAW,
    title="Consent message that names no key",
    severity=Severity.WARNING,
    why="Callers agree by pressing 1: a caller who is not told so waits in silence.",
    bad="""
assistants:
  desk: {name: Desk, recording_consent: {enabled: true, message: "May we record this call?"}}
""",
    good="""
assistants:
  desk: {name: Desk, recording_consent: {enabled: true, message: "May we record this call? Press 1 if you agree."}}
""",
    kinds=("assistants",),
    check=_check,
    source="API: RecordingConsent; changes, 11: 1 agrees, 2 ends the call",
)
