"""Replacements in one text, each of them found in the text as it was. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class CannotEdit(Exception):
    """A value cannot be written where it is declared; the text says why."""


class Splice(NamedTuple):
    """What stands in the place of ``text[start:end]``; several at one place where nothing is replaced are joined."""

    start: int
    end: int
    new: str


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """Return *text* with all of *splices* done.

    Raises:
        CannotEdit: two of them replace the same characters.
    """
    parts: list[str] = []
    at = 0
    for splice in sorted(dict.fromkeys(splices), key=lambda each: each[:2]):
        if splice.start < at:
            raise CannotEdit("two changes replace the same text, and differ")
        parts += [text[at : splice.start], splice.new]
        at = splice.end
    return "".join([*parts, text[at:]])
