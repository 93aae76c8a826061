"""Keyed fingerprints of secrets: what state keeps so that a new value is seen. Pure.

A fingerprint is ``key:place:mac``. ``key`` names the key that made it, so that another key is told from another value;
``place`` keeps the same secret in two places from looking the same; ``mac`` is 128 bits of HMAC-SHA256. The place
stands in the fingerprint itself: a moved or renamed object is compared in the place where its secret was first sent.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

MIN_LENGTH: Final = 32
"""Characters that a key should have. A fingerprint may be committed to git: to guess its key is to guess secrets."""

_KEY_ID: Final = b"hmsplan fingerprint key v1"
_SECRET: Final = b"hmsplan fingerprint v1\0"
_ID_DIGITS: Final = 8
_PLACE_DIGITS: Final = 12
_MAC_DIGITS: Final = 32


class FingerprintKey:
    """Makes fingerprints, and shows nothing of itself.

    Attributes:
        id: tells this key from others.
    """

    __slots__ = ("_key", "id")

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self.id = hmac.new(self._key, _KEY_ID, hashlib.sha256).hexdigest()[:_ID_DIGITS]

    def __repr__(self) -> str:
        return f"FingerprintKey({self.id})"

    def fingerprint(self, value: str, place: str) -> str:
        """Return the fingerprint of *value*; *place* is any text that names where it is sent."""
        return self._with(value, hashlib.sha256(place.encode()).hexdigest()[:_PLACE_DIGITS])

    def again(self, value: str, fingerprint: str) -> str | None:
        """Return the fingerprint of *value* in the place of another; None when another key made that one."""
        key, _, rest = fingerprint.partition(":")
        return self._with(value, rest.partition(":")[0]) if key == self.id else None

    def _with(self, value: str, place: str) -> str:
        text = b"%s%s\0%s" % (_SECRET, place.encode(), value.encode())
        return f"{self.id}:{place}:{hmac.new(self._key, text, hashlib.sha256).hexdigest()[:_MAC_DIGITS]}"
