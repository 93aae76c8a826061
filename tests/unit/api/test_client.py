"""What reaches the wire, how often, and what its answers become. Real servers where the wire matters."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import logging
import random
import traceback
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from hmsplan.api.client import CheckClient, ReadClient, WriteClient
from hmsplan.api.urls import segments
from hmsplan.errors import Ambiguous, ApiError, HmsplanError, NotFound, RateLimited, StateError, Unauthorized
from hmsplan.model import Address, Ref, Secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

KEY = "fl_live_canary_0123456789"
LOCAL = "http://127.0.0.1:1"
WHERE = segments("/assistants", "a1")
JSON = b'{"assistant":{"id":"a1"}}'


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


async def no_sleep(_: float) -> None:
    await asyncio.sleep(0)


def client(handler: Callable[[httpx.Request], Any], **more: Any) -> WriteClient:
    """A client without a network, that sleeps without losing time."""
    return WriteClient(
        LOCAL, api_key=KEY, transport=httpx.MockTransport(handler), **{"sleep": no_sleep, "random": lambda: 0.0, **more}
    )


@dataclass
class Script:
    """Answers of a server without a network, in order; the last one is repeated."""

    answers: list[httpx.Response | Exception]
    seen: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


@dataclass
class Wire:
    """A real server: one function writes the bytes of each answer."""

    port: int = 0
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


Writer = asyncio.StreamWriter


@contextlib.asynccontextmanager
async def wire(respond: Callable[[Writer], Awaitable[None]]) -> AsyncIterator[Wire]:
    server_of = Wire()

    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
        if task := asyncio.current_task():
            serving.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            server_of.heads.append(head)
            lengths = [line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length")]
            server_of.bodies.append(await reader.readexactly(int(lengths[0]) if lengths else 0))
            await respond(writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    server_of.port = server.sockets[0].getsockname()[1]
    try:
        yield server_of
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving)


def reply(status: str, body: bytes = b"", *extra: str, length: int | None = None) -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body) if length is None else length}",
        "Connection: close",
        *extra,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def sends(raw: bytes) -> Callable[[Writer], Awaitable[None]]:
    async def respond(writer: Writer) -> None:
        writer.write(raw)
        await writer.drain()

    return respond


async def resets(writer: Writer) -> None:
    writer.transport.abort()


def real(server: Wire, **more: Any) -> WriteClient:
    return WriteClient(server.url, api_key=KEY, **{"sleep": no_sleep, "random": lambda: 0.0, **more})


# --- What is sent -----------------------------------------------------------------------------------------------------


def test_the_headers_of_a_request() -> None:
    """Bearer, JSON both ways, and our name and version; the path is one encoded segment for each id."""

    async def main() -> None:
        script = Script([httpx.Response(200, content=JSON)])
        async with client(script) as api:
            assert await api.get(segments("/assistants", "a/b ?"), params={"limit": 5}) == orjson.loads(JSON)
        (request,) = script.seen
        assert str(request.url) == f"{LOCAL}/assistants/a%2Fb%20%3F?limit=5"
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["accept"] == request.headers["content-type"] == "application/json"
        assert request.headers["user-agent"].startswith("hmsplan/")

    run(main())


def test_a_cookie_is_not_sent_back() -> None:
    async def main() -> None:
        script = Script([httpx.Response(200, content=JSON, headers={"Set-Cookie": "session=of-the-last-one; Path=/"})])
        async with client(script) as api:
            for _ in range(2):
                await api.get(WHERE)
        assert [request.headers.get("cookie") for request in script.seen] == [None, None]

    run(main())


def test_a_body_on_the_wire_has_its_nulls_and_its_secrets() -> None:
    """ "{"workflow_id": null} has to reach the wire"; a Secret is unwrapped here and nowhere else."""

    async def main() -> None:
        async with wire(sends(reply("200 OK", JSON))) as server, real(server) as api:
            body = {
                "workflow_id": None,
                "webhook_secret": Secret("x", "s3cret"),
                "tools": ({"server": {"secret": Secret("y", "t")}},),
            }
            await api.patch(WHERE, body)
        assert server.bodies == [b'{"workflow_id":null,"webhook_secret":"s3cret","tools":[{"server":{"secret":"t"}}]}']
        assert server.heads[0].startswith("PATCH /assistants/a1 HTTP/1.1\r\n")

    run(main())


@pytest.mark.parametrize(
    "value",
    [Secret("webhook", None), Ref(Address("numbers", "main")), {1, 2}, object(), 1 << 70, {"a": [Secret("deep")]}],
)
def test_a_body_that_cannot_be_sent_is_not(value: Any) -> None:
    """A secret without a value, a reference nobody resolved, or no JSON: nothing leaves."""

    async def main() -> None:
        script = Script([httpx.Response(200)])
        async with client(script) as api:
            with pytest.raises(HmsplanError, match="Not sent"):
                await api.post(("assistants",), {"name": value})
        assert script.seen == []

    run(main())


@pytest.mark.parametrize("bad", ["", ".", ".."])
def test_a_bad_id_sends_nothing(bad: str) -> None:
    """`/assistants/../byok` never leaves."""

    async def main() -> None:
        script = Script([httpx.Response(200)])
        async with client(script) as api:
            for call in (api.get, api.delete):
                with pytest.raises(HmsplanError, match="Unusable id"):
                    await call(segments("/assistants", bad))
        assert script.seen == []

    run(main())


@pytest.mark.parametrize("where", [("/mcp-servers", "m1", "test"), ("/domains", "verify"), ("/domains", "refresh")])
def test_a_check_client_asks_for_a_check_with_a_body_that_says_nothing(where: tuple[str, ...]) -> None:
    script = Script([httpx.Response(200, content=b'{"ok":true}')])

    async def main() -> None:
        async with CheckClient(LOCAL, api_key=KEY, transport=httpx.MockTransport(script)) as checks:
            assert await checks.check(segments(*where)) == {"ok": True}

    run(main())
    (request,) = script.seen
    assert (request.method, request.content) == ("POST", b"{}")


@pytest.mark.parametrize("where", [("/domains",), ("/mcp-servers", "m1"), ("/calls", "outbound"), ("/test",)])
def test_a_check_client_cannot_write(where: tuple[str, ...]) -> None:
    script = Script([httpx.Response(200, content=b"{}")])

    async def main() -> None:
        async with CheckClient(LOCAL, api_key=KEY, transport=httpx.MockTransport(script)) as checks:
            assert not hasattr(checks, "post")
            with pytest.raises(ValueError, match="is not a check"):
                await checks.check(segments(*where))

    run(main())
    assert script.seen == []


def test_a_read_client_puts_nothing_but_get_on_the_wire() -> None:
    """It has no method that writes, and what is built past it is stopped by the hook, before the network."""

    async def main() -> None:
        async with wire(sends(reply("200 OK", JSON))) as server:
            api = ReadClient(server.url, api_key=KEY)
            assert not {name for name in dir(api) if name in {"post", "patch", "put", "delete", "request", "send"}}
            async with api:
                await api.get(WHERE)
                for method in ("POST", "PATCH", "DELETE", "PUT", "HEAD"):
                    with pytest.raises(HmsplanError, match="does not send"):
                        await api._call(method, WHERE)
                    with pytest.raises(HmsplanError, match="does not send"):
                        await api._http.request(method, f"{server.url}/x")
        assert [head.split()[0] for head in server.heads] == ["GET"]

    run(main())


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:2/x", "http://127.0.0.2:1/x", "https://127.0.0.1:1/x", "http://localhost:1/x"]
)
def test_no_request_leaves_for_another_host(url: str) -> None:
    """Scheme, host and port are those the client was made with."""

    async def main() -> None:
        script = Script([httpx.Response(200)])
        async with client(script) as api:
            with pytest.raises(HmsplanError, match="Not sent"):
                await api._http.get(url)
        assert script.seen == []

    run(main())


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
)
def test_the_key_never_reaches_the_target_of_a_redirect(status: str) -> None:
    """A redirect is an error that says so; the server it points to hears nothing."""

    async def main() -> None:
        async with wire(sends(reply("200 OK", JSON))) as sink:
            redirect = reply(status, b"", f"Location: {sink.url}/steal")
            async with wire(sends(redirect)) as server, real(server) as api:
                with pytest.raises(ApiError, match="is never followed"):
                    await api.get(WHERE)
                with pytest.raises(Ambiguous, match="is never followed"):
                    await api.post(WHERE, {"a": 1})
            assert len(server.heads) == 2
        assert sink.heads == []

    run(main())


def test_a_proxy_never_sees_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """On loopback proxies are ignored; for https they are asked for a tunnel: no bearer is in it, and no write."""

    async def never() -> None:
        pytest.fail("asked")

    async def main() -> None:
        async with wire(sends(reply("502 Bad Gateway"))) as proxy, wire(sends(reply("200 OK", JSON))) as server:
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
                monkeypatch.setenv(name, proxy.url)
            for name in ("NO_PROXY", "no_proxy"):
                monkeypatch.delenv(name, raising=False)
            async with real(server) as api:
                await api.get(WHERE)
            assert proxy.heads == []
            async with WriteClient(api_key=KEY, sleep=no_sleep) as api:
                with pytest.raises(ApiError) as caught:
                    await api.post(WHERE, {"a": 1}, before=never)
            assert type(caught.value) is ApiError  # no tunnel, so nothing was sent
        assert {head.split()[0] for head in proxy.heads} == {"CONNECT"}
        assert all("authorization" not in head.lower() for head in proxy.heads)

    run(main())


def test_a_proxy_that_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt proxy is an error of the command, not a traceback."""
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "gopher://proxy:70")
    with pytest.raises(HmsplanError, match="Proxy"):
        ReadClient(api_key=KEY)


