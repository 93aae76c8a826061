"""A text that a regular expression takes, always the same one. Pure."""

from __future__ import annotations

import re
from re import _parser as parser  # type: ignore[attr-defined]  # what takes an expression apart; hypothesis uses it too
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LONG: Final = 12
_CATEGORIES: Final = {
    "CATEGORY_DIGIT": ("5", r"\d"),
    "CATEGORY_WORD": ("a", r"\w"),
    "CATEGORY_SPACE": (" ", r"\s"),
    "CATEGORY_NOT_DIGIT": ("a", r"\D"),
    "CATEGORY_NOT_WORD": ("-", r"\W"),
    "CATEGORY_NOT_SPACE": ("a", r"\S"),
}
"""Classes of characters: one of each, and how it is written."""
_WORDS: Final = ("Abcdef12#ghijk", "a1", "A1", "a-1", "2030-01-15")
"""What is tried when the parts of an expression do not make a text that all of it takes."""
_MOST: Final = 10_000
_CANDIDATES: Final = "a5A0 -_.@/+#~!é"
"""What is tried where a class only says what does not belong to it."""


def text_of(pattern: str, *, is_long: bool = False, least: int = 0) -> str | None:
    """Return a text in which *pattern* is found; None when none comes to mind.

    Args:
        pattern: a regular expression; what ECMA has and Python has not is not understood.
        is_long: repeat what may be repeated.
        least: characters that it has to have.
    """
    try:
        parsed = parser.parse(pattern)
        tries = [_of(parsed, times) for times in ((_LONG, 1) if is_long else (0, 1, _LONG))]
        found = [text for text in (*tries, *_WORDS) if len(text) >= least and re.search(pattern, text)]
    except (re.error, RecursionError, KeyError, _Strange):
        return None
    return next(iter(found), None)


class _Strange(Exception):
    """A part of an expression for which no text is known."""


def _of(parts: Any, times: int) -> str:
    text = "".join(_part(str(name), value, times) for name, value in parts)
    if len(text) > _MOST:
        raise _Strange("a very long text")
    return text


def _part(name: str, value: Any, times: int) -> str:
    if name in _INSIDE:
        return _of(_INSIDE[name](value), times)
    match name:
        case "NOT_LITERAL":
            found = next(char for char in _CANDIDATES if ord(char) != value)
        case "IN":
            found = _one_of(value)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inside = value
            found = _of(inside, times) * max(least, min(int(most), times))
        case "AT" | "ASSERT" | "ASSERT_NOT":
            found = ""  # whether it holds is seen in the end
        case "LITERAL" | "ANY":
            found = "a" if value is None else chr(value)
        case _:
            raise _Strange(name)
    return found


_INSIDE: Final[Mapping[str, Callable[[Any], Any]]] = {
    "SUBPATTERN": lambda value: value[-1],
    "ATOMIC_GROUP": lambda value: value,
    "BRANCH": lambda value: value[1][0],
}
"""Parts that hold others, and which of those are taken."""


def _one_of(members: Any) -> str:
    if str(members[0][0]) == "NEGATE":
        inside = re.compile(f"[{''.join(_written(str(name), value) for name, value in members[1:])}]")
        return next((char for char in _CANDIDATES if inside.fullmatch(char) is None), "\u4e00")
    name, value = str(members[0][0]), members[0][1]
    if name == "CATEGORY":
        return _CATEGORIES[str(value)][0]
    first, last = value if name == "RANGE" else (value, value)
    return "5" if first == ord("0") and last >= ord("5") else chr(first)


def _written(name: str, value: Any) -> str:
    if name == "CATEGORY":
        return _CATEGORIES[str(value)][1]
    first, last = value if name == "RANGE" else (value, value)
    return f"{re.escape(chr(first))}-{re.escape(chr(last))}"
