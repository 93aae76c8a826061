"""When campaigns call, in the time of those who are called, and when the law lets them."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from importlib.resources import files
from math import ceil
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from hmsplan.kinds import time_zones

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

Span: TypeAlias = tuple[int, int]
"""Minutes of a day: from, and until."""

DAY: Final = 24 * 60


class Window(NamedTuple):
    """When a campaign calls each day.

    Attributes:
        begin, end: minutes since midnight; *end* is after *begin*.
        zone: one that there is.
    """

    begin: int
    end: int
    zone: str

    @property
    def length(self) -> int:
        """Minutes a day."""
        return self.end - self.begin


class Hours(NamedTuple):
    """When a country allows marketing calls, in its own time.

    Attributes:
        holidays: calls are allowed on public holidays.
        law: which says so, with the day on which it was looked up.
    """

    weekdays: tuple[Span, ...]
    saturday: tuple[Span, ...]
    sunday: tuple[Span, ...]
    holidays: bool
    law: str


def times(campaign: Resource) -> tuple[int, int] | None:
    """Return when a campaign begins and ends to call; None where it does not say both."""
    begin, end = campaign.spec.get("schedule_start_time"), campaign.spec.get("schedule_end_time")
    return (_minutes(begin), _minutes(end)) if isinstance(begin, str) and isinstance(end, str) else None


def window(campaign: Resource) -> Window | None:
    """Return the window of a campaign; None for one that is empty, goes over midnight, or is not said."""
    found, zone = times(campaign), campaign.spec.get("timezone")
    if found is None or not isinstance(zone, str) or zone not in time_zones.names() or found[0] >= found[1]:
        return None
    return Window(*found, zone)


def calling_window(campaign: Resource) -> Window | None:
    """Return the window of a campaign that may still call; None for one that is over, and as for ``window``."""
    return None if is_over(campaign) else window(campaign)


def days_needed(minutes: float, window: Window) -> int:
    """Return how many days a campaign calls that needs *minutes*, one call at a time.

    "Concurrency is not documented", so there may be more at once, and it ends earlier.
    """
    return max(ceil(minutes / window.length), 1)


def last_day(minutes: float, window: Window, now: float) -> str:
    """Return the day, in the zone of *window*, on which a campaign is over that needs *minutes* from *now* on."""
    today = dt.datetime.fromtimestamp(now, dt.UTC)
    local = today + dt.timedelta(minutes=time_zones.minutes_from_utc(window.zone, today.date()))
    passed = local.hour * 60 + local.minute
    rest = minutes - max(window.end - max(window.begin, passed), 0)
    return (local.date() + dt.timedelta(days=days_needed(rest, window) if rest > 0 else 0)).isoformat()


def is_over(campaign: Resource) -> bool:
    """Say whether a campaign is declared to make no more calls."""
    return campaign.spec.get("status") == "cancelled"


def zones_reached(window: Window, country: str) -> Sequence[str]:
    """Return the zones in which its people are called: its own if it is of that country, or else all of them."""
    zones = time_zones.of_country(country)
    return (window.zone,) if window.zone in zones else zones


def local(window: Window, zone: str, view: View) -> tuple[Span, ...]:
    """Return a window in the time of another zone, today; two spans where it goes over midnight there."""
    ahead = time_zones.minutes_from_utc(zone, view.today) - time_zones.minutes_from_utc(window.zone, view.today)
    begin = (window.begin + ahead) % DAY
    end = begin + window.length
    return ((begin, end),) if end <= DAY else ((begin, DAY), (0, end - DAY))


def outside(spans: Iterable[Span], allowed: Iterable[Span]) -> tuple[Span, ...]:
    """Return the parts of *spans* that are not within *allowed*."""
    left = list(spans)
    for begin, end in allowed:
        left = [
            part
            for start, stop in left
            for part in ((start, min(stop, begin)), (max(start, end), stop))
            if part[0] < part[1]
        ]
    return tuple(left)


def told(spans: Iterable[Span]) -> str:
    """Write spans as people do: ``09:00 to 13:00 and 14:00 to 20:00``."""
    return " and ".join(f"{_clock(begin)} to {_clock(end)}" for begin, end in spans)


def allowed_in(country: str) -> Hours | None:
    """Return when the law of a country allows marketing calls; None where we know of none."""
    return _table().get(country)


@cache
def _table() -> Mapping[str, Hours]:
    found = json.loads(files("hmsplan.lint").joinpath("calling_hours.json").read_text("utf-8"))
    return {
        country: Hours(
            _spans(each["weekdays"]),
            _spans(each["saturday"]),
            _spans(each["sunday"]),
            each["holidays"],
            f"{each['law']}, looked up on {found['looked_up']}",
        )
        for country, each in found["countries"].items()
    }


def _spans(written: Iterable[Sequence[str]]) -> tuple[Span, ...]:
    return tuple((_minutes(begin), _minutes(end)) for begin, end in written)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")[:2]
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