@pytest.mark.parametrize("key", ["", " ", "a b", "fl_\n", "fl_\x00x", "fl_é"])
def test_a_key_that_is_none_is_refused_without_being_shown(key: str) -> None:
    """Empty, or with characters that would break the header; spaces around it are forgiven."""
    if key.strip() == "fl_":
        assert ReadClient(LOCAL, api_key=key)._http.headers["authorization"] == "Bearer fl_"
        return
    with pytest.raises(HmsplanError, match="HMS_SOVEREIGN_API_KEY") as caught:
        ReadClient(LOCAL, api_key=key)
    assert key not in str(caught.value) or not key.strip()


def test_a_server_without_tls_gets_no_request() -> None:
    """The key is not sent before the certificate is checked."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
        heard.append(await reader.read(10_000))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, WriteClient(f"https://127.0.0.1:{port}", api_key=KEY, sleep=no_sleep) as api:
            with pytest.raises(ApiError) as caught:
                await api.post(WHERE, {"a": 1})
        assert type(caught.value) is ApiError

    run(main())
    assert heard
    assert KEY.encode() not in b"".join(heard)


# --- What comes back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"), [(401, Unauthorized), (404, NotFound), (400, ApiError), (403, ApiError), (409, ApiError)]
)
def test_a_refusal_is_told_once(status: int, kind: type[ApiError]) -> None:
    """4xx proves that nothing happened: no second try, for reads and writes alike."""

    async def main() -> None:
        script = Script([httpx.Response(status, json={"error": "no"}, headers={"x-request-id": "r1"})])
        async with client(script) as api:
            for call in (api.get(WHERE), api.post(WHERE, {}), api.patch(WHERE, {})):
                with pytest.raises(ApiError, match="no") as caught:
                    await call
                assert type(caught.value) is kind
                assert (caught.value.status, caught.value.path, caught.value.request_id) == (
                    status,
                    "/assistants/a1",
                    "r1",
                )
        assert len(script.seen) == 3

    run(main())


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, text="<html>"),
        httpx.Response(502),
        httpx.Response(503, json={"error": "x"}),
        httpx.Response(504),
        httpx.Response(200, text="<html>ok</html>"),
        httpx.Response(200, content=b""),
        httpx.Response(200, content=b'{"assist'),
        httpx.ReadTimeout("slow"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.ConnectError("refused"),
        httpx.RemoteProtocolError("closed"),
    ],
)
def test_a_get_is_tried_four_times(answer: httpx.Response | Exception) -> None:
    """After 5xx, timeouts, network errors and answers that cannot be read; then it is an error."""

    async def main() -> None:
        script = Script([answer])
        async with client(script) as api:
            with pytest.raises(ApiError):
                await api.get(WHERE)
            assert len(script.seen) == 4
            assert (api.retries, api.requests["GET"]) == (3, 4)
            script.answers = [answer, httpx.Response(200, content=JSON)]
            assert await api.get(WHERE) == orjson.loads(JSON)

    run(main())


@pytest.mark.parametrize(
    "answer", [httpx.Response(500), httpx.Response(408), httpx.ReadTimeout("slow"), httpx.ReadError("reset")]
)
def test_a_delete_is_repeated_and_a_404_is_done(answer: httpx.Response | Exception) -> None:
    """ "DELETE may be repeated"; the second finds nothing, which was the aim."""

    async def main() -> None:
        script = Script([answer, answer, httpx.Response(404, json={"error": "x"})])
        async with client(script) as api:
            await api.delete(WHERE)
            assert api.requests["DELETE"] == 3

    run(main())


@pytest.mark.parametrize(
    "answer", [httpx.Response(204), httpx.Response(200, json={"success": True}), httpx.Response(200, text="gone")]
)
def test_any_2xx_is_a_delete(answer: httpx.Response) -> None:
    """ "Deletes: {success: true} or 204 without a body"."""

    async def main() -> None:
        script = Script([answer])
        async with client(script) as api:
            await api.delete(WHERE)
        assert len(script.seen) == 1

    run(main())


def test_a_delete_that_is_refused_is_an_error() -> None:
    """409 while something uses it; and a 404 from a page that is not the API's proves nothing."""

    async def main() -> None:
        async with client(Script([httpx.Response(409, json={"error": "in use"})])) as api:
            with pytest.raises(ApiError, match="in use"):
                await api.delete(WHERE)
        async with client(Script([httpx.Response(404, text="<html>nginx")])) as api:
            with pytest.raises(ApiError):
                await api.delete(WHERE)

    run(main())


