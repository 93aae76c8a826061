"""What calling the people takes whom a plan lets be called, and whether the minutes that are left are enough for it."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from hmsplan.api.calls import named
from hmsplan.api.urls import segments
from hmsplan.kinds import KINDS
from hmsplan.lint.calling_hours import last_day, window
from hmsplan.model import CampaignMinutes, Diagnostic, Minutes, Severity, is_pending
from hmsplan.output.minutes import in_minutes
from hmsplan.planner.safety import newly_called
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hmsplan.api.client import ReadClient
    from hmsplan.model import Plan, ResourceChange, Stack


_OUTBOUND: Final = "outbound"
_ACCOUNT: Final = next(kind for kind in KINDS.values() if kind.minutes)


def people_called(plan: Plan) -> int:
    """Return how many people a plan newly exposes to being called, as far as it is known."""
    pending = (change for change in plan.changes if is_pending(change))
    return sum(newly_called(KINDS[change.address.kind], change) or 0 for change in pending)


def minutes_of(plan: Plan, stack: Stack, calls: Collection[Mapping[str, Any]], now: float) -> Minutes | None:
    """Return what the people take whom *plan* newly exposes to being called; None where no call has a length.

    One call takes as long as the median of earlier ones: of the campaign's own assistant, or else of any.

    Args:
        plan: made just now.
        stack: which it is of.
        calls: of the last days.
        now: Unix seconds.
    """
    found = []
    for change in plan.pending:
        people, resource = newly_called(KINDS[change.address.kind], change), stack.resources.get(change.address)
        if not people or resource is None:
            continue
        lengths, is_own = _lengths_for(change, calls)
        if not lengths:
            return None
        campaign = CampaignMinutes(change.address, people, median(lengths), len(lengths), is_own)
        hours = window(replace(resource, spec={**change.before, **change.after}))
        found.append(replace(campaign, last_day=last_day(campaign.minutes, hours, now)) if hours else campaign)
    return Minutes(tuple(found)) if found else None


async def with_balance(client: ReadClient, minutes: Minutes) -> Minutes:
    """Return *minutes* with those that are left.

    Raises:
        ApiError: the organization cannot be read.
    """
    return replace(minutes, left=_left(await client.get(segments(_ACCOUNT.path))))


def not_enough(minutes: Minutes, days: int) -> Diagnostic | None:
    """Return a warning if less is left than the campaigns need, by the calls of the last *days*."""
    if minutes.left is None or minutes.needed <= minutes.left:
        return None
    people = sum(each.people for each in minutes.campaigns)
    calls = max(each.calls for each in minutes.campaigns)
    by = f"by the median of {wording.count(calls, 'call')} in {days} days"
    detail = (
        f"{wording.count(people, 'person')} to call are {in_minutes(minutes.needed)} minutes, {by}; "
        f"{in_minutes(minutes.left)} are left. Calls fail once they are used up: buy minutes, or schedule fewer people."
    )
    return Diagnostic("Not enough minutes", detail, severity=Severity.WARNING)


def _lengths_for(change: ResourceChange, calls: Collection[Mapping[str, Any]]) -> tuple[list[float], bool]:
    """Return the seconds of the calls that are most like those of a campaign, and whether its assistant made them."""
    kind, after = KINDS[change.address.kind], {**change.before, **change.after}
    callers = {(other, after.get(path[0])) for path, other in kind.refs.items() if len(path) == 1}
    own = [call for call in calls if not callers.isdisjoint(named(call))]
    for some, is_own in ((own, True), (calls, False)):
        if lengths := _lengths(call for call in some if call.get("direction") == _OUTBOUND) or _lengths(some):
            return lengths, is_own
    return [], False


def _lengths(calls: Iterable[Mapping[str, Any]]) -> list[float]:
    """Return the seconds of those calls that somebody answered."""
    lengths = (_number_in(call.get("duration_seconds")) for call in calls)
    return [length for length in lengths if length is not None and length > 0]


def _left(answer: Any) -> float | None:
    found = _ACCOUNT.unfold(answer) if _ACCOUNT.unfold is not None else None
    return _number_in(found[0].get(_ACCOUNT.minutes)) if found else None


def _number_in(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
