"""An httpx transport that reaches the emulator without a socket, losses and timeouts included."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

from hmsplan.emulator.faults import ConnectionLost

if TYPE_CHECKING:
    from hmsplan.emulator.app import Application


class Transport(httpx.AsyncBaseTransport):
    """Calls the application directly, and fails as a network would.

    A lost connection is an `httpx.ReadError`, a body shorter than promised an `httpx.RemoteProtocolError`, an
    answer that takes longer than the client waits an `httpx.ReadTimeout`; the request goes on being handled then,
    as it would on a server.
    """

    def __init__(self, app: Application) -> None:
        self._app = app
        self._inner = httpx.ASGITransport(app=app)
        self._left_behind: set[asyncio.Task[httpx.Response]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        try:
            response = await self._in_time(request)
        except ConnectionLost as error:
            raise httpx.ReadError("Connection lost", request=request) from error
        body = await response.aread()
        promised = response.headers.get("content-length")
        if promised is not None and int(promised) != len(body) and request.method != "HEAD":
            raise httpx.RemoteProtocolError("The peer closed the connection before the body was whole", request=request)
        return httpx.Response(
            response.status_code, headers=response.headers, stream=httpx.ByteStream(body), request=request
        )

    async def _in_time(self, request: httpx.Request) -> httpx.Response:
        timeout_s = request.extensions.get("timeout", {}).get("read")
        if timeout_s is None or not self._app.faults.rules:
            return await self._inner.handle_async_request(request)
        task = asyncio.ensure_future(self._inner.handle_async_request(request))
        done, _ = await asyncio.wait({task}, timeout=timeout_s)
        if done:
            return task.result()
        self._left_behind.add(task)
        task.add_done_callback(self._forget)
        raise httpx.ReadTimeout("The answer took too long", request=request)

    def _forget(self, task: asyncio.Task[httpx.Response]) -> None:
        self._left_behind.discard(task)
        if not task.cancelled():
            task.exception()

    async def aclose(self) -> None:
        """Let requests whose answer is not awaited come to their end."""
        if self._left_behind:
            await asyncio.wait(self._left_behind)
        await self._inner.aclose()