@pytest.mark.parametrize("method", ["post", "patch"])
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(502, text="<html>"),
        httpx.Response(504),
        httpx.Response(408),
        httpx.Response(201, content=b'{"assist'),
        httpx.Response(200, text="<html>"),
        httpx.ReadTimeout("slow"),
        httpx.WriteTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
        httpx.RemoteProtocolError("closed"),
    ],
)
def test_a_write_whose_answer_is_lost_is_ambiguous_and_sent_once(
    answer: httpx.Response | Exception, method: str
) -> None:
    """No idempotency key exists, so whatever is unknown stays unknown, and no twin is made."""

    async def main() -> None:
        script = Script([answer])
        async with client(script) as api:
            with pytest.raises(Ambiguous) as caught:
                await getattr(api, method)(WHERE, {"name": "x"})
        assert len(script.seen) == 1
        assert caught.value.method == method.upper()

    run(main())


@pytest.mark.parametrize(
    "lost", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full")]
)
def test_a_post_without_a_connection_is_repeated(lost: Exception) -> None:
    """Nothing was sent, so nothing can happen twice; and in the end it is no Ambiguous either."""

    async def main() -> None:
        script = Script([lost, lost, httpx.Response(201, content=JSON)])
        async with client(script) as api:
            assert await api.post(WHERE, {}) == orjson.loads(JSON)
            script.answers = [lost]
            with pytest.raises(ApiError) as caught:
                await api.post(WHERE, {})
        assert type(caught.value) is ApiError

    run(main())


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_write_without_a_body_in_its_answer_is_none(status: int) -> None:
    """ "Accept any 2xx, with or without body"."""

    async def main() -> None:
        async with client(Script([httpx.Response(status)])) as api:
            assert await api.post(WHERE, {}) is None

    run(main())


