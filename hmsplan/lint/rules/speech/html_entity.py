"""A character in the spelling of HTML, as web editors paste it."""

from __future__ import annotations

import html
import re
from html.entities import html5
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,6}|#x[0-9A-Fa-f]{1,5}|[A-Za-z]{2,31}[0-9]{0,2});")


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for text in view.texts(resource):
        content = text.text
        if "&" not in content:
            continue
        for found in _ENTITY.finditer(content):
            if found[0][1] == "#" or found[0][1:] in html5:
                meant = html.unescape(found[0])
                shown = meant if meant.isprintable() and not meant.isspace() else "a space"
                detail = f"{found[0]} is HTML. Write {shown}."
                yield Hit(detail, text.path, *text.place(found.start()))
                break


RULE: Final = Rule(
    id="html-entity",
    group=Group.SPEECH,
    title="HTML in a text",
    severity=Severity.WARNING,
    why="There is no browser on the telephone: a voice says the letters, and a model learns to say them.",
    bad="""
assistants:
  desk: {name: Desk, first_message: "Welcome to Smith &amp; Sons. How can I help you?"}
""",
    good="""
assistants:
  desk: {name: Desk, first_message: "Welcome to Smith and Sons. How can I help you?"}
""",
    kinds=("assistants", "campaigns", "tool_templates", "workflows"),
    check=_check,
    marks="&",
)
