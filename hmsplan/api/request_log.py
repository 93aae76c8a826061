"""What is logged of each request: one line under ``hmsplan.api``, and its shape under ``hmsplan.api.shapes``.

No header, no value of a field and no text of an error is ever in it. What the API chooses itself (the id that it gives
a request, how much it says is left) is cut and cleaned of the secrets that the request carried.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from hmsplan.api.body_shape import shape
from hmsplan.api.responses import cleaned

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hmsplan.api.responses import Answer

LOG: Final = logging.getLogger("hmsplan.api")
_SHAPES: Final = logging.getLogger("hmsplan.api.shapes")
_LONGEST_ID: Final = 64
_LONGEST_NUMBER: Final = 12


def sent(method: str, path: str, body: Any, size: int) -> None:
    """Log the shape of a body that is about to be sent."""
    if _SHAPES.isEnabledFor(logging.DEBUG):
        _SHAPES.debug("sends %s %s, %s bytes: %s", method, path, f"{size:,}", shape(body))


def answered(
    method: str,
    path: str,
    params: Mapping[str, str | int] | None,
    answer: Answer,
    hidden: Collection[str],
    value: Any = None,
) -> None:
    """Log what one request brought; *value* is the JSON of a success."""
    if not LOG.isEnabledFor(logging.DEBUG):
        return
    asked = f"{path}?{urlencode(params)}" if params else path
    LOG.debug("%s %s → %s", method, asked, ", ".join(_told(answer, hidden, value)))
    if value is not None and _SHAPES.isEnabledFor(logging.DEBUG):
        _SHAPES.debug("got %s, %s bytes: %s", asked, f"{len(answer.body):,}", shape(value, hidden))


def _told(answer: Answer, hidden: Collection[str], value: Any) -> list[str]:
    head = f"{answer.status}" if answer.status is not None else "no answer"
    told = [f"{head}: {cleaned(answer.trouble, hidden)}" if answer.trouble else head]
    told += [f"{len(answer.body):,} bytes"] if value is None and answer.body else []
    told += [_objects(value)] if value is not None else []
    told.append(f"{answer.took_s * 1000:.0f} ms")
    left, limit, request_id = (
        cleaned(answer.headers.get(name, ""), hidden)
        for name in ("x-ratelimit-remaining", "x-ratelimit-limit", "x-request-id")
    )
    told += [f"{left[:_LONGEST_NUMBER]} of {limit[:_LONGEST_NUMBER] or '?'} left"] if left else []
    told += [f"id {request_id[:_LONGEST_ID]}"] if request_id else []
    return told


def _objects(value: Any) -> str:
    """Count what came: the objects of the list that an answer holds, or the one that it is."""
    found = (
        next((item for item in value.values() if isinstance(item, list)), None) if isinstance(value, dict) else value
    )
    number = len(found) if isinstance(found, list) and "id" not in value else 1
    return "1 object" if number == 1 else f"{number:,} objects"
