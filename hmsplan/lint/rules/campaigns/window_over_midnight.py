"""A campaign that stops earlier in the day than it begins."""

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
    if found is not None and found[0] > found[1]:
        begin, end = campaign.spec["schedule_start_time"], campaign.spec["schedule_end_time"]
        detail = (
            f"From {begin} to {end} goes over midnight. What the platform makes of it is not documented: it may call "
            f"at night, or not at all. If the two are swapped, write {end} to {begin}."
        )
        yield Hit(detail, ("schedule_end_time",))


RULE: Final = Rule(
    id="window-over-midnight",
    group=Group.CAMPAIGNS,
    title="Window over midnight",
    severity=Severity.WARNING,
    why="If the platform takes such a window as it is written, people are called in the middle of the night.",
    bad="""
assistants:
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "18:00"
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
    schedule_start_time: "09:00"
    schedule_end_time: "18:00"
    timezone: Europe/Amsterdam
""",
    kinds=("campaigns",),
    check=_check,
    source="API behaviour, 9: a window over midnight is unknown",
)
