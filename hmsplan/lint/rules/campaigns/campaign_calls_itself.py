"""A lead that is a number of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.calling_hours import is_over
from hmsplan.lint.leads import hits, leads_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import own_numbers
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    own = own_numbers(view)
    if not campaign.members or not own or is_over(campaign):
        return
    first = leads_of(view, campaign).first
    found = {first[number]: number for number in own.keys() & first.keys()}
    yield from hits(
        campaign,
        sorted(found),
        lambda index: (
            f"{found[index]} is {own[found[index]].address}: two assistants would talk to each other. Take it out."
        ),
    )


RULE: Final = Rule(
    id="campaign-calls-itself",
    group=Group.CAMPAIGNS,
    title="Lead that is a number of the stack",
    severity=Severity.WARNING,
    why="Two assistants talk to each other until the longest call is over, and both minutes are paid for.",
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
    leads: [{phone_number: "+31850835037"}]
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
    leads: [{phone_number: "+31612345678"}]
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.caller}"}
""",
    kinds=("campaigns",),
    check=_check,
)
