"""Rate limits: how many requests a key has left, and the headers that say so."""

from __future__ import annotations

import email.utils
import math
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmsplan.emulator.answers import RefusalError

if TYPE_CHECKING:
    from hmsplan.emulator.settings import Settings


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a limit after a request.

    Attributes:
        limit: requests a window.
        remaining: requests left in it.
        reset: Unix seconds at which the next request is surely possible.
        refused: this request was one too many.
    """

    limit: int
    remaining: int
    reset: int
    refused: bool

    def headers(self) -> dict[str, str]:
        """Return the headers that every answer carries."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }


class Limiter:
    """Counts requests by name, in fixed or sliding windows; kept in memory, as a gateway keeps it.

    Args:
        limit: requests a window; None counts nothing and refuses nothing.
        window_s: length of the window in seconds.
        sliding: every request leaves the window *window_s* after it came, instead of all at once.
    """

    UNLIMITED = 1_000_000
    """The limit that headers show when there is none."""

    def __init__(self, limit: int | None, window_s: float, *, sliding: bool) -> None:
        self.limit = limit
        self.window_s = window_s
        self.sliding = sliding
        self._times: defaultdict[str, deque[float]] = defaultdict(deque)

    def take(self, name: str | None, now: float) -> Standing:
        """Count one request and tell whether it may pass; what has no name is not counted."""
        if self.limit is None or name is None:
            limit = self.limit or self.UNLIMITED
            return Standing(limit, limit, math.ceil(now + self.window_s), refused=False)
        times = self._times[name]
        start = now - self.window_s if self.sliding else math.floor(now / self.window_s) * self.window_s
        while times and (times[0] <= start if self.sliding else times[0] < start):
            times.popleft()
        refused = len(times) >= self.limit
        if not refused:
            times.append(now)
        first = times[0] if self.sliding and times else start
        return Standing(self.limit, self.limit - len(times), math.ceil(first + self.window_s), refused)


def too_many(settings: Settings, standing: Standing, now: float) -> RefusalError:
    """Refuse a request over the limit, and say when to come back."""
    wait_s = max(1, standing.reset - math.floor(now))
    header = str(wait_s) if settings.retry_after == "seconds" else email.utils.formatdate(now + wait_s, usegmt=True)
    return RefusalError(429, "Rate limit exceeded", extra={"retry_after": wait_s}, headers={"Retry-After": header})
