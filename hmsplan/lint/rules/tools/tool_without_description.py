"""A webhook tool that does not say what it is for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.tools import KINDS_WITH_TOOLS, own_functions
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_LEAST: Final = 20  # characters of a sentence
_WORD: Final = 10
_WIDE: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for tool in own_functions(resource, view):
        described = tool.text("description").strip()
        if _is_bare(described, tool.name):
            has = f"only {wording.shown(described)}" if described else "no description"
            detail = f"{tool.name} has {has}. Say in a sentence what it does, what it needs and when to call it."
            yield Hit(detail, tool.at("description"))


def _is_bare(described: str, name: str) -> bool:
    """Say whether a description is a word, or repeats the name; three letters of Latin are one of a wider script."""
    length = len(described)
    if length >= _LEAST or length + 2 * len(_WIDE.findall(described)) >= _LEAST:
        return False
    words = set(described.lower().rstrip(".").replace("_", " ").split())
    return length < _WORD or words <= set(wording.plain_name(name).split("_"))


RULE: Final = Rule(
    id="tool-without-description",
    group=Group.TOOLS,
    title="Tool without a description",
    severity=Severity.WARNING,
    why="The description is all that the model knows of a tool, so without one it guesses when to call it.",
    bad="""
tool_templates:
  book:
    name: Book
    tool_type: function
    tool_config: {name: book_slot, description: Books}
""",
    good="""
tool_templates:
  book:
    name: Book
    tool_type: function
    tool_config: {name: book_slot, description: Books a free slot once the caller has agreed to day and hour.}
""",
    kinds=KINDS_WITH_TOOLS,
    check=_check,
    source="API reference, Tool.description; an OpenAI-style function is chosen by it",
)