# --- On a real wire ---------------------------------------------------------------------------------------------------


async def drips(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def hangs(writer: Writer) -> None:
    del writer
    await asyncio.sleep(20)


@pytest.mark.parametrize(
    "respond",
    [
        resets,
        drips,
        hangs,
        sends(b""),
        sends(b"HTTP/1.1 201 Cre"),
        sends(b"garbage\r\n\r\n"),
        sends(reply("201 Created", JSON[:-5], length=len(JSON))),
        sends(b'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"ass\r\n'),
        sends(b"HTTP/1.0 201 Created\r\n\r\n" + JSON[:-5]),
        sends(reply("201 Created", b"not gzip", "Content-Encoding: gzip")),
        sends(reply("201 Created", JSON, "Content-Encoding: br")),
        sends(reply("201 Created", b"<html>", "Content-Type: application/json")),
        sends(reply("502 Bad Gateway", b"<html>", "Content-Type: text/html")),
    ],
)
def test_a_broken_answer_to_a_post_is_ambiguous_on_a_real_wire(respond: Callable[[Writer], Awaitable[None]]) -> None:
    """Reset, drip, silence, cut off, unpackable: exactly one request on the wire, and an honest "unknown"."""

    async def main() -> None:
        async with wire(respond) as server, real(server, timeout_s=0.1) as api:
            with pytest.raises(Ambiguous):
                await api.post(("assistants",), {"name": "x"})
            assert len(server.heads) == 1
            assert api.requests.total() == 1

    run(main())


@pytest.mark.parametrize("respond", [resets, drips, sends(reply("200 OK", JSON[:-5], length=len(JSON)))])
def test_a_broken_answer_to_a_get_is_asked_for_again_on_a_real_wire(
    respond: Callable[[Writer], Awaitable[None]],
) -> None:
    """Two broken answers and a good one are a good one."""

    async def main() -> None:
        turns = iter([respond, respond, sends(reply("200 OK", JSON, "Content-Type: text/plain"))])

        async def next_one(writer: Writer) -> None:
            await next(turns)(writer)

        async with wire(next_one) as server, real(server, timeout_s=0.1) as api:
            assert await api.get(WHERE) == orjson.loads(JSON)
            assert api.retries == 2

    run(main())


def test_a_refused_connection_is_told_in_words() -> None:
    """With nobody listening, the error says what the system said."""

    async def main() -> None:
        async with wire(resets) as server:
            pass
        async with real(server) as api:
            with pytest.raises(ApiError, match="connect error") as caught:
                await api.post(WHERE, {})
        assert type(caught.value) is ApiError

    run(main())


def test_gzip_is_understood() -> None:
    """Large lists come packed."""

    async def main() -> None:
        async with (
            wire(sends(reply("200 OK", gzip.compress(JSON), "Content-Encoding: gzip"))) as server,
            real(server) as api,
        ):
            assert await api.get(WHERE) == orjson.loads(JSON)
        assert "accept-encoding: gzip\r\n" in server.heads[0].lower()

    run(main())


def bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(64)), packer.flush()])


async def endless(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b" " * 65536)
        await writer.drain()


@pytest.mark.parametrize(
    "respond",
    [
        sends(reply("200 OK", b" " * 200_000)),
        sends(reply("200 OK", b"", length=10**12)),
        sends(reply("200 OK", bomb(), "Content-Encoding: gzip")),
        endless,
    ],
)
def test_an_answer_too_large_is_dropped_at_once(respond: Callable[[Writer], Awaitable[None]]) -> None:
    """Told, hidden in gzip or without end: memory stays bounded, and nobody asks again."""

    async def main() -> None:
        async with wire(respond) as server, real(server, max_bytes=100_000) as api:
            with pytest.raises(ApiError, match="larger than 100000 bytes"):
                await api.get(WHERE)
            with pytest.raises(Ambiguous, match="larger than 100000 bytes"):
                await api.post(WHERE, {})
            assert len(server.heads) == 2

    run(main())


