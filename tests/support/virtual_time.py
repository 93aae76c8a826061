"""Time that passes only when everybody waits, so that a test of half an hour takes a moment.

A loop of ``run`` never sleeps: when nothing is left to do, its clock jumps to the next timer. Threads would spoil that,
so what goes to one runs at once. A loop in which nobody will ever wake up fails instead of hanging.
"""

from __future__ import annotations

import asyncio
import selectors
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

BEGINNING = 1_800_000_000.0
TURN_S = 1e-5
"""What one turn of a loop takes, so that whoever waits for less than a clock can tell gets on."""


class Clock:
    """Seconds since 1970, of the test's own world; kept from one ``run`` to the next."""

    def __init__(self) -> None:
        self.now = BEGINNING

    def __call__(self) -> float:
        return self.now


def run(main: Coroutine[Any, Any, T], clock: Clock) -> T:
    """Run *main* to its end on a loop that keeps the time of *clock*."""
    with asyncio.Runner(loop_factory=lambda: _Loop(clock)) as runner:
        return runner.run(main)


class _Selector(selectors.DefaultSelector):
    """Lets the clock jump in place of waiting."""

    clock: Clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        self.clock.now += TURN_S
        if not ready and timeout != 0:
            if timeout is None:
                msg = "everybody waits for ever"
                raise RuntimeError(msg)
            self.clock.now += timeout
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, clock: Clock) -> None:
        selector = _Selector()
        selector.clock = clock
        self._now = clock
        super().__init__(selector)
        self.set_default_executor(_AtOnce())
        self.set_exception_handler(_tell)

    def time(self) -> float:
        return self._now()

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 -- asyncio's
        """There is no thread to wait for, and waiting for one in real time would look like waiting for ever."""


def _tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Tell of an exception that nobody asked for, unless it is the end of a process, after which nobody asks."""
    error = context.get("exception")
    if error is None or isinstance(error, Exception):
        loop.default_exception_handler(context)


class _AtOnce(ThreadPoolExecutor):
    """Runs what it is given before it returns."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 -- whoever asked gets it
            future.set_exception(error)
        return future
