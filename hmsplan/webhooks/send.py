"""Send one event over HTTP, and believe nothing of what comes back: few bytes, little time, no other address.

Redirects are not followed and proxies not asked. A name is resolved once, and the address that was looked at is the one
that is connected to. A host that is not this machine has to be one that the platform can reach, too.
"""

from __future__ import annotations

import asyncio
import enum
import ipaddress
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import httpx

from hmsplan.secrets.hosts import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_BYTES: Final = 1_000_000
"""Of an answer; one to a tool call is read by a model, which pays for each word."""
_PORTS: Final = {"http": 80, "https": 443}


class Trouble(enum.Enum):
    """Why there is no whole answer."""

    NOT_RESOLVED = "the name of the host is not known"
    PRIVATE = "the host is another machine with a private address, which the platform cannot reach"
    NOT_CONNECTED = "the connection is refused"
    TLS = "its certificate is not valid for the host, or it does not speak TLS"
    CLOSED = "the connection is closed before the answer is whole"
    NOT_HTTP = "what it answers is not HTTP"
    TOO_LATE = "it takes too long"
    TOO_LARGE = "it is too large"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: None = not even the first line of an answer.
        body: as far as it was read; compressed bytes stay as they are.
        headers: names in lower case.
    """

    status: int | None = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    trouble: Trouble | None = None
    took_s: float = 0.0


async def resolved(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, those of IPv4 first: IPv6 is what a machine may have and not reach.

    In a thread that nothing waits for: the one that asyncio would take is awaited at the end of the loop, for as long
    as a name server is silent.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def look() -> None:
        try:
            every = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
            told = partial(_told, found, sorted(every, key=lambda address: ":" in address))
        except (OSError, UnicodeError):
            told = partial(_told, found, [])
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(told)

    threading.Thread(target=look, daemon=True).start()
    return await found


def _told(found: asyncio.Future[list[str]], addresses: list[str]) -> None:
    if not found.done():
        found.set_result(addresses)


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends events, one at a time.

    Attributes:
        tls: checks certificates; None = by the authorities of httpx.
        most_bytes: of an answer.
    """

    tls: ssl.SSLContext | None = None
    most_bytes: int = MOST_BYTES

    async def send(self, url: str, headers: Mapping[str, str], body: bytes, *, within_s: float) -> Answer:
        """Send one event; whatever happens is an answer, after *within_s* seconds at the latest."""
        began = time.monotonic()
        answer = await self._sent(httpx.URL(url), headers, body, within_s)
        return Answer(answer.status, answer.body, answer.headers, answer.trouble, time.monotonic() - began)

    async def _sent(self, url: httpx.URL, headers: Mapping[str, str], body: bytes, within_s: float) -> Answer:
        kept = _Kept()
        try:
            async with asyncio.timeout(within_s):
                await self._exchange(url, headers, body, kept)
        except TimeoutError:
            kept.trouble = Trouble.TOO_LATE
        except (httpx.ConnectError, OSError) as error:
            kept.trouble = Trouble.TLS if _is_about_tls(error) else Trouble.NOT_CONNECTED
        except httpx.RemoteProtocolError as error:
            kept.trouble = Trouble.CLOSED if "disconnected" in str(error) or kept.status else Trouble.NOT_HTTP
        except httpx.HTTPError:
            kept.trouble = Trouble.CLOSED
        except (httpx.InvalidURL, UnicodeError, ValueError):
            kept.trouble = Trouble.NOT_HTTP
        return Answer(kept.status, bytes(kept.body), kept.headers, kept.trouble)

    async def _exchange(self, url: httpx.URL, headers: Mapping[str, str], body: bytes, kept: _Kept) -> None:
        host = url.host
        addresses = await resolved(host, url.port or _PORTS[url.scheme])
        if not addresses or not all(_may_be_reached(host, address) for address in addresses):
            kept.trouble = Trouble.PRIVATE if addresses else Trouble.NOT_RESOLVED
            return
        context = self.tls or httpx.create_ssl_context() if url.scheme == "https" else _no_tls()
        about = {"Accept": "application/json", "Accept-Encoding": "identity", **headers, "Host": _named(url)}
        async with httpx.AsyncClient(verify=context, trust_env=False, follow_redirects=False, timeout=None) as client:  # noqa: S113 -- asyncio.timeout is around it
            for left in range(len(addresses) - 1, -1, -1):
                there = url.copy_with(host=addresses[len(addresses) - 1 - left])
                request = client.build_request(
                    "POST", there, content=body, headers=about, extensions={"sni_hostname": host}
                )
                try:
                    response = await client.send(request, stream=True)
                except httpx.ConnectError:
                    if left:
                        continue  # a service may listen on one of them only, as on 127.0.0.1 and not on ::1
                    raise
                try:
                    await self._read(response, kept)
                finally:
                    await response.aclose()
                return

    async def _read(self, response: httpx.Response, kept: _Kept) -> None:
        kept.status = response.status_code
        kept.headers = {name.lower(): value for name, value in response.headers.items()}
        async for chunk in response.aiter_raw():
            kept.body += chunk[: self.most_bytes + 1 - len(kept.body)]
            if len(kept.body) > self.most_bytes:
                kept.trouble = Trouble.TOO_LARGE
                return


@dataclass(slots=True)
class _Kept:
    """What is known of an answer so far."""

    status: int | None = None
    body: bytearray = field(default_factory=bytearray)
    headers: Mapping[str, str] = field(default_factory=dict)
    trouble: Trouble | None = None


def _named(url: httpx.URL) -> str:
    return url.netloc.decode("ascii")


def _no_tls() -> ssl.SSLContext:
    """Return a context that is never used: making a real one takes 25 ms."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _may_be_reached(host: str, address: str) -> bool:
    """Say whether an event may go to an address: this machine when it was named, else what all the world can reach."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if is_loopback(host):
        return found.is_loopback
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global and not (mapped or found).is_multicast


def _is_about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError) or "SSL" in str(error) or "CERTIFICATE" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
