"""A time zone that knows no summer time, or counts the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.kinds import time_zones
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(campaign: Resource, view: View) -> Iterator[Hit]:  # noqa: ARG001 -- the form of a check
    zone = campaign.spec.get("timezone")
    if isinstance(zone, str) and (surprise := time_zones.unwise(zone)):
        yield Hit(surprise, ("timezone",))


RULE: Final = Rule(
    id="fixed-time-zone",
    group=Group.CAMPAIGNS,
    title="Fixed time zone",
    severity=Severity.WARNING,
    why="For half of the year everybody is called an hour too early or too late.",
    bad="""
assistants:
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: EST
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
    timezone: America/New_York
""",
    kinds=("campaigns",),
    check=_check,
    source="IANA time zone database",
)
