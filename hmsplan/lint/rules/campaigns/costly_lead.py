"""A lead whose number costs more than a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.calling_hours import is_over
from hmsplan.lint.leads import hits, leads_of
from hmsplan.lint.numbering import Rate, masked
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_COSTLY: Final = frozenset({Rate.PREMIUM, Rate.SHARED})


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    if not campaign.members or is_over(campaign):
        return
    rates = {index: rate for index, rate in leads_of(view, campaign).odd if rate in _COSTLY}
    yield from hits(campaign, list(rates), lambda index: _told(campaign, index, rates[index]))


def _told(campaign: Resource, index: int, rate: Rate) -> str:
    number = (campaign.members or ())[index]["phone_number"]
    return (
        f"{masked(number)} is a {rate} number: no customer is reached there, and each minute is paid for. Take it out."
    )


RULE: Final = Rule(
    id="costly-lead",
    group=Group.CAMPAIGNS,
    title="Lead with a premium-rate number",
    severity=Severity.WARNING,
    why="A form that takes any number lets a stranger put his own premium line on your list, and you pay each call.",
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
    leads: [{phone_number: "+31900123456"}]
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
