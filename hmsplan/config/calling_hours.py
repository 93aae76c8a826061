"""The hours in which a campaign calls: what is allowed and rarely meant. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.kinds import time_zones
from hmsplan.kinds.campaigns import clock_time
from hmsplan.model import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.model import Spec


def doubts(spec: Spec) -> Iterator[Diagnostic]:
    """Yield a warning, without a line, of what is doubtful about the hours in *spec*, which fits its schema."""
    begin, end, zone = (spec.get(name) for name in ("schedule_start_time", "schedule_end_time", "timezone"))
    if begin is not None and clock_time(begin) == clock_time(end):
        detail = (
            f"Calling starts and stops at {begin}. Nothing says whether the platform takes that for the whole day or "
            "for no time at all. Write two different times; from 00:00 to 23:59 is the whole day."
        )
        yield _warning("Window without a length", detail, "schedule_end_time")
    if isinstance(zone, str) and (surprise := time_zones.unwise(zone)):
        yield _warning("Fixed time zone", surprise, "timezone")


def _warning(summary: str, detail: str, name: str) -> Diagnostic:
    return Diagnostic(summary, detail, path=(name,), severity=Severity.WARNING)
