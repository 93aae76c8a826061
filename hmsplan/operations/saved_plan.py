"""Whether a saved plan may still be applied to what is live. Pure."""

from __future__ import annotations

from hmsplan.formats.plan_validity import use_of
from hmsplan.model import Digest, Plan, State
from hmsplan.output.plan_difference import elsewhere, explain_difference


def objections(saved: Plan, fresh: Plan, state: State, kind: Digest = Digest.STRICT) -> list[str]:
    """Say, one line a fact, why *fresh* may not be applied in the name of *saved*; safe to show."""
    if use_of(saved) in state.spent:
        return ["this plan was applied already, and a plan applies once. Make a new one:\n  hmsplan plan -o FILE"]
    if saved.digest_of(kind) == fresh.digest_of(kind) and not elsewhere(saved, fresh):
        return []
    return explain_difference(saved, fresh)
