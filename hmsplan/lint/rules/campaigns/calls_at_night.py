"""A campaign that calls people while they sleep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.calling_hours import calling_window, local, outside, told, zones_reached
from hmsplan.lint.leads import leads_of
from hmsplan.lint.numbering import country_name
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.calling_hours import Window
    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_WAKING: Final = ((7 * 60, 22 * 60),)


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    found = calling_window(campaign)
    if found is None:
        return
    countries = leads_of(view, campaign).countries
    nights = [night for each in countries.most_common() if (night := _night(*each, found, view))]
    if not countries and (own := outside(((found.begin, found.end),), _WAKING)):
        nights = [f"everybody from {told(own)}"]
    if nights:
        detail = f"It calls {wording.listed(nights)}. Write hours from 07:00 to 22:00 where those who are called live."
        yield Hit(detail, ("schedule_start_time",))


def _night(country: str, number: int, found: Window, view: View) -> str:
    """Say when a campaign calls the people of a country at night; "" when somewhere in it there is no night."""
    zones = zones_reached(found, country)
    nights = [outside(local(found, zone, view), _WAKING) for zone in zones]
    if not nights or not all(nights):
        return ""
    return f"{wording.count(number, 'lead')} in {country_name(country)} from {told(nights[0])} ({zones[0]})"


RULE: Final = Rule(
    id="calls-at-night",
    group=Group.CAMPAIGNS,
    title="Campaign that calls at night",
    severity=Severity.WARNING,
    why="A telephone that rings at night frightens people, and they remember who called.",
    bad="""
assistants:
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "09:00"
    schedule_end_time: "17:00"
    timezone: Europe/Amsterdam
    leads: [{phone_number: "+12125550123"}, {phone_number: "+819012345678"}]
""",
    good="""
assistants:
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "09:00"
    schedule_end_time: "17:00"
    timezone: Asia/Tokyo
    leads: [{phone_number: "+819012345678"}]
""",
    kinds=("campaigns",),
    check=_check,
)
