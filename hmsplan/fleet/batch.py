"""Tasks of several members, performed side by side in one process: what a worker is sent."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Final

from hmsplan.fleet import worker
from hmsplan.fleet.files import SharedFiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from hmsplan.fleet.task import Result, Task

_SAMPLE_S: Final = 0.005
_BUSY: Final = 0.4  # of a core; on a machine with other work a process never gets all of one
_ROOM_AFTER_S: Final = 1.0


def perform_all(tasks: Sequence[Task]) -> tuple[Result, ...]:
    """Perform tasks of several members side by side, and return their results in the same order.

    Each has a thread and an event loop of its own: one that hangs holds up no other one.
    """
    begun: list[Future[Result]] = []
    files = SharedFiles()
    with ThreadPoolExecutor(len(tasks), thread_name_prefix="member") as threads:
        for task in tasks:
            begun.append(threads.submit(worker.perform, task, files))
            _wait_for_room([each for each in begun if not each.done()])
        return tuple(each.result() for each in begun)


def _wait_for_room(running: Sequence[Future[Result]]) -> None:
    """Return when one of *running* has ended, this process has time to spare, or enough was waited.

    Members share one interpreter. Where the API is near, sixteen that compete for it take a third longer than a few
    that have it for themselves; where it is far, they wait for it most of the time, and all of them begin at once.
    """
    until = time.monotonic() + _ROOM_AFTER_S
    while running and time.monotonic() < until:
        began, used = time.monotonic(), time.process_time()
        if wait(running, _SAMPLE_S, FIRST_COMPLETED).done:
            return
        if time.process_time() - used < _BUSY * (time.monotonic() - began):
            return
