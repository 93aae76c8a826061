"""Serving the emulator over real sockets."""

from __future__ import annotations

import contextlib
import email.utils
import functools
import socket
import threading
from typing import TYPE_CHECKING, Any, cast

import uvicorn

from hmsplan.emulator.app import ABORT, Application
from hmsplan.emulator.routes import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import Message, Receive, Scope, Send

    from hmsplan.emulator.emulator import Emulator

_START_TIMEOUT_S = 30


class _Sockets:
    """The application, with the extension that closes its connections, and the ``Date`` of its own clock."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            cycle = cast("Any", receive).__self__  # uvicorn's request, which knows its connection
            scope.setdefault("extensions", {})[ABORT] = cycle.transport.abort

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = _http_date(int(self._app.clock()))
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        await self._app(scope, receive, dated)


@functools.lru_cache(maxsize=8)
def _http_date(second: int) -> bytes:
    return email.utils.formatdate(second, usegmt=True).encode()


class _Server(uvicorn.Server):
    """A server that tells when it listens."""

    def __init__(self, emulator: Emulator, on_start: Callable[[], object]) -> None:
        config = uvicorn.Config(
            cast("Any", _Sockets(emulator.app)),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_start()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off for sockets that say they are TCP; with it every answer takes 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(128)
    return listening


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{PREFIX}"


def serve(
    emulator: Emulator, host: str = "127.0.0.1", port: int = 0, on_start: Callable[[str], object] = lambda _: None
) -> None:
    """Serve over HTTP until SIGINT or SIGTERM; port 0 takes a free one, *on_start* is told the base URL."""
    with _listen(host, port) as listening:
        _Server(emulator, lambda: on_start(_url(listening))).run(sockets=[listening])


@contextlib.contextmanager
def running(emulator: Emulator) -> Iterator[str]:
    """Serve over HTTP in a thread while the block runs; yields ``http://127.0.0.1:PORT/api/v1``."""
    started = threading.Event()
    with _listen("127.0.0.1", 0) as listening:
        server = _Server(emulator, started.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        if not started.wait(_START_TIMEOUT_S):
            raise RuntimeError("the emulator does not start")
        try:
            yield _url(listening)
        finally:
            server.should_exit = True
            thread.join()
