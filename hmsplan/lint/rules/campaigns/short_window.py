"""A campaign with hardly any time to call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.calling_hours import calling_window
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_SHORT: Final = 15
"""Minutes."""


def _check(campaign: Resource, view: View) -> Iterator[Hit]:  # noqa: ARG001 -- the form of a check
    found = calling_window(campaign)
    if found is not None and found.length < _SHORT:
        detail = (
            f"The window is {wording.count(found.length, 'minute')} a day. Few calls begin in it, and whether one that "
            "has begun may go on is not documented. Write a later schedule_end_time."
        )
        yield Hit(detail, ("schedule_end_time",))


RULE: Final = Rule(
    id="short-window",
    group=Group.CAMPAIGNS,
    title="Very short window",
    severity=Severity.WARNING,
    why="A list of people is then called over weeks, and the last ones hear of an offer that is over.",
    bad="""
assistants:
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "10:05"
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
