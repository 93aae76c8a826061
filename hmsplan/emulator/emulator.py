"""The emulator as a whole, and the operator's door into it."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Self

from hmsplan.emulator.app import Application, Record
from hmsplan.emulator.dashboard import Dashboard
from hmsplan.emulator.faults import Fault, FaultPlan
from hmsplan.emulator.inprocess import Transport
from hmsplan.emulator.settings import Settings
from hmsplan.emulator.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_DEFAULTS = Settings()


class Emulator(Dashboard):
    """The API in this process.

    Args:
        db: SQLite file in which everything is kept, or ":memory:".
        settings: the stance on the open questions.
        faults: what goes wrong.
        clock: Unix seconds.

    Attributes:
        app: the ASGI application.
        requests: every request so far, oldest first; a list that may be cleared.
    """

    def __init__(
        self,
        db: str | Path = ":memory:",
        settings: Settings = _DEFAULTS,
        faults: Sequence[Fault] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.app = Application(Store(db), settings, clock)
        super().__init__(self.app)
        self.inject(*faults)

    @property
    def settings(self) -> Settings:
        """The stance on the open questions."""
        return self.app.settings

    @property
    def requests(self) -> list[Record]:
        """Every request so far, oldest first."""
        return self.app.requests

    @property
    def writes(self) -> list[Record]:
        """Every request so far that was no GET."""
        return [record for record in self.app.requests if record.method != "GET"]

    def inject(self, *faults: Fault) -> None:
        """Replace the faults by others, whose counts start anew; none at all repairs everything."""
        self.app.faults = FaultPlan(faults)
        self.app.store.keep_past = self.app.store.keep_past or self.app.faults.keeps_past

    def transport(self) -> Transport:
        """Return a new httpx transport to this emulator."""
        return Transport(self.app)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.app.store.close()


def serve(
    emulator: Emulator, host: str = "127.0.0.1", port: int = 0, on_start: Callable[[str], None] | None = None
) -> None:
    """Serve over HTTP until SIGINT or SIGTERM; port 0 takes a free one, *on_start* is told the base URL."""
    from hmsplan.emulator.server import serve_app  # noqa: PLC0415 - uvicorn is needed for sockets only

    serve_app(emulator.app, host, port, on_start)


@contextlib.contextmanager
def running(emulator: Emulator) -> Iterator[str]:
    """Serve over HTTP in a thread while the block runs; yields ``http://127.0.0.1:PORT/api/v1``."""
    from hmsplan.emulator.server import running_app  # noqa: PLC0415 - uvicorn is needed for sockets only

    with running_app(emulator.app) as url:
        yield url
