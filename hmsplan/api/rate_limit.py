"""When the next request may be sent: the API's rate limit, kept before it has to say 429.

"100 requests a minute per key. Every answer carries X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset (Unix
seconds). The window (fixed or sliding) is unknown." (API notes, 1). So nothing here assumes a window:

- What an answer says is left (``Remaining``), less the requests still in flight, is what may be sent. An answer that
  was counted later than the one we know takes its place; a later ``Reset`` tells which is later, under both windows.
  Among answers with one ``Reset`` the smallest ``Remaining`` counts. Other users of the key are counted too, then.
- When nothing is left, we wait for ``Reset``. What is free then differs (all of it, or one request), so one request
  goes ahead alone, and its answer says how much may follow. That costs one round trip a window, and never a 429.
- After a 429 all wait, as long as it says or longer each time, and again one goes ahead alone. Without the headers
  nothing is held back until a 429, and everything goes one at a time after it.
"""

from __future__ import annotations

import asyncio
import email.utils
import logging
import math
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

_LOG: Final = logging.getLogger("hmsplan.api")

LONGEST_WAIT_S: Final = 120.0
"""No header makes us wait longer; absurd values are cut to this."""

HELD_S: Final = 1.0
"""A shorter wait spaces requests out; a longer one holds a run up."""

_ROUNDING_S: Final = 1.0  # Reset comes in whole seconds, and whether it is rounded down is unknown
_PLAUSIBLE_S: Final = 86_400.0  # a Reset further away than a day is not Unix seconds
_SKEW_S: Final = 60.0  # Date is cut to seconds and an answer takes its time; less is no wrong clock


