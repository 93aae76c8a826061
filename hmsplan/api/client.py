"""HTTP to the API: where it may go, what it carries, how often it tries. One client a run, and a key.

``ReadClient`` cannot write: it has no method for it, and a hook refuses anything but GET before it leaves.
``WriteClient`` sends POST and PATCH once ("POST and PATCH must not be repeated; no idempotency key exists"), so an
answer that got lost is ``Ambiguous`` and never a second object.
"""

from __future__ import annotations

import asyncio
import functools
import math
import random as dice
import re
import ssl
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeAlias

import httpx
import orjson

from hmsplan import __version__
from hmsplan.api import request_log
from hmsplan.api.departure import Departure
from hmsplan.api.rate_limit import Pacer, backoff
from hmsplan.api.responses import KEY_NAME, Answer, Unreadable, body_of, error_of
from hmsplan.api.urls import DEFAULT_BASE_URL, encoded, endpoint, tls
from hmsplan.errors import ApiError, HmsplanError, NotFound, RateLimited
from hmsplan.model import Secret, Unsendable, dotted, leaves

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path
    from types import TracebackType

MAX_BYTES: Final = 256 * 1024 * 1024

_TRIES: Final = 4
_REFUSALS: Final = 10  # 429s that one call puts up with
_PATIENCE_S: Final = 300.0  # and for so long
_FREE_RETRIES: Final = 20
_RETRY_SHARE: Final = 0.2
_DRIP: Final = 4  # one exchange may take so many timeouts, however slowly its bytes drip
_ERROR_BYTES: Final = 65_536
_MOST_SHOWN: Final = 60
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_ENCODINGS: Final = frozenset({"", "identity", "gzip", "deflate"})

Before: TypeAlias = "Callable[[], Awaitable[None]]"


CHECKS: Final = frozenset({"test", "verify", "refresh"})
"""What the path of a POST ends with that makes the platform look and stores no more than what it found."""


