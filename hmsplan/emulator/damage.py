"""Damage: what faults do to a request before it is handled, and to its answer afterwards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hmsplan.emulator.answers import Answer
from hmsplan.emulator.jsonio import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Send

    from hmsplan.emulator.faults import Fault

_HTML = b"<!doctype html><html><head><title>Bad gateway</title></head><body><h1>502 Bad gateway</h1></body></html>"
_GARBAGE = b'{"assist\x00\xff\xfe: [}{,'


def only(faults: Sequence[Fault], *actions: str) -> list[Fault]:
    """Return the faults of some actions."""
    return [fault for fault in faults if fault.do in actions]


async def wait(faults: Sequence[Fault], action: str) -> None:
    """Wait as long as the faults of an action say together."""
    seconds = sum(fault.seconds or 0 for fault in only(faults, action))
    if seconds:
        await asyncio.sleep(seconds)


def answer_instead(faults: Sequence[Fault]) -> Answer | None:
    """Return the answer of the first fault that answers in the API's place, before anything is done."""
    for fault in faults:
        match fault.do:
            case "status":
                return _status(fault)
            case "rate_limited":
                return Answer(429, dumps({"error": "Rate limit exceeded"}), {"Retry-After": fault.retry_after or ""})
            case "redirect":
                return Answer(fault.status or 302, b"", {"Location": fault.location or ""})
    return None


def _status(fault: Fault) -> Answer:
    body = fault.body
    if body is None:
        body = {"error": f"Status {fault.status}"}
    content = body.encode() if isinstance(body, str) else dumps(body)
    headers = dict(fault.headers)
    if isinstance(body, str) and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "text/html; charset=utf-8" if body.lstrip().startswith("<") else "text/plain"
    bodyless = fault.status in {204, 304}
    return Answer(fault.status or 500, b"" if bodyless else content, headers)


def spoil(answer: Answer, faults: Sequence[Fault]) -> Answer:
    """Return the answer as the faults leave it."""
    for fault in faults:
        match fault.do:
            case "apply_then_status":
                answer = _status(fault)
            case "garbage_body":
                answer.body = _GARBAGE
            case "html_body":
                answer.body = _HTML
                answer.headers["Content-Type"] = "text/html; charset=utf-8"
            case "empty_body":
                answer.body = b""
            case "content_type":
                answer.headers["Content-Type"] = fault.value or ""
            case "truncated_list":
                answer.body = _shortened(answer.body, fault.items or 0)
            case "empty_list":
                answer.body = _shortened(answer.body, 0)
    return answer


def _shortened(body: bytes, items: int) -> bytes:
    value = loads(body) if body else None
    if isinstance(value, dict):
        return dumps({key: each[:items] if isinstance(each, list) else each for key, each in value.items()})
    return body


async def send_damaged(send: Send, body: bytes, faults: Sequence[Fault]) -> None:
    """Send a body after its headers, whole, in part or drop by drop."""
    truncated, dripping = only(faults, "truncated_body"), only(faults, "slow_drip")
    if truncated:
        kept = truncated[0].bytes
        body = body[: len(body) // 2 if kept is None else kept]
    if dripping:
        step, seconds = dripping[0].bytes or 1, dripping[0].seconds
        for start in range(0, len(body), step):
            await send({"type": "http.response.body", "body": body[start : start + step], "more_body": True})
            await asyncio.sleep(0.1 if seconds is None else seconds)
        body = b""
    await send({"type": "http.response.body", "body": body, "more_body": False})
