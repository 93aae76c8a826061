"""Whether the minutes that an organization has left are enough for the people whom a plan lets be called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hmsplan.api.urls import segments
from hmsplan.kinds import KINDS
from hmsplan.model import Diagnostic, Severity, is_pending
from hmsplan.planner.safety import newly_called
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hmsplan.api.client import ReadClient
    from hmsplan.model import Plan

_OUTBOUND: Final = "outbound"
_ACCOUNT: Final = next(kind for kind in KINDS.values() if kind.minutes)


def people_called(plan: Plan) -> int:
    """Return how many people a plan newly exposes to being called, as far as it is known."""
    pending = (change for change in plan.changes if is_pending(change))
    return sum(newly_called(KINDS[change.address.kind], change) or 0 for change in pending)


async def not_enough(
    client: ReadClient, people: int, calls: Collection[Mapping[str, Any]], days: int
) -> Diagnostic | None:
    """Return a warning if *people* need more than is left, each as long as the average of *calls*, of the last *days*.

    None where there is nothing to compare: no call that was made has a length, or the balance is not a number.

    Raises:
        ApiError: the organization cannot be read.
    """
    made = _lengths(call for call in calls if call.get("direction") == _OUTBOUND)
    lengths = made or _lengths(calls)
    if not people or not lengths:
        return None
    left = _left(await client.get(segments(_ACCOUNT.path)))
    average = sum(lengths) / len(lengths) / 60
    if left is None or people * average <= left:
        return None
    which = wording.count(len(lengths), "outbound call" if made else "call")
    detail = (
        f"{wording.count(people, 'person')} at {_number(average)} minutes each, the average of {which} in {days} days, "
        f"are {_number(people * average)} minutes; {_number(left)} are left. Calls fail once they are used up: buy "
        "minutes, or schedule fewer people."
    )
    return Diagnostic("Not enough minutes", detail, severity=Severity.WARNING)


def _lengths(calls: Iterable[Mapping[str, Any]]) -> list[float]:
    """Return the seconds of those calls that somebody answered."""
    lengths = (_number_in(call.get("duration_seconds")) for call in calls)
    return [length for length in lengths if length is not None and length > 0]


def _left(answer: Any) -> float | None:
    found = _ACCOUNT.unfold(answer) if _ACCOUNT.unfold is not None else None
    return _number_in(found[0].get(_ACCOUNT.minutes)) if found else None


def _number_in(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")
