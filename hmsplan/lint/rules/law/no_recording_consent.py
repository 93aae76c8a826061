"""Calls that may be recorded without a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.audience import answers, in_union, talks
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    spec = assistant.spec
    consent = spec.get("recording_consent")
    asked = isinstance(consent, dict) and consent.get("enabled") is not False
    if asked or spec.get("gdpr_mode") is not False:
        return
    if talks(assistant, view) and answers(assistant, view) and in_union(assistant, view):
        yield Hit(
            "gdpr_mode is off and callers are not asked. Add recording_consent: {enabled: true, message: …}, or "
            "gdpr_mode: true; what is recorded without either, the documentation does not say.",
            ("gdpr_mode",),
        )


RULE: Final = Rule(
    id="no-recording-consent",
    group=Group.LAW,
    title="Calls kept without asking for consent",
    severity=Severity.INFO,
    why="A recording is personal data, which needs a legal basis; in some countries a secret one is a crime.",
    bad="""
assistants:
  desk: {name: Desk, gdpr_mode: false}

numbers:
  main: {phone_number: "+31850000010", agent_id: "${assistants.desk}"}
""",
    good="""
assistants:
  desk:
    name: Desk
    gdpr_mode: false
    recording_consent: {enabled: true, message: "May we record this call? Press 1 if you agree."}

numbers:
  main: {phone_number: "+31850000010", agent_id: "${assistants.desk}"}
""",
    kinds=("assistants",),
    check=_check,
    source="Regulation (EU) 2016/679 (GDPR), Art. 6(1) and 13; in Germany section 201 of the Criminal Code (StGB)",
)
