"""A lead whose own row says that the person did not agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.calling_hours import is_over
from hmsplan.lint.consent import consent_columns, is_no, is_yes, refusal_columns
from hmsplan.lint.leads import hits, leads_of
from hmsplan.lint.numbering import masked
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    if not campaign.members or is_over(campaign):
        return
    columns = leads_of(view, campaign).columns
    agreed, refused = consent_columns(columns), refusal_columns(columns)
    found: dict[int, str] = {}
    for index, lead in enumerate(campaign.members if agreed or refused else ()):
        variables = lead["variables"]
        for name in (*agreed, *refused):
            if (is_no if name in agreed else is_yes)(variables.get(name)):
                found[index] = (
                    f"{masked(lead['phone_number'])} has {name}: {variables[name].strip()}. Take the lead out."
                )
    yield from hits(campaign, list(found), found.__getitem__)


RULE: Final = Rule(
    id="lead-without-consent",
    group=Group.CAMPAIGNS,
    title="Lead that did not agree",
    severity=Severity.WARNING,
    why="The platform calls every lead whatever its columns say, and this person said no.",
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
    leads: [{phone_number: "+31612345678", variables: {opt_in: "no"}}]
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
    leads: [{phone_number: "+31612345678", variables: {opt_in: "yes"}}]
""",
    kinds=("campaigns",),
    check=_check,
    source="API behaviour, 9: lead status pending, then calling; variables decide nothing",
)
