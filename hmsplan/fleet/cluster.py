"""A Dask cluster as an executor; its library is an extra, loaded only for ``--executor dask://HOST:PORT``.

A task travels as it does to a process. The cluster sees a name made of chance, and values without a key: what performs
the task reads the key by name, from the environment of the Dask worker or from a source of secrets.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import BrokenExecutor, Executor, Future
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

from hmsplan import __version__
from hmsplan.errors import HmsplanError
from hmsplan.fleet import worker
from hmsplan.fleet.batch import perform_all
from hmsplan.fleet.task import Result
from hmsplan.model import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from distributed import Client
    from distributed import Future as Sent

    from hmsplan.fleet.task import Task

SCHEME: Final = "dask"
_LIBRARY: Final = "distributed"
_CONNECT_S: Final = 10.0
_LOOK_S: Final = 1.0
_EMPTY_LOOKS: Final = 30
"""Looks without a single worker after which no other one is waited for: a worker that died has then been replaced."""


class NoDask(HmsplanError):
    """What talks to a cluster is not installed."""

    summary = "Not installed"

    def __init__(self) -> None:
        super().__init__(f"{_LIBRARY}, which talks to a Dask cluster, is missing. Type:\n  pip install 'hmsplan[dask]'")


class NoCluster(HmsplanError):
    """The cluster cannot do the work."""

    summary = "No Dask cluster"


def address_of(url: str) -> str | None:
    """Return ``HOST:PORT`` of ``dask://HOST:PORT``; None when *url* is none of these."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme == SCHEME and parts.hostname and parts.port
    except ValueError:
        return None
    return parts.netloc if is_one and url == f"{SCHEME}://{parts.netloc}" and "@" not in parts.netloc else None


class DaskExecutor(Executor):
    """Performs tasks on the workers of a cluster.

    Attributes:
        workers: how many there are.
    """

    def __init__(self, url: str) -> None:
        """Connect.

        Raises:
            NoDask: the extra is not installed.
            NoCluster: no scheduler answers there, or it has no worker.
        """
        if find_spec(_LIBRARY) is None:
            raise NoDask
        self._url = url
        self._client = _connected(url)
        self._waiting: dict[Future[Any], Sent[Any]] = {}
        self._is_over = threading.Event()
        try:
            self._client.wait_for_workers(1, timeout=_CONNECT_S)
        except TimeoutError:
            self._client.close()
            raise NoCluster(f"The scheduler at {url} has no worker. Start one, and run again.") from None
        self.workers = len(self._client.nthreads())
        threading.Thread(target=self._look, daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Send one task; when the worker has died over it too often, the future raises ``BrokenExecutor``."""
        handed: Future[Any] = Future()
        handed.set_running_or_notify_cancel()
        key = f"members-{uuid4().hex}"  # shown on every page of the scheduler
        sent = self._client.submit(fn, *args, **kwargs, key=key, pure=False)
        self._waiting[handed] = sent
        sent.add_done_callback(lambda done: self._hand_over(done, handed))
        return handed

    def stop(self, number: int, run: str) -> None:
        """Ask the applies of this run to start nothing more; may be called from the handler of a signal."""
        asking = {"on_error": "ignore", "wait": False}
        threading.Thread(target=self._client.run, args=(worker.stop_all, number, run), kwargs=asking).start()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002 -- of Executor
        """Let go of the cluster. What a worker has begun there is finished."""
        self._is_over.set()
        self._client.close()

    def _hand_over(self, sent: Sent[Any], handed: Future[Any]) -> None:
        from distributed import KilledWorker  # noqa: PLC0415 -- an extra

        if self._waiting.pop(handed, None) is None:
            return
        if sent.status == "finished":
            handed.set_result(sent.result())
        elif sent.status == "error" and not isinstance(error := sent.exception(), KilledWorker):
            handed.set_exception(NoCluster(_unable(error)))
        else:  # also: cancelled, because the scheduler is gone
            handed.set_exception(BrokenExecutor())

    def _look(self) -> None:
        """Give up what waits when the cluster has had no worker for a while."""
        empty = 0
        while not self._is_over.wait(_LOOK_S):
            try:
                empty = 0 if self._client.nthreads() else empty + 1
            except Exception:  # noqa: BLE001 -- the scheduler is gone, in one of many ways
                empty += 1
            if empty >= _EMPTY_LOOKS:
                for handed in list(self._waiting):
                    if self._waiting.pop(handed, None) is not None:
                        handed.set_exception(BrokenExecutor())


def _connected(url: str) -> Client:
    import dask  # noqa: PLC0415 -- an extra
    from distributed import Client  # noqa: PLC0415 -- an extra

    logging.getLogger(_LIBRARY).setLevel(logging.CRITICAL)  # what goes wrong is told by us
    is_encrypted = dask.config.get("distributed.comm.tls.ca-file", None)
    address = f"{'tls' if is_encrypted else 'tcp'}://{address_of(url)}"
    try:
        return Client(address, timeout=_CONNECT_S, set_as_default=False, name="hmsplan")
    except (OSError, ValueError) as error:
        raise NoCluster(
            f"No Dask scheduler answers at {url} ({type(error).__name__}). Start one there, or name another."
        ) from None


def _unable(error: BaseException | None) -> str:
    what = f"module {error.name}" if isinstance(error, ImportError) else type(error).__name__
    return (
        f"The cluster cannot run the work ({what}). Install hmsplan[dask] {__version__}, the version of this run, on "
        "its scheduler and on each worker."
    )


def perform_sent(version: str, tasks: Sequence[Task]) -> tuple[Result, ...]:
    """Perform tasks on a worker of a cluster, if it would do what was asked for."""
    if version == __version__:
        return perform_all(tasks)
    told = Diagnostic(
        "Other version on the worker",
        f"The Dask worker has hmsplan {__version__}, and this run uses {version}. Install {version} there.",
    )
    return tuple(Result(task.member.name, 1, (told,)) for task in tasks)
