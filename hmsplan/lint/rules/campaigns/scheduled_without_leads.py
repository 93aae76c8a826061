"""A campaign that is told to call, and has no one to call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(campaign: Resource, view: View) -> Iterator[Hit]:  # noqa: ARG001 -- the form of a check
    if campaign.spec.get("status") == "scheduled" and campaign.members is not None and not campaign.members:
        detail = (
            "It is scheduled and its list is empty: the platform may take it for completed, after which it cannot be "
            "changed. Write status: draft until there are leads."
        )
        yield Hit(detail, ("status",))


RULE: Final = Rule(
    id="scheduled-without-leads",
    group=Group.CAMPAIGNS,
    title="Scheduled campaign without leads",
    severity=Severity.WARNING,
    why="An export that went wrong leaves an empty list: no one is called, and no one notices.",
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
    status: scheduled
    leads: []
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
    status: scheduled
    leads: [{phone_number: "+31612345678"}]
""",
    kinds=("campaigns",),
    check=_check,
    source="API behaviour, 5: a completed campaign can no longer change",
)
