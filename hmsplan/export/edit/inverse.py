"""A text with ``${…}`` in it, such that it comes to another text: the inverse of interpolation. Pure.

Lines that are as they were keep what is written. In the others a ``${…}`` is kept where its value still stands, and
only where it is plain which place that is: as often as before, in the same order.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple

from hmsplan.config.interpolation import escape, parse_text
from hmsplan.export.edit.splices import CannotEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hmsplan.config.interpolation import Expression


class _Part(NamedTuple):
    """A part of a text.

    Attributes:
        written: with its ``${…}``, or the text itself, escaped.
        value: what it comes to.
        is_literal: nothing is inserted.
    """

    written: str
    value: str
    is_literal: bool


def rewritten(written: str, value_of: Callable[[Expression], str], before: str, after: str) -> str:
    """Return *written*, which comes to *before*, such that it comes to *after*.

    Raises:
        CannotEdit: it cannot be told what is to become of a ``${…}``, or *written* does not come to *before*.
    """
    lines = list(_lines(_parts(written, value_of)))
    olds = ["".join(part.value for part in line) for line in lines]
    if "".join(olds) != before:
        raise CannotEdit("what it is made of comes to another text than the one that is declared")
    news = after.splitlines(keepends=True) if "\n" in after else [after]
    found = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        parts = [part for line in lines[a:b] for part in line]
        found.append(
            "".join(part.written for part in parts) if what == "equal" else _changed(parts, "".join(news[c:d]))
        )
    return "".join(found)


def _parts(written: str, value_of: Callable[[Expression], str]) -> Iterator[_Part]:
    for part in parse_text(written):
        if isinstance(part, str):
            yield _Part(escape(part), part, True)
        else:
            yield _Part(f"${{{part}}}", value_of(part), False)


def _lines(parts: Iterator[_Part]) -> Iterator[list[_Part]]:
    """Divide parts into lines; a value of several lines stands in one."""
    line: list[_Part] = []
    for part in parts:
        for piece in part.value.splitlines(keepends=True) if part.is_literal else [None]:
            line.append(part if piece is None else _Part(escape(piece), piece, True))
            if line[-1].value.endswith("\n"):
                yield line
                line = []
    if line:
        yield line


def _changed(parts: Sequence[_Part], new: str) -> str:
    """Write *new* with the insertions of *parts*, each in its place."""
    old = "".join(part.value for part in parts)
    values = list(dict.fromkeys(part.value for part in parts if not part.is_literal))
    for part in parts:
        if not part.is_literal and (not part.value or old.count(part.value) != new.count(part.value)):
            raise CannotEdit(_why(part, new))
    places = sorted((at, value) for value in values for at in _places(new, value))
    written, at = [], 0
    kept = {value: list(_kept(parts, value)) for value in values}
    for place, value in places:
        if place < at:
            raise CannotEdit("the values of two ${…} overlap in the text that is live")
        here = kept[value].pop(0)
        written += [escape(new[at:place]), here]
        at = place + len(value)
    return "".join([*written, escape(new[at:])])


def _places(text: str, value: str) -> Iterator[int]:
    at = text.find(value)
    while at >= 0:
        yield at
        at = text.find(value, at + len(value))


def _kept(parts: Sequence[_Part], value: str) -> Iterator[str]:
    """Yield, for each time that *value* stands in the old text, what is written there."""
    old = "".join(part.value for part in parts)
    inserted, at = {}, 0
    for part in parts:
        if not part.is_literal:
            inserted[at] = part
        at += len(part.value)
    for place in _places(old, value):
        here = inserted.get(place)
        yield here.written if here is not None and here.value == value else escape(value)


def _why(part: _Part, new: str) -> str:
    if part.value and part.value not in new:
        return f"it is made of {part.written}, and its value {part.value!r} no longer stands there"
    return f"it is made of {part.written}, and which {part.value!r} of the live text it stands for is not plain"
