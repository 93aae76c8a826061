"""JSON read strictly: what ``json`` would let pass, a key that stands twice in one object or NaN, is refused. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from hmsplan.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_BYTES: Final = 256 * 2**20


class NotJson(ValueError):
    """The text says why."""


def read(
    text: str | bytes,
    *,
    parse_int: Callable[[str], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
) -> Any:
    """Parse JSON; *parse_int* and *parse_float* are as in ``json.loads``.

    Raises:
        NotJson: it is not JSON, NaN is in it, a key stands in one object twice, or it is nested too deeply.
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=unique,
            parse_int=parse_int,
            parse_float=parse_float,
            parse_constant=_refused,
        )
    except RecursionError:
        raise NotJson("it is nested too deeply to be read") from None
    except NotJson:
        raise
    except ValueError as error:
        raise NotJson(str(error)) from None


def read_document(data: bytes, what: str, summary: str) -> Any:
    """Read the JSON of a file that we wrote; *what* and *summary* are for its reader.

    Raises:
        StateError: too big, or not JSON.
    """
    if len(data) > MAX_BYTES:
        raise StateError(f"The file has {len(data):,} bytes or more; a {what} may have {MAX_BYTES:,}.", summary=summary)
    try:
        return read(data)
    except NotJson as error:
        raise StateError(f"It is not valid JSON: {error}", summary=summary) from None


def unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of *pairs*.

    Raises:
        NotJson: a key stands in it twice.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = escaped(next(name for name in found if names.count(name) > 1))
        raise NotJson(f"the key {twice:.100} stands in one object twice, and one of the two would be lost")
    return found


def escaped(text: str) -> str:
    """Return *text* with halves of surrogate pairs spelled out, so that it can be encoded."""
    return text.encode("utf-8", "backslashreplace").decode()


def _refused(name: str) -> Any:
    raise NotJson(f"{name} is not a number")
