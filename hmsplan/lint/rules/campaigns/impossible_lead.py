"""A lead whose number is in no numbering plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.calling_hours import is_over
from hmsplan.lint.leads import hits, leads_of
from hmsplan.lint.numbering import Rate, is_in_no_plan, masked
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_MOST_LOOKED_AT: Final = 200
"""The second look at a number is slow; a list with more of them is told by its first ones."""


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    if not campaign.members or is_over(campaign):
        return
    members = campaign.members
    unknown = [index for index, rate in leads_of(view, campaign).odd if rate is Rate.UNKNOWN][:_MOST_LOOKED_AT]
    found = [index for index in unknown if is_in_no_plan(members[index]["phone_number"])]
    yield from hits(campaign, found, lambda index: _told(members[index]["phone_number"]))


def _told(number: str) -> str:
    return f"{masked(number)} is of no range in the numbering plan of its country. Ask for it again, or take it out."


RULE: Final = Rule(
    id="impossible-lead",
    group=Group.CAMPAIGNS,
    title="Lead with a number in no numbering plan",
    severity=Severity.WARNING,
    why="The call fails, and carriers block a caller who dials many numbers that do not exist.",
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
    leads: [{phone_number: "+31999999999"}]
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
    leads: [{phone_number: "+31612345678"}]
""",
    kinds=("campaigns",),
    check=_check,
    source="Numbering plans as libphonenumber has them, in the release of phonenumberslite that is installed",
)
