"""A campaign that stops when it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.calling_hours import times
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(campaign: Resource, view: View) -> Iterator[Hit]:  # noqa: ARG001 -- the form of a check
    found = times(campaign)
    if found is not None and found[0] == found[1]:
        detail = (
            f"Calling starts and stops at {campaign.spec['schedule_start_time']}. Nothing says whether the platform "
            "takes that for the whole day or for no time at all. Write two different times."
        )
        yield Hit(detail, ("schedule_end_time",))


RULE: Final = Rule(
    id="window-without-length",
    group=Group.CAMPAIGNS,
    title="Window without a length",
    severity=Severity.WARNING,
    why="Such a campaign calls no one, or people at night: the platform does not say which.",
    bad="""
assistants:
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "09:00"
    schedule_end_time: "09:00"
    timezone: Europe/Amsterdam
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
""",
    kinds=("campaigns",),
    check=_check,
    source="API behaviour, 9: calls go out daily between the two times",
)