def test_an_error_without_end_is_read_as_far_as_it_is_shown() -> None:
    """A lying server cannot fill the memory with an error either."""

    async def respond(writer: Writer) -> None:
        writer.write(b"HTTP/1.1 400 Bad\r\n\r\n")
        while True:
            writer.write(b"no " * 20_000)
            await writer.drain()

    async def main() -> None:
        async with wire(respond) as server, real(server) as api:
            with pytest.raises(ApiError, match="no no no"):
                await api.post(WHERE, {})

    run(main())


# --- Patience ---------------------------------------------------------------------------------------------------------


class Waits:
    """A clock that only sleeping moves, and what was slept."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def of(self, script: Script, **more: Any) -> WriteClient:
        return client(
            script, sleep=self.sleep, clock=lambda: self.now, wall=lambda: 1e9 + self.now, random=lambda: 1.0, **more
        )


LIMITED = httpx.Response(429, json={"error": "slow down"}, headers={"Retry-After": "3"})


@pytest.mark.parametrize("method", ["POST", "PATCH", "GET", "DELETE"])
def test_after_a_429_every_method_is_repeated(method: str) -> None:
    """ "A 429 is sent before the request is handled, so any method may be repeated"; Retry-After says when."""

    async def main() -> None:
        waits, script = Waits(), Script([LIMITED, httpx.Response(200, content=JSON)])
        async with waits.of(script) as api:
            await api._call(method, WHERE, body={"name": "x"} if method in {"POST", "PATCH"} else None)
            assert (waits.slept, api.waited_s, api.retries) == ([3.0], 3.0, 1)
        assert len(script.seen) == 2
        assert script.seen[0].content == script.seen[1].content

    run(main())


@pytest.mark.parametrize(
    ("headers", "body", "slept"),
    [
        ({"Retry-After": "-5"}, {}, 1.0),
        ({"Retry-After": "1000000000"}, {}, 120.0),
        ({"Retry-After": "Sun, 09 Sep 2001 01:47:10 GMT"}, {}, 30.0),
        ({}, {"retry_after": 8}, 8.0),
        ({}, {}, 1.0),
    ],
)
def test_how_long_a_429_makes_us_wait(headers: dict[str, str], body: dict[str, Any], slept: float) -> None:
    """Seconds, a date, the body or our own; never negative, never more than two minutes."""

    async def main() -> None:
        waits = Waits()
        script = Script([httpx.Response(429, json=body, headers=headers), httpx.Response(200, content=JSON)])
        async with waits.of(script) as api:
            await api.post(WHERE, {})
        assert waits.slept == [slept]

    run(main())


@dataclass
class Written:
    """A caller of one of the three methods that write."""

    method: str

    def __call__(self, api: WriteClient, before: Callable[[], Awaitable[None]]) -> Awaitable[Any]:
        match self.method:
            case "POST":
                return api.post(WHERE, {}, before=before)
            case "PATCH":
                return api.patch(WHERE, {}, before=before)
            case _:
                return api.delete(WHERE, before=before)


WRITES = [Written("POST"), Written("PATCH"), Written("DELETE")]


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.method)
def test_right_before_each_send_the_caller_is_asked(write: Written) -> None:
    """After every wait and before every try; when the caller refuses, nothing is sent and the place is given back."""

    async def main() -> None:
        waits, script = Waits(), Script([LIMITED, httpx.Response(201, content=JSON)])
        asked: list[tuple[float, int]] = []

        async def note() -> None:
            asked.append((waits.now, len(script.seen)))

        async def refuse() -> None:
            raise StateError("No space left on device")

        async with waits.of(script, max_connections=1) as api:
            await write(api, note)
            assert asked == [(0.0, 0), (3.0, 1)]
            with pytest.raises(StateError):
                await write(api, refuse)
            assert len(script.seen) == 2
            assert api.requests[write.method] == 2
            await api.get(WHERE)

    run(main())


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.method)
def test_a_write_that_the_caller_refuses_reaches_no_server(write: Written) -> None:
    """Neither the first try, nor the one after a 429; the refusal is what is raised."""

    async def main() -> None:
        answers = iter([None, StateError("the lock of this run was taken away")])

        async def once() -> None:
            if (error := next(answers)) is not None:
                raise error

        async def refuse() -> None:
            raise StateError("the lock of this run was taken away")

        async with wire(sends(reply("429 Too Many Requests", b"{}", "Retry-After: 0"))) as server, real(server) as api:
            with pytest.raises(StateError, match="taken away"):
                await write(api, refuse)
            assert (server.heads, api.requests[write.method]) == ([], 0)
            with pytest.raises(StateError, match="taken away"):
                await write(api, once)
            assert (len(server.heads), api.requests[write.method]) == (1, 1)

    run(main())


def test_before_a_delete_is_repeated_the_caller_is_asked_again() -> None:
    """After a 5xx as after an answer that got lost."""

    async def main() -> None:
        tries: list[int] = []

        async def respond(writer: Writer) -> None:
            match len(server.heads):
                case 1:
                    writer.write(reply("503 Service Unavailable"))
                case 2:
                    writer.transport.abort()
                case _:
                    writer.write(reply("204 No Content"))

        async def note() -> None:
            tries.append(len(server.heads))

        async with wire(respond) as server, real(server) as api:
            await api.delete(WHERE, before=note)
        assert tries == [0, 1, 2]

    run(main())


def test_the_next_write_is_asked_about_when_the_one_before_has_left() -> None:
    """A process that is stopped between an answer and its write sends that one at most when it is woken.

    The writes overlap all the same: only their leaving does not.
    """

    async def main() -> None:
        asked: list[int] = []
        answered = asyncio.Event()

        async def respond(writer: Writer) -> None:
            if len(server.heads) == 10:
                answered.set()
            await answered.wait()
            writer.write(reply("200 OK", JSON))

        async def ask() -> None:
            await asyncio.sleep(0.02)  # whatever has left has arrived by now
            asked.append(len(server.heads))

        async with wire(respond) as server, real(server) as api:
            await asyncio.gather(*(api.patch(WHERE, {"a": "x" * 100_000}, before=ask) for _ in range(10)))
        assert asked == list(range(10))

    run(main())


def test_a_write_that_fails_while_it_leaves_is_in_no_way_of_the_next() -> None:
    """Whether the caller refuses it, is cancelled, or the connection breaks."""

    async def main() -> None:
        async def refuse() -> None:
            raise StateError("the lock of this run was taken away")

        async def hang() -> None:
            await asyncio.Event().wait()

        async def agree() -> None:
            pass

        async def respond(writer: Writer) -> None:
            if len(server.heads) == 1:
                writer.transport.abort()
            writer.write(reply("200 OK", JSON))

        async with wire(respond) as server, real(server) as api:
            with pytest.raises(StateError):
                await api.patch(WHERE, {}, before=refuse)
            task = asyncio.create_task(api.patch(WHERE, {}, before=hang))
            await asyncio.sleep(0.05)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            with pytest.raises(Ambiguous):
                await api.patch(WHERE, {}, before=agree)
            assert await api.patch(WHERE, {}, before=agree) == {"assistant": {"id": "a1"}}
            assert len(server.heads) == 2

    run(main())


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.method)
def test_a_caller_that_takes_too_long_leaves_no_doubt(write: Written) -> None:
    """Nothing was sent, so it is no lost answer, and may be tried again."""

    async def main() -> None:
        asked: list[None] = []

        async def hang() -> None:
            asked.append(None)
            await asyncio.Event().wait()

        async with wire(sends(reply("200 OK", JSON))) as server, real(server, timeout_s=0.05) as api:
            with pytest.raises(ApiError) as caught:
                await write(api, hang)
            assert type(caught.value) is ApiError
            assert asked
            assert (server.heads, api.requests[write.method]) == ([], 0)

    run(main())


def test_nobody_is_asked_before_there_is_a_connection() -> None:
    """What was true when a connection was asked for may be wrong when it is there, 30 seconds later."""

    async def main() -> None:
        async def never() -> None:
            pytest.fail("asked")

        async with WriteClient(LOCAL, api_key=KEY, sleep=no_sleep, random=lambda: 0.0) as api:
            for write in WRITES:
                with pytest.raises(ApiError) as caught:
                    await write(api, never)
                assert type(caught.value) is ApiError

    run(main())


def test_a_write_that_was_not_sent_costs_nothing_of_the_rate_limit() -> None:
    """One request is left; a refused write must leave it to the next, which would otherwise wait for the reset."""

    async def main() -> None:
        waits = Waits()
        told = {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": str(int(1e9) + 60)}
        script = Script([httpx.Response(200, content=JSON, headers=told)])

        async def refuse() -> None:
            raise StateError("the lock of this run was taken away")

        async with waits.of(script) as api:
            await api.get(WHERE)
            for write in WRITES:
                with pytest.raises(StateError):
                    await write(api, refuse)
            await api.patch(WHERE, {})
        assert (waits.slept, len(script.seen)) == ([], 2)

    run(main())


def test_a_wait_for_the_caller_that_is_cancelled_gives_the_reservation_back() -> None:
    async def main() -> None:
        waits = Waits()
        told = {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": str(int(1e9) + 60)}
        script = Script([httpx.Response(200, content=JSON, headers=told)])
        never = asyncio.Event()

        async def hang() -> None:
            await never.wait()

        async with waits.of(script, max_connections=1) as api:
            await api.get(WHERE)
            task = asyncio.create_task(api.patch(WHERE, {}, before=hang))
            await asyncio.sleep(0.01)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await api.patch(WHERE, {})
        assert (waits.slept, len(script.seen)) == ([], 2)

    run(main())


def test_patience_with_429_ends() -> None:
    """After ten in a row, or five minutes, it is an error that tells what the API asked for."""

    async def main() -> None:
        for seconds, most in (("3", 11), ("100", 5)):
            waits = Waits()
            script = Script([httpx.Response(429, json={"error": "slow down"}, headers={"Retry-After": seconds})])
            async with waits.of(script) as api:
                with pytest.raises(RateLimited, match="slow down") as caught:
                    await api.post(WHERE, {})
            assert caught.value.retry_after_s == float(seconds)
            assert len(script.seen) <= most
            assert waits.now <= 420

    run(main())


def test_the_wait_between_tries_grows_with_jitter() -> None:
    """1, 2, 4 seconds at most, times luck; a Retry-After of a 503 comes first."""

    async def main() -> None:
        waits, script = Waits(), Script([httpx.Response(500)])
        async with waits.of(script) as api:
            with pytest.raises(ApiError):
                await api.get(WHERE)
        assert waits.slept == [1.0, 2.0, 4.0]
        luck = random.Random(1)
        half = Waits()
        async with client(Script([httpx.Response(500)]), sleep=half.sleep, random=luck.random) as api:
            with pytest.raises(ApiError):
                await api.get(WHERE)
        assert all(0 < slept < most for slept, most in zip(half.slept, (1, 2, 4), strict=True))
        told = Waits()
        async with told.of(
            Script([httpx.Response(503, headers={"Retry-After": "9"}), httpx.Response(200, content=JSON)])
        ) as api:
            await api.get(WHERE)
        assert told.slept == [9.0]

    run(main())


def test_a_run_that_mostly_repeats_itself_gives_up() -> None:
    """Twenty repetitions are free, then no more than a fifth of the calls: an outage is not made worse."""

    async def main() -> None:
        script = Script([httpx.Response(500)])
        async with client(script) as api:
            for _ in range(6):
                with pytest.raises(ApiError):
                    await api.get(WHERE)
            with pytest.raises(ApiError, match="repeated 20 requests, and gives up"):
                await api.get(WHERE)
            assert api.retries == 20

    run(main())


def test_many_calls_may_have_more_repetitions() -> None:
    """One in ten calls that fails once is no reason to stop."""

    async def main() -> None:
        turns = itertools.count()

        def flaky(_: httpx.Request) -> httpx.Response:
            return httpx.Response(500 if next(turns) % 10 == 0 else 200, content=JSON)

        async with client(flaky) as api:
            for _ in range(500):
                await api.get(WHERE)
            assert api.retries > 50

    run(main())


def test_past_the_deadline_nothing_is_sent() -> None:
    """A wait that would end too late does not begin, and a call after it is not sent."""

    async def main() -> None:
        waits, script = Waits(), Script([httpx.Response(200, content=JSON), LIMITED])
        async with waits.of(script, deadline_s=2.0) as api:
            await api.get(WHERE)
            with pytest.raises(ApiError, match="time limit") as caught:
                await api.post(WHERE, {})
            assert type(caught.value) is ApiError
            assert waits.slept == []
            waits.now = 5.0
            with pytest.raises(ApiError, match="time limit"):
                await api.get(WHERE)
        assert len(script.seen) == 2
        late = Waits()
        async with late.of(Script([httpx.Response(500)]), deadline_s=0.5) as api:
            with pytest.raises(ApiError, match="time limit"):
                await api.get(WHERE)
        assert late.slept == []

    run(main())


def test_no_more_than_ten_requests_are_under_way() -> None:
    """Ten connections, however many calls wait."""

    async def main() -> None:
        under_way, most = 0, 0

        async def handler(_: httpx.Request) -> httpx.Response:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.001)
            under_way -= 1
            return httpx.Response(200, content=JSON)

        async with client(handler) as api:
            await asyncio.gather(*(api.get(WHERE) for _ in range(50)))
            assert dict(api.requests) == {"GET": 50}
        assert most == 10

    run(main())


def test_a_cancelled_call_gives_its_place_back() -> None:
    """An interrupted request blocks neither a connection nor the limiter."""

    async def main() -> None:
        answers = {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "1000000060"}
        hang = asyncio.Event()

        async def handler(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("hang"):
                hang.set()
                await asyncio.sleep(20)
            return httpx.Response(200, content=JSON, headers=answers)

        async with client(handler, max_connections=1, wall=lambda: 1e9) as api:
            await api.get(WHERE)
            task = asyncio.create_task(api.get(("hang",)))
            await hang.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await api.get(WHERE)

    run(main())


# --- Nothing leaks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(400, json={"error": f"bad key {KEY}", "details": ["webhook_secret hunter-2 is weak"]}),
        httpx.Response(500, text=f"Authorization: Bearer {KEY}; body hunter-2"),
        httpx.Response(302, headers={"location": f"https://evil.example/?k={KEY}"}),
        httpx.RemoteProtocolError(f"illegal {KEY} hunter-2"),
        httpx.LocalProtocolError(f"Illegal header value b'Bearer {KEY}'"),
        httpx.ConnectError(f"{KEY}"),
    ],
)
def test_neither_key_nor_secret_shows_anywhere(
    answer: httpx.Response | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in an error, its causes, its traceback, a repr or a debug log, even when the API echoes them."""
    caplog.set_level(logging.DEBUG)
    hook = Secret("hook", "hunter-2")

    async def main() -> None:
        async with client(Script([answer])) as api:
            with pytest.raises(HmsplanError) as caught:
                await api.post(WHERE, {"name": "x", "webhook_secret": hook})
            error: BaseException | None = caught.value
            shown = [repr(api), str(api), "".join(traceback.format_exception(caught.value))]
            while error is not None:
                shown += [str(error), repr(error), repr(error.args), repr(vars(error))]
                error = error.__cause__ or error.__context__
            for text in (*shown, caplog.text):
                assert KEY not in text
                assert "hunter-2" not in text

    run(main())


