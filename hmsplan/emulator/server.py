"""Serving the emulator over real sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from hmsplan.emulator.app import ABORT, Application
from hmsplan.emulator.routes import PREFIX

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

    from starlette.types import Receive, Scope, Send

_Ends = tuple[tuple[str, int], tuple[str, int]]

_transports: dict[_Ends, asyncio.Transport] = {}
"""Open connections by the addresses of their ends, client first, so that the application can close one."""

_START_TIMEOUT_S = 30


class _Protocol(H11Protocol):
    """HTTP over a connection that the application can find."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        _transports[_ends(transport)] = transport
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        _transports.pop(_ends(self.transport), None)
        super().connection_lost(exc)


class _Sockets:
    """The application, with the extension that closes its connections."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("extensions", {})[ABORT] = lambda: _abort((tuple(scope["client"]), tuple(scope["server"])))
        await self._app(scope, receive, send)


def _ends(transport: asyncio.Transport) -> _Ends:
    return tuple(transport.get_extra_info("peername")[:2]), tuple(transport.get_extra_info("sockname")[:2])


def _abort(ends: _Ends) -> None:
    transport = _transports.get(ends)
    if transport is not None:
        transport.abort()


class _Server(uvicorn.Server):
    """A server that tells when it listens, and leaves the process's signals to the process if asked."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None], *, signals: bool) -> None:
        super().__init__(config)
        self._on_start = on_start
        self._signals = signals

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_start()

    def capture_signals(self) -> Any:
        return super().capture_signals() if self._signals else contextlib.nullcontext()


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


def _server(app: Application, on_start: Callable[[], None], *, signals: bool) -> _Server:
    config = uvicorn.Config(
        cast("Any", _Sockets(app)),
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return _Server(config, on_start, signals=signals)


def serve_app(app: Application, host: str, port: int, on_start: Callable[[str], None] | None) -> None:
    """Serve until the process is told to stop."""
    with _listen(host, port) as listening:
        url = _url(listening)
        server = _server(app, lambda: on_start(url) if on_start else None, signals=True)
        server.run(sockets=[listening])


@contextlib.contextmanager
def running_app(app: Application) -> Iterator[str]:
    """Serve in a thread of its own while the block runs; yields the base URL."""
    started = threading.Event()
    with _listen("127.0.0.1", 0) as listening:
        server = _server(app, started.set, signals=False)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        if not started.wait(_START_TIMEOUT_S):
            raise RuntimeError("the emulator does not start")
        try:
            yield _url(listening)
        finally:
            server.should_exit = True
            thread.join()
