"""Consent to recording that is asked of callers, in an assistant that only calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
    users = view.users(assistant.address)
    if users and all(user.address.kind == "campaigns" for user in users):
        detail = f"Consent is asked of inbound calls only, and {assistant.address} is used by campaigns alone."
        yield Hit(detail, ("recording_consent",))


RULE: Final = Rule(
    id="consent-never-asked",
    group=Group.CONTRADICTION,
    title="Consent that is never asked",
    severity=Severity.INFO,
    why="The people whom this assistant calls are not asked whether the call may be recorded.",
    bad="""
assistants:
  caller: {name: Caller, recording_consent: {enabled: true, message: "May we record? Press 1."}}
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
  caller: {name: Caller}
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
    source="API description, schema RecordingConsent: inbound phone calls only",
)