class ReadClient:
    """Reads, paced and with patience; an async context manager.

    Args:
        api_key: kept out of every text.
        key_name: the environment variable that it stands in, for messages.
        transport: in place of the network; proxies and ``ca_bundle`` mean nothing then.
        allow_host: a host that may have the key, besides the vendor's and loopback.
        ca_bundle: PEM file with further authorities. Verification cannot be switched off.
        timeout_s: to connect, and between two pieces of an answer; a whole exchange may take four times that.
        max_bytes: of one answer, unpacked.
        deadline_s: seconds from now after which nothing more is sent; None = no limit.
        clock: seconds that only grow; *wall* is Unix seconds.
        random: 0 to 1, for the jitter of waits.
        on_wait: told the seconds of each wait for the rate limit as it begins.
        on_skew: told once by how many seconds our clock is ahead of the API's, when that is more than a minute.

    Attributes:
        base_url: where all requests go.
        clock: seconds that only grow.
        requests: sent, by method, repeated ones included.
        retries: how many of those were repetitions.

    Raises:
        HmsplanError: the base URL, the key or the bundle cannot be used.
    """

    methods: ClassVar[frozenset[str]] = frozenset({"GET"})

    def __init__(
        self,
        base_url: str = DEFAULT_BASE_URL,
        *,
        api_key: str,
        key_name: str = KEY_NAME,
        transport: httpx.AsyncBaseTransport | None = None,
        allow_host: str | None = None,
        ca_bundle: Path | None = None,
        timeout_s: float = 30.0,
        max_connections: int = 10,
        max_bytes: int = MAX_BYTES,
        deadline_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        random: Callable[[], float] = dice.random,
        on_wait: Callable[[float], None] | None = None,
        on_skew: Callable[[float], None] | None = None,
    ) -> None:
        self._url = endpoint(base_url, allow_host)
        self.base_url = str(self._url)
        self.requests: Counter[str] = Counter()
        self.retries = 0
        self._calls = 0
        key = _checked_key(api_key, key_name)
        self._key = Secret(key_name, key)
        self._exchange_s = timeout_s * _DRIP
        self._timeout_s, self._max_bytes = timeout_s, max_bytes
        self.clock, self._sleep, self._random = clock, sleep, random
        self._until = math.inf if deadline_s is None else clock() + deadline_s
        self._slots = asyncio.Semaphore(max_connections)
        self._gate = asyncio.Lock()
        self._has_network = transport is None
        self._pacer = Pacer(clock=clock, wall=wall, sleep=sleep, random=random, on_wait=on_wait, on_skew=on_skew)
        request_log.LOG.info("endpoint %s, %d connections at most", self.base_url, max_connections)
        encrypted = self._url.scheme == "https" and transport is None
        self._http = _http(
            transport=transport,
            verify=tls(ca_bundle) if encrypted else _trusts_none(),
            trust_env=encrypted,  # proxies: for https they see a tunnel, for http they would see the key
            follow_redirects=False,
            timeout=httpx.Timeout(timeout_s),
            limits=httpx.Limits(max_connections=max_connections, max_keepalive_connections=max_connections),
            event_hooks={"request": [self._guard]},
            cookies=_NoCookies(),
            headers={
                "Authorization": f"Bearer {key}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "Content-Type": "application/json",
                "User-Agent": f"hmsplan/{__version__}",
            },
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)
        if isinstance(error, ApiError):
            error.at(self.base_url)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url})"

    @property
    def waited_s(self) -> float:
        """Seconds spent waiting for the rate limit."""
        return self._pacer.waited_s

    @property
    def held_until(self) -> float:
        """Clock reading when the rate limit last let us go on after it held us up; what was read before is old."""
        return self._pacer.held_until

    def server_now(self) -> float:
        """Return Unix seconds by the API's clock (its ``Date``); by our own until an answer had one."""
        return self._pacer.server_now()

    def server_latest(self) -> float:
        """Return the latest that the API's clock may show now."""
        return self._pacer.server_latest()

    async def pause(self, seconds: float) -> None:
        """Wait, before something is asked again that an answer left open."""
        await self._sleep(seconds)

    async def get(self, where: Sequence[str], *, params: Mapping[str, str | int] | None = None) -> Any:
        """Read; repeated after 429, 5xx, timeouts, network errors and answers that cannot be read.

        Raises:
            NotFound: 404.
            Unauthorized: 401.
            RateLimited: 429 again and again.
            ApiError: any other answer that is no success, or none.
        """
        return await self._call("GET", where, params=params)

    async def _call(
        self,
        method: str,
        where: Sequence[str],
        *,
        params: Mapping[str, str | int] | None = None,
        body: Any = None,
        before: Before | None = None,
    ) -> Any:
        path = encoded(where)
        secrets = [leaf for _, leaf in leaves(body) if isinstance(leaf, Secret)]
        content = None if body is None else _serialised(body, secrets)
        hidden = [text for secret in (self._key, *secrets) if isinstance(text := secret.reveal(), str)]
        self._calls += 1
        failures = refusals = 0
        patient_until = math.inf
        if content is not None:
            request_log.sent(method, path, body, len(content))
        while True:
            answer = await self._exchange(method, path, params, content, before)
            try:
                value = answer.value(method)
            except Unreadable as unreadable:
                error = error_of(answer, method, path, hidden, str(unreadable), self._key.name)
                request_log.answered(method, path, params, answer, hidden)
            else:
                request_log.answered(method, path, params, answer, hidden, value)
                return value
            if method == "DELETE" and isinstance(error, NotFound):
                return None
            if isinstance(error, RateLimited):
                refusals += 1
                patient_until = min(patient_until, self.clock() + _PATIENCE_S)
                self._hold(answer, error, spent=refusals > _REFUSALS or self.clock() >= patient_until)
            else:
                failures += 1
                if failures >= _TRIES or not answer.repeatable(method):
                    raise error
                await self._rest(answer, error, failures)

    async def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int] | None,
        content: bytes | None,
        before: Before | None,
    ) -> Answer:
        """Send once, when the rate limit and the number of connections allow it, and *before*, awaited last, does.

        What did not leave gives its reservation back.
        """
        url, headers = f"{self.base_url}{path}", self._http.headers  # the client would merge both with nothing
        request = httpx.Request(method, url, params=params, headers=headers, content=content)
        departure = Departure(before, self._gate, self.clock)
        async with self._slots:
            await self._admit(method, path)
            answer = Answer(None, {}, trouble="cancelled")
            try:
                if before is not None and self._has_network:
                    request.extensions["trace"] = departure.follow
                else:  # in this very process, which is not stopped without it
                    await departure.ask()
                answer = await self._send(request)
            finally:
                departure.end()
                if departure.allowed_at is None:
                    self._pacer.withdraw()
                else:
                    self.requests[method] += 1
                    self._pacer.settle(answer.headers or None, refused=answer.limited)
        if departure.allowed_at is not None:
            return replace(answer, took_s=self.clock() - departure.allowed_at)
        if answer.status is not None:
            raise AssertionError("a write was sent without asking; httpcore no longer tells when it begins to write")
        return replace(answer, sent=False)

    async def _admit(self, method: str, path: str) -> None:
        try:
            await self._pacer.admit(self._until)
        except TimeoutError:
            error = ApiError("not sent: the time limit of this run is over", method=method, path=path)
        else:
            return
        raise error

    async def _send(self, request: httpx.Request) -> Answer:
        status, headers = None, dict[str, str]()
        try:
            async with asyncio.timeout(self._exchange_s):
                response = await self._http.send(request, stream=True)
                status, headers = response.status_code, dict(response.headers.items())
                try:
                    return await self._received(response, headers)
                finally:
                    await response.aclose()
        except TimeoutError:
            return Answer(status, headers, trouble=f"the answer was not complete after {self._exchange_s:g} s")
        except httpx.RequestError as error:
            trouble, sent = self._trouble(error), not isinstance(error, _NOT_SENT)
            return Answer(status, headers, trouble=trouble, sent=sent, final="CERTIFICATE_VERIFY_FAILED" in trouble)

    async def _received(self, response: httpx.Response, headers: Mapping[str, str]) -> Answer:
        """Read the body, as far as it may be; of an error only what is worth showing."""
        status = response.status_code
        most = self._max_bytes if response.is_success else _ERROR_BYTES
        too_large = f"the answer is larger than {self._max_bytes} bytes"
        if (coding := headers.get("content-encoding", "").strip().lower()) not in _ENCODINGS:
            return Answer(
                status, headers, trouble=f"the answer is packed as {coding}, which was not asked for", final=True
            )
        length = headers.get("content-length", "")
        if response.is_success and length.isdecimal() and int(length) > most:
            return Answer(status, headers, trouble=too_large, final=True)
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.aiter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > most and response.is_success:
                return Answer(status, headers, trouble=too_large, final=True)
            if size > most:
                break
        return Answer(status, headers, b"".join(chunks))

    def _trouble(self, error: httpx.RequestError) -> str:
        match error:
            case httpx.TimeoutException():
                return f"no answer within {self._timeout_s:g} s"
            case httpx.DecodingError():
                return "the answer could not be unpacked"
            case httpx.LocalProtocolError():
                return "the request could not be written"  # its text may quote a header
            case httpx.RemoteProtocolError():
                return f"the connection broke: {error}"
            case _:
                return f"{re.sub(r'(?<!^)(?=[A-Z])', ' ', type(error).__name__).lower()}: {error}".rstrip(": ")

    def _hold(self, answer: Answer, error: RateLimited, *, spent: bool) -> None:
        """Make all wait after a 429, or give up."""
        error.retry_after_s = self._pacer.retry_after(answer.headers, body_of(answer))
        if spent:
            raise error
        self._count_retry(error)
        asked = "does not say how long" if error.retry_after_s is None else f"asks for {error.retry_after_s:.1f} s"
        request_log.LOG.debug("refused by the rate limit, which %s; all requests wait", asked)
        self._pacer.close(error.retry_after_s)

    async def _rest(self, answer: Answer, error: ApiError, failures: int) -> None:
        """Wait before the next try, or give up."""
        asked = self._pacer.retry_after(answer.headers) if "retry-after" in answer.headers else None
        wait_s = backoff(failures, self._random) if asked is None else asked
        if self.clock() + wait_s > self._until:
            raise _and(error, "the time limit of this run leaves no room for another try")
        self._count_retry(error)
        request_log.LOG.debug("%s %s: try %d of %d in %.1f s", error.method, error.path, failures + 1, _TRIES, wait_s)
        await self._sleep(wait_s)

    def _count_retry(self, error: ApiError) -> None:
        """Stop a run that mostly repeats itself: it only makes an outage worse."""
        if self.retries >= max(_FREE_RETRIES, _RETRY_SHARE * self._calls):
            raise _and(error, f"this run has repeated {self.retries} requests, and gives up")
        self.retries += 1

    async def _guard(self, request: httpx.Request) -> None:
        """Refuse, right before each send, what must not leave: another host, or a method this client has not."""
        url, pinned = request.url, self._url
        if request.method not in self.methods:
            raise HmsplanError(f"{type(self).__name__} does not send {request.method}", summary="Not sent")
        if (url.scheme, url.raw_host, url.port) != (pinned.scheme, pinned.raw_host, pinned.port):
            raise HmsplanError(f"{url.host} is not {pinned.host}", summary="Not sent")