def test_the_log_of_a_real_exchange_has_no_key(caplog: pytest.LogCaptureFixture) -> None:
    """httpx and httpcore log at DEBUG; the bearer is not in it."""
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        async with wire(sends(reply("200 OK", JSON))) as server, real(server) as api:
            await api.get(WHERE)

    run(main())
    assert "assistants" in caplog.text
    assert KEY not in caplog.text


# What is logged


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("hmsplan.")]


def test_each_request_is_one_line_with_what_is_left(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "hmsplan.api.shapes")
    caplog.set_level(logging.DEBUG, "hmsplan.api")
    headers = {"x-ratelimit-remaining": "63", "x-ratelimit-limit": "100", "x-request-id": "req-1"}
    answer = httpx.Response(200, json={"assistants": [{"id": "a"}, {"id": "b"}]}, headers=headers)

    async def main() -> None:
        async with client(Script([answer]), clock=lambda: 5.0) as api:
            await api.get(segments("/assistants"), params={"limit": 100, "offset": 0})

    run(main())
    _, line = logged(caplog)
    assert line == "GET /assistants?limit=100&offset=0 → 200, 2 objects, 0 ms, 63 of 100 left, id req-1"


def test_retries_and_waits_are_logged_with_their_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "hmsplan.api")
    answers: list[httpx.Response | Exception] = [
        httpx.Response(503, text="maintenance of the first_message"),
        httpx.ReadTimeout("slow"),
        httpx.Response(429, headers={"retry-after": "7"}),
        httpx.Response(200, json={"id": "a1"}),
    ]
    waits = Waits()

    async def main() -> None:
        clocks = {"clock": lambda: waits.now, "wall": lambda: 1e9 + waits.now}
        async with client(Script(answers), sleep=waits.sleep, **clocks) as api:
            await api.get(WHERE)

    run(main())
    text = "\n".join(logged(caplog))
    for expected in (
        "→ 503, 32 bytes",
        "try 2 of 4 in 0.0 s",
        "→ no answer: no answer within 30 s",
        "asks for 7.0 s",
        "waits 7.0 s for the rate limit",
    ):
        assert expected in text
    assert "maintenance" not in text


