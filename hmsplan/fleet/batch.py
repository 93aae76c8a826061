"""Tasks of several members, performed side by side in one process: what a worker is sent."""

from __future__ import annotations

import asyncio
import functools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from hmsplan.fleet import worker
from hmsplan.fleet.files import SharedFiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmsplan.fleet.task import Result, Task


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
        await asyncio.sleep(0)  # it works on its files now, and what has come for the others is read before the next
    return tuple(await asyncio.gather(*begun))


@functools.lru_cache(maxsize=1)
def _files_of(reading: str) -> SharedFiles:  # noqa: ARG001 -- tells this one from the next
    """Return the files of all members that are planned together or applied in one wave.

    Each of them is planned from the same state of the files; the next wave reads them again.
    """
    return SharedFiles()
