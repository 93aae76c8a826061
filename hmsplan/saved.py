"""Whether a saved plan may still be applied: its age, that it applies once, and what moved since. Pure.

The clock is an argument, and no digest knows it: the same plan made an hour later has the same one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hmsplan.canonical_json import digest
from hmsplan.model import Digest
from hmsplan.planfile import explain_difference

if TYPE_CHECKING:
    from hmsplan.model import Plan, State


def dated(plan: Plan, now: float, ttl_s: float) -> Plan:
    """Return *plan* with the time it was made, in Unix seconds, and the time from which it is not applied any more."""
    return replace(plan, made=int(now), expires=int(now + ttl_s))


def use_of(saved: Plan) -> str:
    """Return what a state remembers of a saved plan that was applied.

    Not its digest alone: when the same has to be done a second time, a new plan says so and may be applied.
    """
    return digest({"digest": saved.digest, "made": saved.made})


def too_old(saved: Plan, now: float) -> str:
    """Say why *saved* is too old to be applied; "" when it is not."""
    from hmsplan.render.words import moment  # noqa: PLC0415 -- seldom needed

    if saved.made is None or saved.expires is None:
        return "it does not say when it was made, so nobody knows whether its review still counts"
    if now >= saved.expires:
        return (
            f"it was made {moment(saved.made)} and could be applied until {moment(saved.expires)}; what it was "
            "reviewed against may be another by now, also where the plan does not look"
        )
    return ""


def objections(saved: Plan, fresh: Plan, state: State, kind: Digest = Digest.STRICT) -> list[str]:
    """Say, one line a fact, why *fresh* may not be applied in the name of *saved*; safe to show."""
    if use_of(saved) in state.spent:
        return ["this plan was applied already, and a plan applies once. Make a new one: hmsplan plan -o FILE"]
    if saved.digest_of(kind) == fresh.digest_of(kind):
        return []
    return explain_difference(saved, fresh) or ["the two differ in something that a saved plan does not show"]
