"""What an author or a template left to be filled in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_HINTS: Final = ("[", "<", "TODO", "FIXME", "orem ipsum")
_LEFT: Final = re.compile(
    r"\b(?:TODO|FIXME)\b(?=[:(]|\s*$|\s-)"
    r"|\b[Ll]orem ipsum\b"
    r"|[\[<](?i:insert|your|fill|vul|ihr|ihre|insérer|insertar)[ _-][^\]>\n]{1,60}[\]>]"
    r"|\[(?i:company name|business name|naam bedrijf|bedrijfsnaam|firmenname|nom de l'entreprise)\]"
    r"|\[(?i:einfügen)[^\]\n]{0,60}\]",
    re.MULTILINE,
)


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for text in view.texts(resource):
        content = text.text
        if any(hint in content for hint in _HINTS):
            for found in _LEFT.finditer(content):
                yield Hit(f"{found[0]} is still to be filled in.", text.path, *text.place(found.start()))


RULE: Final = Rule(
    id="leftover-text",
    group=Group.SPEECH,
    title="Text that was to be filled in",
    severity=Severity.WARNING,
    why="A voice says the words in the brackets, and a model makes up what should have stood there.",
    bad="""
assistants:
  desk: {name: Desk, first_message: "Welcome to [company name]. How can I help you?"}
""",
    good="""
assistants:
  desk: {name: Desk, first_message: "Welcome to Acme. How can I help you?"}
""",
    kinds=("assistants", "campaigns", "tool_templates", "workflows"),
    check=_check,
)
