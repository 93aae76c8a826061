"""A campaign in a country whose law forbids marketing calls on some days: campaigns call daily."""

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

    from hmsplan.lint.calling_hours import Hours, Window
    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    found = calling_window(campaign)
    if found is None:
        return
    told_of = [
        f"{country_name(country)} {wording.listed(days)} ({hours.law})"
        for country in leads_of(view, campaign).countries
        if (hours := allowed_in(country)) is not None and (days := list(_days(found, country, hours, view)))
    ]
    if told_of:
        detail = (
            f"It calls every day. Marketing calls are not allowed in {'; in '.join(told_of)}. Set status: paused for "
            "those days, or silence this rule with the reason why these calls are not marketing."
        )
        yield Hit(detail, ("schedule_start_time",))


def _days(found: Window, country: str, hours: Hours, view: View) -> Iterator[str]:
    """Yield the days of the week, and of the year, on which a window is too long."""
    for day, allowed in (("Saturdays", hours.saturday), ("Sundays", hours.sunday)):
        if not allowed:
            yield f"on {day}"
        elif all(outside(local(found, zone, view), allowed) for zone in zones_reached(found, country)):
            yield f"on {day} but from {told(allowed)}"
    if not hours.holidays:
        yield "on public holidays"


RULE: Final = Rule(
    id="forbidden-days",
    group=Group.CAMPAIGNS,
    title="Days on which the law forbids calls",
    severity=Severity.INFO,
    why="A campaign has no days of the week: it calls on Sunday and at Christmas unless it is paused.",
    bad="""
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
    good="""
assistants:
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "14:00"
    schedule_end_time: "20:00"
    timezone: Europe/Lisbon
    leads: [{phone_number: "+351912345678"}]
""",
    kinds=("campaigns",),
    check=_check,
    source="hmsplan/lint/calling_hours.json: the act of each country, with its address and the day of the look-up",
)
