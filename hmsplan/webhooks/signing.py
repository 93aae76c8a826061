"""Sign the events of a call, and check the signature of one. For services too: it needs nothing but Python.

``X-Webhook-Signature`` is ``sha256=`` and the hex HMAC-SHA256 of ``timestamp.body``, keyed with the ``webhook_secret``:
the timestamp as it stands in ``X-Webhook-Timestamp``, and the body byte for byte, before anything has parsed it.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import re
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EVENT: Final = "X-Webhook-Event"
TIMESTAMP: Final = "X-Webhook-Timestamp"
SIGNATURE: Final = "X-Webhook-Signature"
MAX_AGE_S: Final = 300
"""How old a signature may be, and how far ahead of our clock; in seconds."""
_SECONDS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


class Fault(enum.StrEnum):
    """Why a signature does not hold."""

    MISSING = "a header is missing, or is there twice"
    NO_TIME = "the timestamp is not a number of seconds"
    TOO_OLD = "it was signed more than five minutes ago"
    TOO_NEW = "it was signed more than five minutes ahead of this clock"
    WRONG = "the signature is not that of this body, time and secret"


def signed_headers(event: str, body: bytes, secret: str | None, *, now: float | None = None) -> dict[str, str]:
    """Return the headers that the platform sends with *body*.

    Args:
        event: one of the four, such as ``tool-calls``.
        body: the raw bytes of the request.
        secret: the ``webhook_secret``; None = there is no signature.
        now: Unix seconds; None = by the clock of this machine.

    Raises:
        ValueError: the secret is empty.
    """
    if secret == "":
        raise ValueError("a secret is missing or empty")
    timestamp = str(int(time.time() if now is None else now))
    headers = {EVENT: event, TIMESTAMP: timestamp}
    return headers if secret is None else {**headers, SIGNATURE: signature(timestamp, body, secret)}


def signature(timestamp: str, body: bytes, secret: str) -> str:
    """Return the value of ``X-Webhook-Signature``."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


def verify(
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
    body: bytes,
    secret: str | Iterable[str],
    *,
    now: float | None = None,
) -> bool:
    """Say whether the platform signed *body*, at most five minutes ago.

    Args:
        headers: of the request, their names in any case; pairs where a name may come twice.
        body: the raw bytes of the request.
        secret: the ``webhook_secret``; while it is being changed, the new and the old one.
        now: Unix seconds; None = by the clock of this machine.

    Raises:
        ValueError: there is no secret, or an empty one, which would let everybody sign.
    """
    return fault_of(headers, body, secret, now=now) is None


def fault_of(
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
    body: bytes,
    secret: str | Iterable[str],
    *,
    now: float | None = None,
) -> Fault | None:
    """Return why the signature of *body* does not hold, for a log; None when it does. As ``verify`` otherwise.

    A caller gets the same answer to every fault: which one it is helps who tries to forge one.
    """
    secrets = (secret,) if isinstance(secret, str) else tuple(secret)
    if not secrets or not all(secrets):
        raise ValueError("a secret is missing or empty")
    pairs = headers.items() if hasattr(headers, "items") else headers
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), []).append(value.strip())
    timestamps, signatures = found.get(TIMESTAMP.lower(), []), found.get(SIGNATURE.lower(), [])
    if len(timestamps) != 1 or len(signatures) != 1:
        return Fault.MISSING
    if _SECONDS.fullmatch(timestamps[0]) is None:
        return Fault.NO_TIME
    age_s = (time.time() if now is None else now) - int(timestamps[0])
    # Every secret is tried, so that the time it takes does not tell which one it was.
    held = [
        hmac.compare_digest(signatures[0].encode(), signature(timestamps[0], body, one).encode()) for one in secrets
    ]
    if not any(held):
        return Fault.WRONG
    if abs(age_s) > MAX_AGE_S:
        return Fault.TOO_OLD if age_s > 0 else Fault.TOO_NEW
    return None
