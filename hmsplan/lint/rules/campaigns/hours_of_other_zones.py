"""A campaign that keeps the legal hours in its own zone, and breaks them in another one of the country."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.kinds import time_zones
from hmsplan.lint.calling_hours import allowed_in, calling_window, local, outside, told, zones_reached
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


_NAMED: Final = 2


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    found = calling_window(campaign)
    if found is None:
        return
    countries = leads_of(view, campaign).countries.most_common()
    wrong = [told_of for each in countries if (told_of := _wrong(*each, found, view))]
    if wrong:
        detail = f"{'. '.join(wrong)}. If people there are on the list, give each zone a campaign of its own."
        yield Hit(detail, ("timezone",))


def _wrong(country: str, number: int, found: Window, view: View) -> str:
    """Say where in a country the hours are broken; "" for one where they are kept, or broken everywhere."""
    hours = allowed_in(country)
    if hours is None or all(outside(local(found, z, view), hours.weekdays) for z in zones_reached(found, country)):
        return ""
    spans = {zone: local(found, zone, view) for zone in time_zones.of_country(country)}
    wrong = {each: zone for zone, each in reversed(spans.items()) if outside(each, hours.weekdays)}
    if not wrong:
        return ""
    named = [f"{told(each)} in {zone}" for each, zone in reversed(wrong.items())][:_NAMED]
    return (
        f"{wording.count(number, 'lead')} in {country_name(country)}, where it is {wording.listed(named)} and "
        f"marketing calls are allowed from {told(hours.weekdays)} in the time of the person called: {hours.law}"
    )


RULE: Final = Rule(
    id="hours-of-other-zones",
    group=Group.CAMPAIGNS,
    title="Legal hours of other time zones",
    severity=Severity.INFO,
    why="The law counts the hours of the person who is called, and one list often has people of several zones.",
    bad="""
assistants:
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "09:00"
    schedule_end_time: "12:00"
    timezone: America/New_York
    leads: [{phone_number: "+12125550123"}, {phone_number: "+12135550123"}]
""",
    good="""
assistants:
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "15:00"
    schedule_end_time: "20:00"
    timezone: America/New_York
    leads: [{phone_number: "+14165550123"}]
""",
    kinds=("campaigns",),
    check=_check,
    source="hmsplan/lint/calling_hours.json: the act of each country, with its address and the day of the look-up",
)
