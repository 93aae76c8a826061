"""The ASGI application: key, rate limit, route and transaction around every request, and the faults around those."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request

from hmsplan.emulator import damage, routes
from hmsplan.emulator.answers import Answer, RefusalError, refusal_answer
from hmsplan.emulator.context import Context, stamp
from hmsplan.emulator.description import from_text
from hmsplan.emulator.faults import ConnectionLost, Fault, FaultPlan
from hmsplan.emulator.ratelimit import Limiter, too_many
from hmsplan.emulator.store import Store, key_hash

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from hmsplan.emulator.ratelimit import Standing
    from hmsplan.emulator.settings import Settings

ABORT = "hmsplan.abort"
"""Key of the ASGI extension that closes the connection; a server that has sockets provides it."""

RECORDS_MAX = 20_000
"""Requests that the log remembers; the oldest half goes when there are more."""

_logger = logging.getLogger("hmsplan.emulator")


@dataclass(frozen=True, slots=True)
class Record:
    """One request that came in.

    Attributes:
        path: path without ``/api/v1``.
        status: status that was sent; None when the connection was lost.
        key: hash of the API key; empty without one.
        at: the emulator's clock, Unix seconds.
        content: the body as received.
        faults: actions of the faults that struck.
    """

    method: str
    path: str
    query: str
    status: int | None
    key: str
    at: float
    content: bytes = b""
    faults: tuple[str, ...] = ()


class Application:
    """The API over one store.

    Args:
        store: where everything is kept.
        settings: the stance on the open questions.
        clock: Unix seconds.
    """

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self.settings = settings
        self.clock = clock
        self.faults = FaultPlan()
        self.requests: list[Record] = []
        self._limiter = Limiter(settings.rate_limit, settings.rate_window_s, sliding=settings.rate_kind == "sliding")
        self._control = Limiter(settings.control_limit, 60, sliding=settings.rate_kind == "sliding")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        try:
            ctx = await self._read(Request(scope, receive))
        except ClientDisconnect:
            return
        struck = self.faults.strike(ctx.method, ctx.path, ctx.key)
        try:
            answer = await self._answer(ctx, struck)
        except ConnectionLost:
            self._record(ctx, None, struck)
            await _lose_connection(scope, receive)
            return
        self._record(ctx, answer.status, struck)
        await _send(send, answer, struck)

    async def _answer(self, ctx: Context, struck: list[Fault]) -> Answer:
        if not struck:
            return self._handle(ctx, None)
        await damage.wait(struck, "delay")
        ctx.now = self.clock()
        if damage.only(struck, "lost_before"):
            raise ConnectionLost
        answer = damage.answer_instead(struck)
        if answer is None:
            answer = damage.spoil(self._handle(ctx, _stale(struck)), struck)
        await damage.wait(struck, "delay_after")
        if damage.only(struck, "lost_after"):
            raise ConnectionLost
        return answer

    async def _read(self, request: Request) -> Context:
        content = bytearray()
        oversize = False
        async for chunk in request.stream():
            # What is too much is still read to its end, so that the client gets to see the answer.
            oversize = oversize or len(content) + len(chunk) > self.settings.body_max
            if not oversize:
                content += chunk
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return Context(
            method=request.method,
            path=routes.strip_prefix(request.scope["path"]),
            query=request.query_params,
            query_string=request.scope["query_string"].decode("latin-1"),
            key=key.strip() if scheme.lower() == "bearer" else "",
            content_type=request.headers.get("content-type", "").partition(";")[0].strip().lower(),
            content=bytes(content),
            oversize=oversize,
            now=self.clock(),
            store=self.store,
            settings=self.settings,
            control=self._control,
        )

    def _record(self, ctx: Context, status: int | None, struck: list[Fault]) -> None:
        if len(self.requests) >= RECORDS_MAX:
            del self.requests[: RECORDS_MAX // 2]
        self.requests.append(
            Record(
                method=ctx.method,
                path=ctx.path,
                query=ctx.query_string,
                status=status,
                key=key_hash(ctx.key) if ctx.key else "",
                at=ctx.now,
                content=ctx.content,
                faults=tuple(fault.do for fault in struck),
            )
        )

    def _handle(self, ctx: Context, stale: Fault | None) -> Answer:
        """Carry a request out."""
        standing = self._limiter.take(key_hash(ctx.key) if ctx.key else None, ctx.now)
        try:
            answer = self._dispatch(ctx, standing, stale)
        except RefusalError as refusal:
            answer = refusal_answer(refusal, self.settings)
        except Exception:
            _logger.exception("%s %s", ctx.method, ctx.path)
            answer = refusal_answer(RefusalError(500, "Internal error"), self.settings)
        answer.headers = {**standing.headers(), **answer.headers}
        return answer

    def _dispatch(self, ctx: Context, standing: Standing, stale: Fault | None) -> Answer:
        if standing.refused:
            raise too_many(self.settings, standing, ctx.now)
        found = routes.find(ctx.path)
        if found is None:
            raise RefusalError(404, "No such path")
        route, ctx.params = found
        operation = route.operations.get(ctx.method)
        if operation is None:
            allow = ", ".join(sorted(route.operations))
            raise RefusalError(405, "Method not allowed", headers={"Allow": allow})
        ctx.org = "" if route.public else self._organization(ctx)
        if ctx.oversize:
            raise RefusalError(413, f"The body is larger than {self.settings.body_max} bytes")
        query = route.queries[ctx.method]
        ctx.options = ctx.read(query, from_text(query, ctx.query))
        with self.store.transaction(write=ctx.method != "GET"):
            ctx.as_of = self._as_of(ctx.org, ctx.now, stale)
            return operation(ctx)

    def _as_of(self, org: str, now: float, stale: Fault | None) -> int | None:
        if stale is None:
            return None
        since = None if stale.seconds is None else now - stale.seconds
        return self.store.write_before(org, writes=stale.writes, since=since)

    def _organization(self, ctx: Context) -> str:
        """Return the organization of the request's key, which may open one by its first use.

        Raises:
            RefusalError: 401 without a key, or with one that is unknown, expired or revoked.
        """
        key = ctx.key
        if not key:
            raise RefusalError(401, "Missing API key")
        found = self.store.key(key_hash(key))
        state = found.state if found else "active"
        if state == "expired" or key in self.settings.expired_keys:
            raise RefusalError(401, "API key has expired", code="api_key_expired")
        if state == "revoked" or key in self.settings.revoked_keys:
            raise RefusalError(401, "API key has been revoked", code="api_key_revoked")
        if found is not None and found.issued:
            return found.org
        if not key.startswith("fl_") or (self.settings.keys is not None and key not in self.settings.keys):
            raise RefusalError(401, "Invalid API key")
        return found.org if found else self.open_organization(key, ctx.now)

    def open_organization(self, key: str, now: float) -> str:
        """Return the organization of a key, created now if the key is new."""
        with self.store.transaction(write=True):
            found = self.store.key(key_hash(key))
            if found is not None:
                return found.org
            name = f"Organization {key_hash(key)[:6]}"
            org = self.store.add_organization(name, None, stamp(now), self.settings.credits)
            self.store.add_key(key, org, issued=False)
            return org


def _stale(struck: list[Fault]) -> Fault | None:
    return next(iter(damage.only(struck, "stale_list")), None)


async def _send(send: Send, answer: Answer, struck: list[Fault]) -> None:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if answer.status not in {204, 304}:
        headers.setdefault("content-type", "application/json")
        headers.setdefault("content-length", str(len(answer.body)))
    raw = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await damage.send_damaged(send, answer.body, struck)


async def _lose_connection(scope: Scope, receive: Receive) -> None:
    """Close the socket, or raise where there is none."""
    abort: Any = scope.get("extensions", {}).get(ABORT)
    if abort is None:
        raise ConnectionLost
    abort()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
