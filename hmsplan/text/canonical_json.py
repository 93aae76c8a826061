"""One spelling for a JSON value, so that a digest of it means something. Pure."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson


def canonical_json(value: Any) -> bytes:
    """Return *value* as UTF-8 JSON: keys sorted, no space."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest(value: Any) -> str:
    """Return the SHA-256 of ``canonical_json(value)`` in hex."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
