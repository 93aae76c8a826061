"""What people type or paste without seeing it: odd spaces, curly quotes, marks of a merge. Pure.

To YAML all of it is text, so it is misread without an error, or the error is about something else.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Final

_SPACES: Final = "\u00a0\u1680\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff"
_FIRST: Final = re.compile(f"[ \t]*(?:-[ \t]+)*-?([{_SPACES}])")
_BEHIND_COLON: Final = re.compile(f"[ \t]*(?:- +)*[a-z_][a-z0-9_-]*:[ \t]*([{_SPACES}])")
_SPACE_NAMES: Final = {"\ufeff": "byte order mark", "\u00a0": "no-break space"}
_NO_WIDTH: Final = "\u200b\u2060\ufeff"
_CURLY: Final = re.compile("[\u201c-\u201f\u00ab\u00bb\u2018\u2019\u201a]")
_OPENING: Final = "\u201c\u201e\u201f\u00ab"
_CLOSING: Final = "\u201d\u201c\u00bb"
_CONFLICT: Final = tuple(re.compile(mark, re.MULTILINE) for mark in (r"^<{7} ", r"^={7}\r?$", r"^>{7} "))
_COLON: Final = re.compile(r"([A-Za-z_][\w-]{,60}):[^\s/]")
_LONGEST: Final = 120
_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}")


def odd_space(line: str) -> tuple[int, str] | None:
    """Find a space that YAML takes for a letter, before the first word of *line* or behind its colon.

    Returns:
        its index, and what to say of it.
    """
    found = _FIRST.match(line) or _BEHIND_COLON.match(line)
    if found is None:
        return None
    code = f"U+{ord(found[1]):04X}"
    name = _SPACE_NAMES.get(found[1]) or unicodedata.name(found[1], "odd space").lower()
    do = "Take it out." if found[1] in _NO_WIDTH else "Replace it by a plain space."
    what = f"There is a {name} ({code}) here, which YAML takes for a letter."
    return found.start(1), f"{what} {do} If it belongs to the text, put the text in quotes."


def curly_quotes(text: str) -> str | None:
    """Say what is wrong with *text* when it begins or ends with half of a pair of typographic quotes; None = nothing.

    A whole text between them is one that somebody means to be read so.
    """
    opened = text[0] in _OPENING and not any(quote in text[1:] for quote in _CLOSING)
    closed = text[-1] in _CLOSING and not any(quote in text[:-1] for quote in _OPENING)
    return curly_advice(text) if opened or closed else None


def curly_advice(text: str) -> str | None:
    """Say what to type for the typographic quotes of *text*; None when there are none."""
    found = _CURLY.search(text)
    if found is None:
        return None
    return f'Typographic quotes such as {found[0]} are letters to YAML, so they hold no text together. Write "…".'


def merge_conflict(text: str) -> tuple[int, str] | None:
    """Return the line on which a merge left its first mark, and what to do about it."""
    if "<<<<<<< " not in text or ">>>>>>> " not in text:
        return None
    at, begin = 0, None
    for mark in _CONFLICT:
        found = mark.search(text, at)
        if found is None:
            return None
        at, begin = found.end(), found.start() if begin is None else begin
    line = text.count("\n", 0, begin) + 1
    return line, (
        f"Line {line} is the mark of a merge conflict that was not resolved. Keep what is right of the two sides, and "
        "take out the lines that begin with <<<<<<<, ======= and >>>>>>>."
    )


def unquoted_template(line: str, column: int) -> str | None:
    """Say how a text that begins with ``{{`` at *column* is written; None when none begins there."""
    if line[column : column + 2] != "{{":
        return None
    before, rest = line[:column], line[column:].partition(" #")[0].rstrip()
    inside = sum(before.count(mark) for mark in "[{") > sum(before.count(mark) for mark in "]}")
    if inside and (one := _TEMPLATE.match(rest)):
        rest = one[0]
    if len(rest) > _LONGEST:
        rest = rest[:_LONGEST] + "…"
    return f"A text that begins with {{{{ has to be in quotes: {json.dumps(rest, ensure_ascii=False)}"


def missing_space(text: str) -> str | None:
    """Say that a space lacks behind the colon of *text*, if that is so."""
    found = _COLON.match(text)
    return f"If {found[1]} is a key, put a space behind its colon: {found[1]}: …" if found else None