class CheckClient(ReadClient):
    """Reads, and asks the API to look at something outside: a POST that changes no setting, to one of ``CHECKS``."""

    methods: ClassVar[frozenset[str]] = frozenset({"GET", "POST"})

    async def check(self, where: Sequence[str]) -> Any:
        """Ask for one check, once, and return what was found; its own address is *where*.

        Raises:
            ValueError: that is no check.
            ApiError: refused, or there was no answer.
        """
        if len(where) < 2 or where[-1] not in CHECKS:  # noqa: PLR2004 -- of something
            msg = f"{'/'.join(where)} is not a check"
            raise ValueError(msg)
        return await self._call("POST", where, body={})


class WriteClient(ReadClient):
    """Reads and writes.

    Bodies are JSON in which a ``Secret`` may stand for its value; only here is it unwrapped. All three methods return
    the parsed answer, or None for a 2xx without a body.
    """

    methods: ClassVar[frozenset[str]] = frozenset({"GET", "POST", "PATCH", "DELETE"})

    async def post(self, where: Sequence[str], body: Mapping[str, Any], *, before: Before | None = None) -> Any:
        """Create; sent once, and again only after a 429 or when no connection came about.

        Args:
            where: segments of the path.
            body: what to create.
            before: awaited right before each send, however long the rate limit let it wait, and while no other write
                leaves. Raises to send nothing. Must not use this client, of which it holds a connection.

        Raises:
            Ambiguous: sent, but the answer was lost, a 5xx, a redirect or unreadable.
            RateLimited: 429 again and again; nothing happened.
            ApiError: refused, or never sent; nothing happened.
            HmsplanError: the body cannot be sent, a secret's value is missing, for example.
        """
        return await self._call("POST", where, body=body, before=before)

    async def patch(self, where: Sequence[str], body: Mapping[str, Any], *, before: Before | None = None) -> Any:
        """Update; as ``post``, and null in *body* reaches the wire."""
        return await self._call("PATCH", where, body=body, before=before)

    async def delete(
        self, where: Sequence[str], body: Mapping[str, Any] | None = None, *, before: Before | None = None
    ) -> Any:
        """Delete; repeated like a GET. A 404 is success: "DELETE that meets 404 is done".

        Args:
            where: segments of the path.
            body: names what is to go, where the path does not.
            before: as for ``post``; a repetition asks it again.

        Raises:
            ApiError: refused, or no success after all tries.
        """
        return await self._call("DELETE", where, body=body, before=before)


