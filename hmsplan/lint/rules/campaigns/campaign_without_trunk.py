"""A campaign, and no number over which it could dial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.calling_hours import is_over
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import is_off
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    numbers = view.of_kind("numbers")
    if not numbers or is_over(campaign):
        return
    if all(is_off(number) or number.spec.get("transfer_trunk_id") is None for number in numbers):
        detail = (
            "A campaign dials from a number with a trunk, and no active number of this stack names one. Set "
            "transfer_trunk_id: ${sip_trunks.KEY} of the number that people should see."
        )
        yield Hit(detail)


RULE: Final = Rule(
    id="campaign-without-trunk",
    group=Group.CAMPAIGNS,
    title="Campaign that cannot dial",
    severity=Severity.WARNING,
    why="The campaign is scheduled, the day passes, and not one person was called.",
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
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.caller}"}
""",
    good="""
assistants:
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
sip_trunks:
  voip: {name: VoIP, provider: custom, address: sip.acme.example, transport: tls}
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.caller}", transfer_trunk_id: "${sip_trunks.voip}"}
""",
    kinds=("campaigns",),
    check=_check,
    source="API behaviour, 7: number with a trunk, active assistant to campaign that can dial",
)
