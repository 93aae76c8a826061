"""A campaign whose assistant does not know an answering machine from a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import caller
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    found = caller(view, campaign)
    if found is not None and not found.spec.get("voicemail_detection"):
        detail = (
            f"{found.address} does not have voicemail_detection: true, so it talks to machines as to people, until the "
            "machine or the longest call ends. Switch it on, and say in voicemail_message what is left there."
        )
        yield Hit(detail, ("agent_id",))


RULE: Final = Rule(
    id="campaign-without-voicemail",
    group=Group.CAMPAIGNS,
    title="Campaign without voicemail detection",
    severity=Severity.INFO,
    why="Many outbound calls reach a machine: they are paid for, and people find half a conversation on it.",
    bad="""
assistants:
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
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
  caller: {name: Caller, voicemail_detection: true, voicemail_message: "Please call us back."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
""",
    kinds=("campaigns",),
    check=_check,
)
