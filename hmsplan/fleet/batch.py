"""Tasks of several members, performed side by side in one process: what a worker is sent."""

from __future__ import annotations

import asyncio
import functools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from hmsplan.fleet import worker
from hmsplan.fleet.files import SharedFiles

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hmsplan.fleet.task import Result, Task

_SAMPLE_S: Final = 0.005
_BUSY: Final = 0.4  # of a core; on a machine with other work a process never gets all of one
_ROOM_AFTER_S: Final = 1.0


def perform_all(tasks: Sequence[Task]) -> tuple[Result, ...]:
    """Perform tasks of several members side by side, and return their results in the same order.

    Those that wait for nothing but the API share one event loop. Each other one has a thread and a loop of its own, so
    that one which hangs holds up no other.
    """
    return asyncio.run(_side_by_side(tasks))


async def _side_by_side(tasks: Sequence[Task]) -> tuple[Result, ...]:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(len(tasks), thread_name_prefix="member"))
    files = _files_of(tasks[0].common.reading)
    begun: list[asyncio.Task[Result]] = []
    for task in tasks:
        begun.append(asyncio.create_task(worker.perform(task, files)))
        await _room([each for each in begun if not each.done()])
    return tuple(await asyncio.gather(*begun))


@functools.lru_cache(maxsize=1)
def _files_of(reading: str) -> SharedFiles:  # noqa: ARG001 -- tells this one from the next
    """Return the files of all members that are planned together, or applied in one wave; the next wave reads them anew.

    So a plan of a fleet is of one state of them, as far as one process makes it.
    """
    return SharedFiles()


async def _room(running: Collection[asyncio.Task[Result]]) -> None:
    """Return when one of *running* has ended, this process has time to spare, or enough was waited.

    Where the API is near, members compete for one interpreter, and a few at a time keep it busy; where it is far, they
    wait for it most of the time, and all of them begin at once.
    """
    until = time.monotonic() + _ROOM_AFTER_S
    while running and time.monotonic() < until:
        began, used = time.monotonic(), time.process_time()
        ended, _ = await asyncio.wait(running, timeout=_SAMPLE_S, return_when=asyncio.FIRST_COMPLETED)
        if ended or time.process_time() - used < _BUSY * (time.monotonic() - began):
            return
