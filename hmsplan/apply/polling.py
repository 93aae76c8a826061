"""The grace time: how long a list may lag behind what was written, and looking again until it is over."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

POLLS_S: Final = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Seconds between two looks, the last one again and again."""


@dataclass(frozen=True, slots=True)
class Polling:
    """How long to look again, and how to wait in between.

    Attributes:
        seconds: that an object may take to show up as it was written.
        stopping: returns whether the run has been asked to stop.
    """

    seconds: float
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[Any]]
    stopping: Callable[[], bool]

    async def looks(self) -> AsyncIterator[bool]:
        """Yield for every look, the first one at once; leave the loop when it shows what you look for.

        Yields:
            whether the grace time is over: this is the last look, and it proves. A run that is asked to stop ends
            without it.
        """
        deadline = self.clock() + self.seconds
        for attempt in itertools.count():
            left_s = deadline - self.clock()
            yield left_s <= 0
            if left_s <= 0 or self.stopping():
                return
            await self.sleep(min(POLLS_S[min(attempt, len(POLLS_S) - 1)], left_s))
