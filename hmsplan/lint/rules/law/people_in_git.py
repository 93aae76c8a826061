"""A list of people in the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.kinds.fiction import is_fiction
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(campaign: Resource, _: View) -> Iterator[Hit]:
    people = campaign.members or ()
    if any(not is_fiction(str(lead["phone_number"])) for lead in people):
        yield Hit(
            f"The numbers of {wording.count(len(people), 'lead')} are read from the repository. Have a job write the "
            "file before hmsplan runs and keep it out of git, or leave `leads` out and add them on the platform.",
            ("leads",),
            source=campaign.member_sources[0] if campaign.member_sources else None,
        )


RULE: Final = Rule(
    id="people-in-git",
    group=Group.LAW,
    title="List of people in the repository",
    severity=Severity.INFO,
    why="Git keeps every version for everyone who clones it, so people who ask to be forgotten cannot be.",
    bad="""
assistants:
  caller: {name: Caller}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
    leads: ${csv:leads.csv}
# file: leads.csv
phone_number,first_name
+31201234567,Ann
""",
    good="""
assistants:
  caller: {name: Caller}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
""",
    kinds=("campaigns",),
    check=_check,
    source="Regulation (EU) 2016/679 (GDPR), Art. 17(1), right to erasure",
)
