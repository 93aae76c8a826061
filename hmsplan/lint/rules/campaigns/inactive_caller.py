"""A campaign whose assistant is switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import caller, is_off
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    found = caller(view, campaign)
    if found is not None and is_off(found):
        detail = (
            f"{found.address} has is_active: false, and a campaign dials with an active assistant only. Switch it on; "
            "another assistant would be another campaign."
        )
        yield Hit(detail, ("agent_id",))


RULE: Final = Rule(
    id="inactive-caller",
    group=Group.CAMPAIGNS,
    title="Campaign with an inactive assistant",
    severity=Severity.WARNING,
    why="The campaign is scheduled, the day passes, and not one person was called.",
    bad="""
assistants:
  caller: {name: Caller, is_active: false}
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
  caller: {name: Caller, is_active: true}
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
    source="API behaviour, 7: number with a trunk, active assistant to campaign that can dial",
)