class Pacer:
    """The one limiter of a key. Reserves before sending: ``admit``, send, then ``settle`` whatever happened.

    What was admitted and is not sent after all is given back by ``withdraw`` instead.

    Args:
        clock: seconds that only grow.
        wall: Unix seconds, our own; used while no answer had a ``Date``.
        sleep: as ``asyncio.sleep``.
        random: 0 to 1, for the jitter of waits that no answer asked for.
        on_wait: told the seconds of each wait for the rate limit as it begins.
        on_skew: told once the seconds by which our clock is ahead of the API's, when that is more than a minute.

    Attributes:
        held_until: clock reading when the last wait of ``HELD_S`` or more ended.
        waited_s: seconds spent waiting for the rate limit; several requests waiting together count once.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        wall: Callable[[], float],
        sleep: Callable[[float], Awaitable[Any]],
        random: Callable[[], float],
        on_wait: Callable[[float], None] | None = None,
        on_skew: Callable[[float], None] | None = None,
    ) -> None:
        self.waited_s = 0.0
        self.held_until = -math.inf
        self._clock, self._wall, self._sleep, self._random, self._on_wait = clock, wall, sleep, random, on_wait
        self._on_skew = on_skew
        self._turn = asyncio.Lock()
        self._answered = asyncio.Event()
        self._in_flight = 0
        self._remaining: int | None = None  # None: nothing is known, nothing is held back
        self._reset: float | None = None  # Unix seconds of the server
        self._viewed = -math.inf  # when the view arrived, our clock
        self._closed_until = -math.inf  # our clock; after a 429
        self._refusals = 0  # times we closed since the last answer that was no 429
        self._ahead: float | None = None  # server time less our clock, never more than it truly is
        self._date = ""  # the Date header that said so

    async def admit(self, until: float = math.inf) -> None:
        """Wait for a free request and reserve it.

        Args:
            until: clock reading after which waiting makes no sense.

        Raises:
            TimeoutError: it would be free only after *until*; nothing is reserved.
        """
        async with self._turn:
            while True:
                wait_s = self._wait_s()
                if self._clock() + (wait_s or 0.0) > until:
                    raise TimeoutError
                if wait_s is None:
                    self._answered.clear()
                    await self._answered.wait()
                elif wait_s > 0:
                    await self._rest(wait_s)
                else:
                    break
            self._in_flight += 1

    def withdraw(self) -> None:
        """Give a reservation back of which nothing was sent, so that nothing counted."""
        self._in_flight -= 1
        self._answered.set()

    def settle(self, headers: Mapping[str, str] | None = None, *, refused: bool = False) -> None:
        """Give the reservation back and learn from the answer.

        Args:
            headers: of the answer; None when there was none, and the request may or may not have counted.
            refused: it was a 429, which does not count.
        """
        now = self._clock()
        self._in_flight -= 1
        self._answered.set()
        self._learn_date(headers, now)
        if refused:
            return
        self._refusals = 0
        remaining = _number(headers, "x-ratelimit-remaining")
        if remaining is not None:
            self._learn(max(0, int(remaining)), self._plausible_reset(headers, now), now)
        elif self._remaining is not None:
            self._remaining = max(0, self._remaining - 1)

    def close(self, asked_s: float | None) -> None:
        """Let nothing through for a while, and after that one request first: there was a 429.

        Args:
            asked_s: what ``retry_after`` said; from the second 429 in a row on, the wait is at least our own.
        """
        now = self._clock()
        if now >= self._closed_until:  # else it is of the same salvo
            self._refusals += 1
        own_s = backoff(self._refusals, self._random, longest_s=32.0) if asked_s is None or self._refusals > 1 else 0.0
        self._closed_until = max(self._closed_until, now + max(asked_s or 0.0, own_s))
        self._remaining, self._reset, self._viewed = 0, None, now

    def retry_after(self, headers: Mapping[str, str], body: Any = None) -> float | None:
        """Read how long the server asks to wait.

        "A 429 adds Retry-After in seconds; the SDK also reads an HTTP date. The body of a 429 may hold retry_after."

        Returns:
            seconds, at most ``LONGEST_WAIT_S``; None when nothing usable was said (negative, not a number, past).
        """
        wait_s = _number(headers, "retry-after")
        if wait_s is None and (at := _http_date(headers.get("retry-after"))) is not None:
            wait_s = at - self._server_time(self._clock())
        if wait_s is None or wait_s <= 0:
            said = body.get("retry_after") if isinstance(body, dict) else None
            wait_s = _finite(said)
        if wait_s is None or wait_s <= 0:
            wait_s = self._until_reset(headers)
        return min(wait_s, LONGEST_WAIT_S) if wait_s is not None and wait_s > 0 else None

    def _until_reset(self, headers: Mapping[str, str]) -> float | None:
        now = self._clock()
        reset = None if _number(headers, "x-ratelimit-remaining") else self._plausible_reset(headers, now)
        return self._opens(reset) - now if reset is not None else None

    def _wait_s(self) -> float | None:
        """Return 0 to go, seconds to wait, or None to wait for an answer to what is in flight."""
        now = self._clock()
        if now < self._closed_until:
            return self._closed_until - now
        if self._remaining is None or self._remaining > self._in_flight:
            return 0.0
        if self._in_flight:
            return None
        if self._reset is None:
            return 0.0
        return max(0.0, min(self._opens(self._reset), self._viewed + LONGEST_WAIT_S) - now)

    def _learn(self, remaining: int, reset: float | None, now: float) -> None:
        if self._remaining is not None and self._reset is not None and reset is not None and reset <= self._reset:
            if reset < self._reset - _ROUNDING_S:
                return  # counted before the answer we know, so it is in there already
            remaining, reset = min(remaining, self._remaining), self._reset
        self._remaining, self._reset, self._viewed = remaining, reset, now

    def _learn_date(self, headers: Mapping[str, str] | None, now: float) -> None:
        """Correct for the skew of our clock: ``Date`` is cut to seconds, so the largest difference is nearest."""
        text = headers.get("date") if headers is not None else None
        if text is None or text == self._date:
            return
        self._date, at = text, _http_date(text)
        if at is not None and self._ahead is None:
            self._tell_skew(self._wall() - at)
        if at is not None and (self._ahead is None or at - now > self._ahead):
            self._ahead = at - now

    def _tell_skew(self, skew_s: float) -> None:
        if self._on_skew is not None and abs(skew_s) > _SKEW_S:
            self._on_skew(skew_s)

    def server_now(self) -> float:
        """Return Unix seconds by the API's clock; by our own until an answer had a ``Date``."""
        return self._server_time(self._clock())

    def server_latest(self) -> float:
        """Return the same, or what it may be later: a ``Date`` has whole seconds."""
        return self.server_now() + (_ROUNDING_S if self._ahead is not None else 0.0)

    def _server_time(self, now: float) -> float:
        return now + self._ahead if self._ahead is not None else self._wall()

    def _plausible_reset(self, headers: Mapping[str, str] | None, now: float) -> float | None:
        reset = _number(headers, "x-ratelimit-reset")
        return reset if reset is not None and abs(reset - self._server_time(now)) < _PLAUSIBLE_S else None

    def _opens(self, reset: float) -> float:
        """Return the clock reading at which *reset* has surely passed on the server."""
        now = self._clock()
        return now + reset - self._server_time(now) + (_ROUNDING_S if reset == int(reset) else 0.0)

    async def _rest(self, wait_s: float) -> None:
        if self._on_wait is not None:
            self._on_wait(wait_s)
        _LOG.debug("waits %.1f s for the rate limit", wait_s)
        start = self._clock()
        await self._sleep(wait_s)
        if wait_s >= HELD_S:
            self.held_until = self._clock()
        self.waited_s += self._clock() - start


def backoff(failures: int, random: Callable[[], float], *, longest_s: float = 8.0) -> float:
    """Return the seconds to wait after the n-th failure: full jitter below 1, 2, 4, 8 s.

    "falls back to 1, 2, 4, 8 s without the header" is what the SDK does for a 429.
    """
    return random() * min(longest_s, 2.0 ** (failures - 1))


def _number(headers: Mapping[str, str] | None, name: str) -> float | None:
    return _finite(headers.get(name)) if headers is not None else None


def _finite(value: Any) -> float | None:
    if value is None or isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _http_date(text: str | None) -> float | None:
    """Read an HTTP date as Unix seconds; None for anything else."""
    if not text or "," not in text:
        return None
    try:
        at = email.utils.parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
