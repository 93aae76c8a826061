"""Sending a signed webhook to a service on this machine, and reading its answer as the platform does.

What an answer may look like and how long it is waited for stands in ``hmsplan/openapi/rules.json``.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import jsonschema_rs

from hmsplan.emulator.jsonio import dumps, parse
from hmsplan.emulator.rules import SHARED
from hmsplan.emulator.webhooks import sign

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

_MOST_BYTES = 1_000_000
_FACTS: Mapping[str, Any] = SHARED["webhooks"]["events"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where an event goes, and what signs it."""

    url: str
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """One event and what came of it.

    Attributes:
        event: its name, such as ``tool-calls``.
        about: which tool or status.
        url: where it went; empty when it had nowhere to go.
        status: of the answer; None when there was none.
        answer: of a form that the platform takes; None for no answer.
        problem: why the answer does not count; empty when it does.
    """

    event: str
    about: str
    url: str = ""
    status: int | None = None
    answer: Any = None
    problem: str = ""


def documented_wait_s(event: str) -> float:
    """Return how many seconds the platform waits for the answer to an event."""
    seconds: float = _FACTS[event]["answer_within_s"]
    return seconds


async def post(
    event: str, about: str, target: Target | None, message: Mapping[str, Any], *, wait_s: Callable[[str], float]
) -> Sent:
    """Send one event to this machine, and nowhere else."""
    if target is None:
        return Sent(event, about, problem="there is no webhook for it: not of the tool, the assistant or the account")
    if not _is_here(target.url):
        return Sent(event, about, target.url, problem="it is not sent: the host is not 127.0.0.1, ::1 or localhost")
    body = dumps({"message": {"type": event, **message}})
    headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
    headers |= sign(event, body, target.secret, now=time.time())
    try:
        async with asyncio.timeout(wait_s(event)):
            status, content = await _exchange(target.url, headers, body)
    except TimeoutError:
        return Sent(event, about, target.url, problem=f"there is no answer within {wait_s(event):g} s")
    except (httpx.HTTPError, OSError) as error:
        return Sent(event, about, target.url, problem=f"there is no answer: {type(error).__name__}")
    answer, problem = _read(event, status, content)
    return Sent(event, about, target.url, status, answer, problem)


async def _exchange(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    async with (
        httpx.AsyncClient(verify=_tls(), trust_env=False, timeout=None) as client,  # noqa: S113 -- asyncio.timeout is around it
        client.stream("POST", url, headers=headers, content=body) as response,
    ):
        content = b""
        async for chunk in response.aiter_raw():
            content += chunk
            if len(content) > _MOST_BYTES:
                break
        return response.status_code, content


@functools.cache
def _tls() -> ssl.SSLContext:
    """Return one context for all events: making one takes 25 ms."""
    return httpx.create_ssl_context()


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(event: str, status: int, content: bytes) -> tuple[Any, str]:
    """Return the answer, and why it does not count."""
    forms = _FACTS[event].get("answers")
    is_empty = not content.strip()
    if not 200 <= status < 300:  # noqa: PLR2004
        return None, f"the answer is {status}"
    if forms is None or (is_empty and _FACTS[event].get("may_be_empty")):
        return None, ""
    if is_empty or len(content) > _MOST_BYTES:
        return None, "the answer is empty" if is_empty else "the answer is too large"
    try:
        value = parse(content)
    except ValueError:
        return None, "the answer is not JSON"
    keys = value.keys() if isinstance(value, dict) else ()
    form = next(each for each in forms if each.get("key") in keys or "key" not in each)
    if jsonschema_rs.is_valid(form["schema"], value):
        return value, ""
    return None, f"the answer is not of the form of {form['form']}"
