"""A campaign that calls people of a country in which we have no number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.calling_hours import is_over
from hmsplan.lint.leads import leads_of
from hmsplan.lint.numbering import country_name, look_up
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import is_off, own_numbers
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_NAMED: Final = 5


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    own = own_numbers(view)
    if not campaign.members or not own or is_over(campaign):
        return
    ours = {look_up(dialled).country for dialled, number in own.items() if not is_off(number)}
    abroad = [each for each in leads_of(view, campaign).countries.most_common() if each[0] and each[0] not in ours]
    if abroad:
        named = [f"{wording.count(number, 'lead')} in {country_name(country)}" for country, number in abroad[:_NAMED]]
        rest = " and more" if len(abroad) > _NAMED else ""
        detail = (
            f"{wording.listed(named)}{rest}, and no active number of this stack is of "
            f"{'that country' if len(abroad) == 1 else 'those countries'}: they see a call from abroad. Register a "
            "number there, or tell people beforehand which number calls."
        )
        yield Hit(detail, ("leads",))


RULE: Final = Rule(
    id="foreign-caller-id",
    group=Group.CAMPAIGNS,
    title="Calls from a foreign number",
    severity=Severity.INFO,
    why="People let calls from abroad ring, calling back costs them money, and some carriers block such calls.",
    bad="""
assistants:
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Berlin
    leads: [{phone_number: "+493023125012"}]
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
