"""Times and lengths of time as text. Pure: what time it is comes from elsewhere."""

from __future__ import annotations

import datetime as dt
from typing import Final

from hmsplan.text.wording import count

UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
"""Seconds of each unit that a length may be written in."""

_ISO: Final = "%Y-%m-%dT%H:%M:%SZ"


def seconds(length: str) -> int:
    """Read a whole number with a unit behind it, such as ``90s`` or ``20m``."""
    return int(length[:-1]) * UNITS[length[-1]]


def length(seconds_: float) -> str:
    """Write a length of time for people, in the largest unit of which it has two: ``90 minutes``, ``21 hours``."""
    for unit, size in (("day", UNITS["d"]), ("hour", UNITS["h"]), ("minute", UNITS["m"])):
        if seconds_ >= 2 * size:
            return count(int(seconds_ // size), unit)
    return "less than two minutes"


def span(seconds_: float) -> str:
    """Write a length of time for people, and a short one to the second: ``20 s``, ``1 minute``, ``23 hours``."""
    whole = max(int(seconds_), 0)
    if whole >= 2 * UNITS["m"]:
        return length(whole)
    return count(1, "minute") if whole == UNITS["m"] else f"{whole} s"


def duration(seconds_: float) -> str:
    """Write how long something took, for people: ``0.4s``, ``12s``, ``3m5s``, ``15h45m``."""
    if seconds_ < 1:
        return f"{seconds_:.1f}s" if seconds_ else "0s"
    whole = round(seconds_)
    minutes, rest = divmod(whole, 60)
    hours, more = divmod(minutes, 60)
    if hours:
        return f"{hours}h{more}m"
    return f"{minutes}m{rest}s" if minutes else f"{whole}s"


def iso(at: float) -> str:
    """Write Unix seconds as ISO 8601 in UTC, without a fraction."""
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime(_ISO)


def for_people(at: float) -> str:
    """Write Unix seconds as ``2026-11-22 12:00:00 UTC``."""
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def day(at: float, later: int = 0) -> str:
    """Write the day of Unix seconds in UTC, or one some days *later*, as ``2026-11-22``."""
    return dt.datetime.fromtimestamp(at + later * UNITS["d"], dt.UTC).strftime("%Y-%m-%d")


def from_iso(text: str) -> int:
    """Read what ``iso`` wrote.

    Raises:
        ValueError: it is something else.
    """
    return int(dt.datetime.strptime(text, _ISO).replace(tzinfo=dt.UTC).timestamp())


def from_api(text: object) -> float | None:
    """Read a time as an API writes it, as Unix seconds; None for anything else. One without an offset is in UTC."""
    if not isinstance(text, str):
        return None
    try:
        at = dt.datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
