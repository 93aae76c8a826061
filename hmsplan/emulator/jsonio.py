"""JSON of the wire: strict reading, and writing of anything that was read."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import orjson

DEPTH_MAX = 200
"""Deepest nesting of a request; the writer gives up a little later."""


_SURROGATE = re.compile("[\ud800-\udfff]")
_BIG = re.compile(rb"\d{19}")


class JsonError(ValueError):
    """A body that is not JSON, or JSON that no two readers read alike."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise JsonError(f"key {twice!r} occurs twice")
    return members


def _constant(word: str) -> Any:
    raise JsonError(f"{word} is not JSON")


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise JsonError(f"{digits[:20]} is out of range")
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_constant, parse_float=_float)


def parse(body: bytes) -> Any:
    """Read a request body.

    Raises:
        JsonError: broken JSON, a duplicate key, NaN or Infinity, half a surrogate pair, or too deep a nesting.
    """
    try:
        text = body.decode("utf-8")
        value = _DECODER.decode(text)
    except JsonError:
        raise
    except UnicodeDecodeError as error:
        raise JsonError("not UTF-8") from error
    except RecursionError as error:
        raise JsonError("nested too deeply") from error
    except ValueError as error:
        raise JsonError(str(error)) from error
    # Escaped surrogates decode to text that cannot be encoded again; only \u escapes can make one.
    if "\\u" in text and _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        raise JsonError("half a surrogate pair")
    if _too_deep(value):
        raise JsonError("nested too deeply")
    return value


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEPTH_MAX):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [child for child in value.values() if isinstance(child, dict | list)]
    if isinstance(value, list):
        return [child for child in value if isinstance(child, dict | list)]
    return []


def dumps(value: Any) -> bytes:
    """Write JSON; whole numbers beyond 64 bits keep their digits."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def loads(document: bytes) -> Any:
    """Read JSON that `dumps` wrote."""
    return json.loads(document) if _BIG.search(document) else orjson.loads(document)
