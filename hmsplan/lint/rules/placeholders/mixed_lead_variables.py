"""Leads that give one thing under two spellings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import placeholders
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    first: dict[str, str] = {}
    for name in placeholders.given(campaign, view):
        other = first.setdefault(wording.plain_name(name), name)
        if other != name:
            leads = enumerate(campaign.members or ())
            at = next((index for index, lead in leads if name in lead["variables"]), 0)
            source = campaign.member_sources[at] if campaign.member_sources else None
            detail = f"This lead has {name}, and others have {other}: two variables to the platform. Keep one spelling."
            yield Hit(detail, ("leads",), source=source)


_START: Final = """
campaigns:
  recall:
    name: Recall
    agent_id: 3f0c0d5e-0000-4000-8000-000000000000
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
    leads:
      - {phone_number: "+31201234567", variables: {first_name: Ann}}
"""

RULE: Final = Rule(
    id="mixed-lead-variables",
    group=Group.PLACEHOLDERS,
    title="One variable in two spellings",
    severity=Severity.WARNING,
    why="A text asks for one spelling, so the people who have the other one hear the placeholder.",
    bad=f'{_START}      - {{phone_number: "+31201234568", variables: {{firstName: Bob}}}}\n',
    good=f'{_START}      - {{phone_number: "+31201234568", variables: {{first_name: Bob}}}}\n',
    kinds=("campaigns",),
    check=_check,
)
