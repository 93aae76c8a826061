"""A text that was read in one encoding and written in another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_HINTS: Final = ("\u00c3", "\u00c2", "\u00e2\u20ac", "\ufffd")
_BROKEN: Final = re.compile(
    "\u00c3[\u0080-\u00bf\u0152-\u0178\u2013-\u2122]|\u00c2[\u00a0-\u00bf]|\u00e2\u20ac.|\ufffd"
)


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for text in view.texts(resource):
        content = text.text
        if content.isascii() or not any(hint in content for hint in _HINTS):
            continue
        if (found := _BROKEN.search(content)) is not None:
            told = f"{found[0]} was {_mended(found[0])}" if _mended(found[0]) else "Characters were lost"
            detail = f"{told} before the file was saved in another encoding. Save it as UTF-8, and type them again."
            yield Hit(detail, text.path, *text.place(found.start()))


def _mended(broken: str) -> str:
    """Return what the characters were; "" when that cannot be told."""
    try:
        return broken.encode("cp1252").decode()
    except UnicodeError:
        return ""


RULE: Final = Rule(
    id="wrong-encoding",
    group=Group.SPEECH,
    title="Text in a wrong encoding",
    severity=Severity.WARNING,
    why="A voice says the two wrong letters that stand for an é, and a model reads a word that it does not know.",
    bad="""
assistants:
  desk: {name: Desk, first_message: "Bonjour, le cabinet est fermÃ© aujourd'hui."}
""",
    good="""
assistants:
  desk: {name: Desk, first_message: "Bonjour, le cabinet est fermé aujourd'hui."}
""",
    kinds=("assistants", "campaigns", "tool_templates", "workflows"),
    check=_check,
    marks="".join(hint[0] for hint in _HINTS),
)
