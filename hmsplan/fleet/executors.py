"""Where the tasks of a fleet are performed: processes of this machine, a Dask cluster, threads for tests.

The seam is ``concurrent.futures.Executor``. A task whose worker has died is performed again, by itself: a plan only
reads, and an apply goes on where the journal of the member's state ends. One that outlives no worker is a failure of
that member.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.connection import wait as wait_for_end
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from hmsplan import __version__
from hmsplan.errors import HmsplanError
from hmsplan.fleet import worker
from hmsplan.fleet.batch import perform_all
from hmsplan.fleet.cluster import DaskExecutor, NoCluster, address_of, perform_sent
from hmsplan.fleet.task import Operation, Result, Task
from hmsplan.model import Diagnostic
from hmsplan.output.diagnostics import diagnostics_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeAlias

    Submit: TypeAlias = Callable[[tuple[Task, ...]], Future[tuple[Result, ...]]]

PROCESSES: Final = "processes"
THREADS: Final = "threads"
AT_ONCE: Final = 16
"""Members of which one worker takes care side by side: most of their time is waiting for the API."""
_READ_ON_CLUSTER: Final = 32
"""The same on a cluster, of members that are only read: to send a task there costs as much as to plan two of them."""
_GARBAGE: Final = 50_000

_clusters: Final[list[tuple[DaskExecutor, str]]] = []
"""Those that work for this process, with the run they work for: a signal means them, too."""


@dataclass(frozen=True, slots=True)
class Workers:
    """How many there are, and of what kind.

    Attributes:
        kind: ``processes``, ``threads`` or ``dask://HOST:PORT``, the scheduler of a cluster.
        at_once: members that are taken care of at the same time; None = what suits the kind.
        run: tells the applies of this run from others on the same cluster.
    """

    kind: str = PROCESSES
    at_once: int | None = None
    run: str = field(default_factory=lambda: uuid4().hex)

    def __post_init__(self) -> None:
        if self.kind not in {PROCESSES, THREADS} and not self.is_cluster:
            raise HmsplanError(
                f"{self.kind!r} is not an executor. Write processes, threads or dask://HOST:PORT",
                summary="No such executor",
            )

    @property
    def words(self) -> list[str]:
        """What is typed to have the same ones."""
        kind = [] if self.kind == PROCESSES else ["--executor", self.kind]
        return kind if self.at_once is None else [*kind, "--parallel", str(self.at_once)]

    @property
    def is_cluster(self) -> bool:
        """Whether the work is done by a Dask cluster, and perhaps on other machines."""
        return address_of(self.kind) is not None

    def perform(
        self,
        tasks: Sequence[Task],
        *,
        starting: Callable[[Sequence[str]], object] = lambda _: None,
        ended: Callable[[Result], object] = lambda _: None,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> list[Result]:
        """Perform *tasks*, and return the results of those that were begun, sorted by member.

        Args:
            tasks: one a member, and what they have in common is one object.
            starting: told of the members whose tasks are about to be handed to a worker.
            ended: told of each result.
            is_stopped: asked before each batch; once it says so, no further one is begun.

        Raises:
            HmsplanError: there is no cluster, and nothing was begun.
        """
        found: list[Result] = []
        begun: dict[str, None] = {}
        if tasks:
            common = replace(tasks[0].common, reading=uuid4().hex)
            if self.is_cluster:
                common = replace(common, run=self.run, machine=worker.machine())
            tasks = [replace(each, common=common) for each in tasks]

        def start(names: Sequence[str]) -> None:
            begun.update(dict.fromkeys(names))
            starting(names)

        def end(results: Iterable[Result]) -> None:
            for result in results:
                found.append(result)
                ended(result)

        try:
            lost = self._in_batches(deque(tasks), start, end, is_stopped)
            lost = self._in_batches(deque(lost), start, end, lambda: False)  # what was begun is brought to its end
            end(self._one_by_one(lost))
        except NoCluster as error:
            if not begun:
                raise
            untold = _untold(error, tasks, found)
            end([result for result in untold if result.name in begun])
            if not is_stopped():
                end([result for result in untold if result.name not in begun])
        return sorted(found, key=lambda result: result.name)

    def _in_batches(
        self,
        waiting: deque[Task],
        start: Callable[[Sequence[str]], object],
        end: Callable[[Iterable[Result]], object],
        is_over: Callable[[], bool],
    ) -> list[Task]:
        """Perform tasks, and return those whose worker died."""
        lost: list[Task] = []
        while waiting and not is_over():
            with self._open(len(waiting), waiting[0].operation) as (submit, workers), _killing_on_interrupt():
                size = self._side_by_side(waiting, workers)
                for batch, results in _batches(submit, waiting, workers, size, start, is_over):
                    if results is None:
                        lost += batch
                    else:
                        end(results)
        return lost

    def _side_by_side(self, tasks: Sequence[Task], workers: int) -> int:
        """Return of how many members one worker takes care at the same time."""
        usual = _READ_ON_CLUSTER if self.is_cluster and tasks[0].operation is not Operation.APPLY else AT_ONCE
        return max(1, min((self.at_once or usual * workers) // workers, -(-len(tasks) // workers)))

    def _one_by_one(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """Perform tasks with no other beside them, to find the one by which the worker dies."""
        for task in tasks:
            try:
                with self._open(1, task.operation) as (submit, _):
                    yield submit((task,)).result()[0]
            except BrokenExecutor:
                yield _died(task)

    @contextmanager
    def _open(self, most: int, operation: Operation) -> Iterator[tuple[Submit, int]]:
        """Start no more than *most* workers; yield what sends them tasks, and how many they are."""
        if self.is_cluster:
            with DaskExecutor(self.kind) as cluster:
                _clusters.append((cluster, self.run))
                try:
                    submit = partial(cluster.submit, perform_sent, __version__)
                    yield submit, min(self._limit(cluster.workers), most)
                finally:
                    _clusters.remove((cluster, self.run))
            return
        workers = min(self._limit(_cores()), most)
        executor: Executor
        if self.kind == THREADS:
            executor = ThreadPoolExecutor(workers, thread_name_prefix="worker")
        else:
            from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 -- threads need none of it

            context = multiprocessing.get_context("fork" if is_copied(operation) else "spawn")
            executor = ProcessPoolExecutor(workers, context, _begin_worker)
        with executor:
            yield (lambda tasks: executor.submit(perform_all, tasks)), workers

    def _limit(self, workers: int) -> int:
        return workers if self.at_once is None else min(workers, self.at_once)


def _batches(
    submit: Submit,
    waiting: deque[Task],
    workers: int,
    size: int,
    starting: Callable[[Sequence[str]], object],
    is_stopped: Callable[[], bool],
) -> Iterator[tuple[tuple[Task, ...], tuple[Result, ...] | None]]:
    """Take *size* tasks at a time from *waiting*, and yield them with their results; None where the worker died."""
    running: dict[Future[tuple[Result, ...]], tuple[Task, ...]] = {}
    is_broken = False
    while True:
        while waiting and len(running) < workers and not is_broken and not is_stopped():
            batch = tuple(waiting.popleft() for _ in range(min(size, len(waiting))))
            starting([task.member.name for task in batch])
            try:
                running[submit(batch)] = batch
            except BrokenExecutor:
                is_broken = True
                yield batch, None
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            batch = running.pop(future)
            try:
                results = future.result()
            except BrokenExecutor:
                is_broken = True
                yield batch, None
            else:
                yield batch, results


@contextmanager
def _killing_on_interrupt() -> Iterator[None]:
    """End the workers at once where Ctrl-C ends the run; an apply has a handler of its own, and none comes here."""
    try:
        yield
    except KeyboardInterrupt:
        kill_workers()
        raise


def _untold(error: NoCluster, tasks: Iterable[Task], found: Iterable[Result]) -> list[Result]:
    """Return a result that says why for each task without one."""
    told = {result.name for result in found}
    names = [task.member.name for task in tasks if task.member.name not in told]
    return [Result(name, error.exit_code, tuple(diagnostics_of(error))) for name in names]


def _died(task: Task) -> Result:
    detail = (
        f"The worker process of {task.member.name} died three times, the last time while it ran this member alone. "
        "Check the memory of the machine, or run the member by itself."
    )
    return Result(task.member.name, 1, (Diagnostic("Worker died", detail),))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def is_copied(operation: Operation) -> bool:
    """Say whether a worker may be a copy of this process, which has all modules at hand and begins at once.

    A copy has none of the threads of its original, whose locks nobody would open, those that a library began by itself
    included; and it shares the connections and the locked files of its original, which an apply has.
    """
    if operation is Operation.APPLY or sys.platform != "linux" or "psycopg" in sys.modules:
        return False
    return len([*Path("/proc/self/task").iterdir()]) == 1


def _begin_worker() -> None:
    """Prepare a worker process: it ends with its parent, leaves Ctrl-C to it, and logs nothing.

    Log lines of many members would be mixed, and without the names of the members.
    """
    logging.disable(logging.CRITICAL)
    gc.freeze()  # the collector need not look at modules again and again,
    gc.set_threshold(_GARBAGE)  # nor often at what is in use: little of a member is in circles
    gc.enable()  # a command has it off
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # httpx then does without its own command line
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _: worker.stop_all(number))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process at once when the one that began it has ended.

    A kill at any moment is safe, and a worker without a parent would hold locks for ever.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for_end([parent.sentinel])
        _kill(_below(os.getpid()))
        os._exit(1)


def _below(pid: int) -> Iterator[int]:
    """Yield the programs that a worker runs, for secrets or policies, the deepest first; on Linux only."""
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, file.read_text("ascii").split()):
                yield from _below(child)
                yield child


def _kill(pids: Iterable[int]) -> None:
    """End programs that ignore Ctrl-C as the worker does that began them."""
    for pid in pids:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def stop_workers(number: int) -> None:
    """Ask the applies of all workers to start nothing more."""
    worker.stop_all(number)
    for cluster, run in tuple(_clusters):
        cluster.stop(number, run)
    for child in multiprocessing.active_children():
        child.terminate()


def kill_workers() -> None:
    """End all worker processes of this machine at once, and what they run; elsewhere than on Linux the latter stays."""
    for child in multiprocessing.active_children():
        programs = [*_below(child.pid)] if child.pid is not None else []
        child.kill()
        _kill(programs)
