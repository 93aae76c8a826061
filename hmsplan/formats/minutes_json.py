"""What calling people takes, as a plan's JSON tells it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hmsplan.model import Minutes


def minutes_json(minutes: Minutes) -> dict[str, Any]:
    """Return the minutes of each campaign, and of all, for machines."""
    return {
        "objects": [
            {
                "address": str(each.address),
                "people": each.people,
                "seconds_each": each.call_s,
                "calls": each.calls,
                "calls_of_its_assistant": each.is_own,
                "minutes": round(each.minutes, 3),
                "last_day": each.last_day or None,
            }
            for each in minutes.campaigns
        ],
        "minutes": round(minutes.needed, 3),
        "left": minutes.left,
    }
