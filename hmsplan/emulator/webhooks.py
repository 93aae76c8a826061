"""Signatures of webhooks, as the platform makes them and receivers check them."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENTS = ("assistant-request", "tool-calls", "status-update", "end-of-call-report")
MAX_AGE_S = 300
"""Receivers accept five minutes of age."""


def sign(event: str, body: bytes, secret: str | None, *, now: float | None = None) -> dict[str, str]:
    """Return the headers of a webhook; without a secret there is no signature.

    Args:
        event: one of `EVENTS`.
        body: the raw body, byte for byte as sent.
        secret: the assistant's ``webhook_secret``.
        now: Unix seconds; the clock's when absent.
    """
    timestamp = str(int(time.time() if now is None else now))
    headers = {"X-Webhook-Event": event, "X-Webhook-Timestamp": timestamp}
    if secret:
        headers["X-Webhook-Signature"] = _signature(timestamp, body, secret)
    return headers


def verify(
    headers: Mapping[str, str], body: bytes, secret: str, *, now: float | None = None, max_age_s: float = MAX_AGE_S
) -> bool:
    """Tell whether a webhook was signed with the secret, and not too long ago (or too far ahead)."""
    found = {name.lower(): value for name, value in headers.items()}
    timestamp, signature = found.get("x-webhook-timestamp", ""), found.get("x-webhook-signature", "")
    if not timestamp.isascii() or not timestamp.isdigit():
        return False
    age_s = (time.time() if now is None else now) - int(timestamp)
    return abs(age_s) <= max_age_s and hmac.compare_digest(
        signature.encode(), _signature(timestamp, body, secret).encode()
    )


def _signature(timestamp: str, body: bytes, secret: str) -> str:
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"
