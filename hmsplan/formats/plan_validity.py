"""Whether a saved plan may still be applied: its age, that it applies once, and what moved since. Pure.

The clock is an argument, and no digest knows it: the same plan made an hour later has the same one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hmsplan.text.canonical_json import digest
from hmsplan.text.escape import plain
from hmsplan.text.timestamps import for_people

if TYPE_CHECKING:
    from hmsplan.model import Plan


_SKEW_S: Final = 300


def dated(plan: Plan, now: float, ttl_s: float, tool_version: str) -> Plan:
    """Return *plan* with what made it, when, in Unix seconds, and the time from which it is not applied any more."""
    return replace(plan, made=int(now), expires=int(now + ttl_s), tool_version=tool_version)


def use_of(saved: Plan) -> str:
    """Return what a state remembers of a saved plan that was applied.

    Not its digest alone: when the same has to be done a second time, a new plan says so and may be applied.
    """
    return digest({"digest": saved.digest, "made": saved.made})


def out_of_date(saved: Plan, now: float, tool_version: str) -> str:
    """Say why *saved* is not applied any more, whatever is live; "" when it may be."""
    if saved.made is None or saved.expires is None:
        return "it does not say when it was made, so it cannot be known whether its review still counts"
    if saved.made - now > _SKEW_S:
        made = for_people(saved.made)
        return f"it was made {made}, which is in the future: check the clocks of both machines"
    if saved.tool_version != tool_version:
        return (
            f"hmsplan {plain(saved.tool_version) or '(unknown)'} made it, and this is {tool_version}, which may do "
            "another thing than was reviewed"
        )
    if now >= saved.expires:
        return (
            f"it was made {for_people(saved.made)} and could be applied until {for_people(saved.expires)}; what it was "
            "reviewed against may be another by now, also where the plan does not look"
        )
    return ""
