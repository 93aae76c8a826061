"""Whether a saved plan may still be applied to what is live. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.errors import StalePlan
from hmsplan.formats.plan_validity import use_of
from hmsplan.model import Digest, Plan, State
from hmsplan.output.plan_difference import elsewhere, explain_difference
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from hmsplan.model import Stack


def refuse_other_place(saved: Plan, stack: Stack) -> None:
    """Refuse a plan of another stack or environment, before the key of this one is held against it.

    Raises:
        StalePlan: says what it is for.
    """
    for name, was, now in (
        ("stack", saved.stack, stack.name),
        ("environment", saved.environment, stack.environment),
    ):
        if was != now:
            raise StalePlan(f"the plan is for {name} {plain(str(was))}, this is {name} {plain(now)}")


def objections(saved: Plan, fresh: Plan, state: State, kind: Digest = Digest.STRICT) -> list[str]:
    """Say, one line a fact, why *fresh* may not be applied in the name of *saved*; safe to show."""
    if use_of(saved) in state.spent:
        return ["this plan was applied already, and a plan applies once. Make a new one:\n  hmsplan plan -o FILE"]
    if saved.digest_of(kind) == fresh.digest_of(kind) and not elsewhere(saved, fresh):
        return []
    return explain_difference(saved, fresh)
