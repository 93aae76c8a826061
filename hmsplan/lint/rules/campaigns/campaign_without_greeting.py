"""A campaign whose assistant has nothing to say first."""

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
    if found is None or found.spec.get("first_message"):
        return
    if not (found.spec.get("speech_config") or {}).get("first_message_outbound"):
        detail = (
            f"{found.address} has neither first_message nor speech_config.first_message_outbound: who picks up hears "
            "nothing at first. Write who calls, and why."
        )
        yield Hit(detail, ("agent_id",))


RULE: Final = Rule(
    id="campaign-without-greeting",
    group=Group.CAMPAIGNS,
    title="Campaign without a greeting",
    severity=Severity.INFO,
    why="People hang up on a silent call, and take its number for that of a fraud.",
    bad="""
assistants:
  caller: {name: Caller, is_active: true}
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
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
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
