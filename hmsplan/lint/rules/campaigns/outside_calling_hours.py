"""A campaign that calls when the law of the country does not allow marketing calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    found = calling_window(campaign)
    if found is None:
        return
    countries = leads_of(view, campaign).countries.most_common()
    wrong = [told_of for each in countries if (told_of := _wrong(*each, found, view))]
    if wrong:
        advice = "Move the window, or silence this rule with the reason why these calls are not marketing."
        detail = f"{'. '.join(wrong)}. {advice}"
        yield Hit(detail, ("schedule_start_time",))


def _wrong(country: str, number: int, found: Window, view: View) -> str:
    """Say how a campaign breaks the hours of a country in all zones that it surely calls; "" when it does not."""
    hours = allowed_in(country)
    zones = zones_reached(found, country) if hours is not None else ()
    if hours is None or not all(outside(local(found, zone, view), hours.weekdays) for zone in zones):
        return ""
    return (
        f"{wording.count(number, 'lead')} in {country_name(country)}, where it is {told(local(found, zones[0], view))} "
        f"({zones[0]}) and marketing calls are allowed on weekdays from {told(hours.weekdays)}: {hours.law}"
    )


RULE: Final = Rule(
    id="outside-calling-hours",
    group=Group.CAMPAIGNS,
    title="Outside the legal calling hours",
    severity=Severity.WARNING,
    why="Each marketing call outside the hours that the law allows can be fined, and the caller's number is known.",
    bad="""
assistants:
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "09:00"
    schedule_end_time: "21:00"
    timezone: Europe/Paris
    leads: [{phone_number: "+33612345678"}]
""",
    good="""
assistants:
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "14:00"
    schedule_end_time: "20:00"
    timezone: Europe/Paris
    leads: [{phone_number: "+33612345678"}]
""",
    kinds=("campaigns",),
    check=_check,
    source="hmsplan/lint/calling_hours.json: the act of each country, with its address and the day of the look-up",
)
