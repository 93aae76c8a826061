"""A list of people of whom it does not say that they agreed to be called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.calling_hours import is_over
from hmsplan.lint.consent import consent_columns, refusal_columns
from hmsplan.lint.leads import leads_of
from hmsplan.lint.numbering import country_name
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_DIRECTIVE: Final = "Directive 2002/58/EC, Article 13(1)"
_EU: Final = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"  # the members in 2026
_LAWS: Final = {
    **dict.fromkeys(_EU.split(), _DIRECTIVE),
    "GB": "Privacy and Electronic Communications Regulations 2003, regulation 19",
    "US": "47 U.S.C. 227(b)(1), which the FCC applies to voices made by AI (FCC 24-17)",
}


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    leads = leads_of(view, campaign)
    if is_over(campaign) or consent_columns(leads.columns) or refusal_columns(leads.columns):
        return
    country = next((each for each, _ in leads.countries.most_common() if each in _LAWS), None)
    if country is not None:
        detail = (
            f"No column of the leads looks like consent. In {country_name(country)} calls for direct marketing by "
            f"automated systems without human intervention need prior consent: {_LAWS[country]}. Keep when and how "
            "each person agreed beside the number, such as in a column consent, or say here where it is kept."
        )
        yield Hit(detail, ("leads",))


RULE: Final = Rule(
    id="consent-unknown",
    group=Group.CAMPAIGNS,
    title="Leads without a sign of consent",
    severity=Severity.INFO,
    why="In the EU, the UK and the US marketing calls by a machine need prior consent, which the caller has to show.",
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
    leads: [{phone_number: "+31612345678", variables: {first_name: Ann}}]
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
    leads: [{phone_number: "+31612345678", variables: {first_name: Ann, consent: "web form, 2026-10-02"}}]
""",
    kinds=("campaigns",),
    check=_check,
    source="Directive 2002/58/EC, Article 13(1); PECR 2003, regulation 19; 47 U.S.C. 227(b)(1), FCC 24-17; 2026-11-30",
)
