"""Marks of Markdown in a text that is spoken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import SPEAKERS, in_spoken
from hmsplan.lint.texts import Role
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_HINTS: Final = ("*", "#", "`", "](", "|", "__", "- ", "• ")
_MARKS: Final = re.compile(
    r"(?P<heading>^\#{1,6}[ \t]+\S)"
    r"|(?P<bold>\*\*[^\s*](?:[^*\n]*[^\s*])?\*\*|(?<!\w)__[^\s_][^_\n]*__(?!\w))"
    r"|(?P<emphasis>(?<![\w*])\*[^\s*](?:[^*\n]*[^\s*])?\*(?![\w*]))"
    r"|(?P<list>^[ \t]*[-*•][ \t]+\S)"
    r"|(?P<link>\[[^\]\[\n]+\]\([^()\s]+\))"
    r"|(?P<table>^[ \t]*\|[^|\n]+\|[^|\n]*\|)"
    r"|(?P<code>```|`[^`\n]+`)",
    re.MULTILINE,
)
_NAMES: Final = {
    "heading": "a heading",
    "bold": "bold text",
    "emphasis": "emphasis",
    "list": "a list",
    "link": "a link",
    "table": "a table",
    "code": "code",
}


def _tell(found: re.Match[str]) -> str:
    return f"It has {_NAMES[found.lastgroup or 'bold']} of Markdown. Write what a person would say."


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    return in_spoken(resource, view, _HINTS, _MARKS, _tell)


RULE: Final = Rule(
    id="spoken-markdown",
    group=Group.SPEECH,
    title="Markdown in a spoken text",
    severity=Severity.WARNING,
    why="A voice has no bold and no bullets: it says the marks, or runs the items of a list into one sentence.",
    bad="""
assistants:
  desk: {name: Desk, first_message: "Welcome to the **Acme** practice. How can I help you?"}
""",
    good="""
assistants:
  desk: {name: Desk, first_message: "Welcome to the Acme practice. How can I help you?"}
""",
    kinds=SPEAKERS,
    check=_check,
    marks="*#`]|_-•",
    role=Role.SPOKEN,
)