def test_a_body_is_logged_in_shape_alone(caplog: pytest.LogCaptureFixture) -> None:
    """A prompt is what the business says to its callers, and a webhook secret is a secret: sizes, and less."""
    caplog.set_level(logging.DEBUG, "hmsplan.api")
    answer = httpx.Response(
        201, json={"assistant": {"id": "a1", "first_message": "Hello!", "webhook_secret": "hunter-2"}}
    )

    async def main() -> None:
        async with client(Script([answer])) as api:
            await api.post(
                segments("/assistants"), {"first_message": "Hello!", "webhook_secret": Secret("x", "hunter-2")}
            )

    run(main())
    assert "sends POST /assistants, 54 bytes: {first_message: text 6, webhook_secret: secret}" in logged(caplog)
    assert "{assistant: {id: text 2, first_message: text 6, webhook_secret: secret}}" in caplog.text
    assert "Hello" not in caplog.text


def test_what_an_answer_says_of_itself_is_cleaned_before_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever stands in the place of the request's id, of what is left or of a name of a field."""
    caplog.set_level(logging.DEBUG, "hmsplan.api")
    headers = dict.fromkeys(("x-request-id", "x-ratelimit-remaining", "x-ratelimit-limit"), f"Bearer {KEY}")
    answer = httpx.Response(200, json={"id": "a1", KEY: 1}, headers=headers)

    async def main() -> None:
        async with client(Script([answer])) as api:
            await api.get(WHERE)

    run(main())
    assert "(sensitive" in caplog.text
    assert KEY not in caplog.text
