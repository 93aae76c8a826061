"""More people than a campaign can call in a reasonable time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.calling_hours import calling_window, days_needed
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_CALL: Final = 2
"""Minutes of a call, waiting included: a cautious guess, which the detail tells."""
_LONG: Final = 30
"""Days."""


def _check(campaign: Resource, view: View) -> Iterator[Hit]:  # noqa: ARG001 -- the form of a check
    found, number = calling_window(campaign), len(campaign.members or ())
    if found is None or number * _CALL <= found.length * _LONG:
        return
    days = days_needed(number * _CALL, found)
    detail = (
        f"{number:,} leads of {_CALL} minutes each are {number * _CALL:,} minutes, and the window has {found.length:,} "
        f"a day: one call at a time takes {days:,} days. How many run at once is not documented. Widen the window, or "
        "divide the list."
    )
    yield Hit(detail, ("schedule_end_time",))


RULE: Final = Rule(
    id="leads-beyond-window",
    group=Group.CAMPAIGNS,
    title="More leads than the window can serve",
    severity=Severity.INFO,
    why="The last people on the list are called weeks after the reason for the call, and every day costs minutes.",
    bad=r"""
assistants:
  caller: {name: Caller, first_message: "Hello, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "10:01"
    timezone: Europe/Amsterdam
    leads: ${csv:leads.csv}
# file: leads.csv
phone_number
+31612345610
+31612345611
+31612345612
+31612345613
+31612345614
+31612345615
+31612345616
+31612345617
+31612345618
+31612345619
+31612345620
+31612345621
+31612345622
+31612345623
+31612345624
+31612345625
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
    leads: [{phone_number: "+31612345610"}]
""",
    kinds=("campaigns",),
    check=_check,
    source="API behaviour, 9: calls go out daily between the two times; concurrency is not documented",
)
