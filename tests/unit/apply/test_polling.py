"""Looking again until the grace time is over."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from hmsplan.apply.polling import POLLS_S, Polling


class Watch:
    """Looks that take some time, on a clock that moves with them and with every sleep."""

    def __init__(self, seconds: float, *, look_s: float = 0.0, stops_at: int | None = None) -> None:
        self.now, self.look_s, self.stops_at = 100.0, look_s, stops_at
        self.begun: list[float] = []
        self.last: list[bool] = []
        self.grace = Polling(seconds, lambda: self.now, self.sleep, lambda: len(self.begun) == self.stops_at)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def main(self) -> None:
        async for is_last in self.grace.looks():
            self.begun.append(self.now - 100.0)
            self.last.append(is_last)
            self.now += self.look_s


def looked(seconds: float, *, look_s: float = 0.0, stops_at: int | None = None) -> Watch:
    watch = Watch(seconds, look_s=look_s, stops_at=stops_at)
    asyncio.run(watch.main())
    return watch


@pytest.mark.parametrize("look_s", [0.0, 0.3, 7.0])
def test_the_last_look_begins_when_the_grace_time_is_over(look_s: float) -> None:
    """Only then does what it lacks prove anything, however long a look takes."""
    watch = looked(10.0, look_s=look_s)
    assert watch.begun[-1] >= 10.0
    assert watch.last == [False] * (len(watch.last) - 1) + [True]
    assert all(begun < 10.0 for begun in watch.begun[:-1])


def test_looks_get_rarer() -> None:
    """An object mostly shows up at once, and a slow list is not asked more often than it helps."""
    waits = [later - earlier for earlier, later in pairwise(looked(30.0).begun)]
    assert waits[:5] == list(POLLS_S)
    assert max(waits) == POLLS_S[-1]


def test_without_a_grace_time_there_is_one_look() -> None:
    assert looked(0.0).last == [True]


def test_a_run_that_is_stopped_looks_no_more() -> None:
    """And it has not proven anything."""
    assert looked(30.0, stops_at=2).last == [False, False]
