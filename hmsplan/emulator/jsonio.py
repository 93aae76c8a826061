"""JSON of the wire: strict reading, and writing of anything that was read."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

_BIG = re.compile(rb"\d{19}")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"key {twice!r} occurs twice")
    return members


def parse(body: bytes) -> Any:
    """Read a request body.

    Raises:
        ValueError: broken JSON, a duplicate key, NaN or Infinity, half a surrogate pair, or too deep a nesting.
    """
    try:
        orjson.dumps(orjson.loads(body))  # refuses all but duplicate keys; what is nested too deeply, when it writes
    except orjson.JSONEncodeError as error:
        raise ValueError("nested too deeply") from error
    return json.loads(body, object_pairs_hook=_members)  # keeps the digits of whole numbers beyond 64 bits


def dumps(value: Any) -> bytes:
    """Write JSON; whole numbers beyond 64 bits keep their digits."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def loads(document: bytes) -> Any:
    """Read JSON that `dumps` wrote."""
    return json.loads(document) if _BIG.search(document) else orjson.loads(document)
