"""A campaign in the time of one country that calls the people of another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.kinds import time_zones
from hmsplan.lint.calling_hours import calling_window, local, told
from hmsplan.lint.leads import leads_of
from hmsplan.lint.numbering import country_name
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    found = calling_window(campaign)
    leads = leads_of(view, campaign)
    if found is None or not leads.countries:
        return
    country, number = leads.countries.most_common(1)[0]
    zones = time_zones.of_country(country)
    spans = {zone: local(found, zone, view) for zone in zones}
    same = ((found.begin, found.end),)
    if number * 2 > leads.countries.total() and zones and same not in spans.values():
        zone = zones[0]
        detail = (
            f"{number:,} of {leads.countries.total():,} leads are in {country_name(country)}, where it is "
            f"{told(spans[zone])}. If the times are meant for them, write timezone: {zone}"
        )
        yield Hit(detail, ("timezone",))


RULE: Final = Rule(
    id="zone-of-leads",
    group=Group.CAMPAIGNS,
    title="Time zone of another country",
    severity=Severity.INFO,
    why="The times are those of timezone and not of the people called: hours that look polite may be early or late.",
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
    leads: [{phone_number: "+442079460101"}]
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
    timezone: Europe/London
    leads: [{phone_number: "+442079460101"}]
""",
    kinds=("campaigns",),
    check=_check,
    source="API behaviour, 9: the two times are in the IANA timezone of the campaign",
)