class _NoCookies(CookieJar):
    """Keeps no cookie: nothing of one answer goes into the next request."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Look for none."""


@functools.cache
def _trusts_none() -> ssl.SSLContext:
    """Return what httpx asks for where nothing is encrypted, and would read all authorities of the system for."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _http(**options: Any) -> httpx.AsyncClient:
    try:
        return httpx.AsyncClient(**options)
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        reason = str(error)
    raise HmsplanError(f"HTTPS_PROXY or ALL_PROXY: {reason}", summary="Proxy cannot be used")


def _and(error: ApiError, more: str) -> ApiError:
    error.detail = f"{error.detail}; {more}"
    error.args = (error.detail,)
    return error


def _checked_key(api_key: str, name: str) -> str:
    key = api_key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        why = "holds characters no key has" if key else "is empty"
        raise HmsplanError(f"{name} {why}", summary="No API key")
    return key


def _serialised(body: Any, secrets: Sequence[Secret]) -> bytes:
    for path, value in leaves(body):
        if not isinstance(value, Unsendable):
            continue
        detail = (
            f"The live value of {dotted(path)} is {value[:_MOST_SHOWN]}. No request can carry it, and this update "
            "would have to send it along. Declare the field, or correct it in the dashboard."
        )
        raise HmsplanError(detail, summary="Value cannot be sent")
    for secret in secrets:
        if secret.reveal() is None:
            raise HmsplanError(f"the value of secret {secret.name} is not known", summary="Not sent")
    try:
        return orjson.dumps(body, default=_plain, option=orjson.OPT_PASSTHROUGH_DATACLASS)
    except TypeError as error:
        reason = str(error)
    raise HmsplanError(f"the body is not JSON: {reason}", summary="Not sent")


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError
