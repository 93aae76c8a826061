"""A person whom two campaigns would call."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from hmsplan.lint.calling_hours import is_over
from hmsplan.lint.leads import leads_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_NAMED: Final = 3


def _check(view: View) -> Iterator[Hit]:
    calling = [each for each in view.of_kind("campaigns") if each.members and not is_over(each)]
    for one, other in combinations(calling, 2):
        first, second = leads_of(view, one).first, leads_of(view, other).first
        both = first.keys() & second.keys()
        if both:
            indexes = sorted(second[number] for number in both)
            detail = (
                f"{wording.count(len(both), 'person')} of this list "
                f"{'stands' if len(both) == 1 else 'stand'} in {one.address} too, and would be called by both"
                f"{_lines(other, indexes)}. Take them out of one, or exclude one of the campaigns."
            )
            source = other.member_sources[indexes[0]] if other.member_sources else None
            yield Hit(detail, ("leads",), address=other.address, source=source)


def _lines(campaign: Resource, indexes: Sequence[int]) -> str:
    lines = [campaign.member_sources[index].line for index in indexes[:_NAMED]] if campaign.member_sources else []
    more = " and more" if len(indexes) > len(lines) else ""
    return f": lines {', '.join(map(str, lines))}{more}" if len(lines) > 1 else ""


RULE: Final = Rule(
    id="person-in-two-campaigns",
    group=Group.CAMPAIGNS,
    title="Person in two campaigns",
    severity=Severity.WARNING,
    why="A person who is called twice about one thing takes the second call for a fault, and often hangs up for good.",
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
    leads: [{phone_number: "+31612345678"}]
  offer:
    name: Offer
    agent_id: ${assistants.caller}
    schedule_start_time: "13:00"
    schedule_end_time: "15:00"
    timezone: Europe/Amsterdam
    leads: [{phone_number: "+31612345678"}]
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
  offer:
    name: Offer
    agent_id: ${assistants.caller}
    schedule_start_time: "13:00"
    schedule_end_time: "15:00"
    timezone: Europe/Amsterdam
    leads: [{phone_number: "+31612345679"}]
""",
    check_all=_check,
    source="API behaviour, 9: each campaign calls its own leads",
)
