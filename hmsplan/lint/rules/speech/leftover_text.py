"""What an author or a template left to be filled in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.texts import Role
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_HINTS: Final = ("[", "<", "TODO", "FIXME", "orem ipsum")
_NEVER_MEANT: Final = (
    r"\b(?:TODO|FIXME)\b(?=[:(]|\s*$|\s-)"
    r"|\b[Ll]orem ipsum\b"
    r"|[\[<](?i:(?:insert |your |the )?(?:company|business|organi[sz]ation)(?: name)?|(?:naam )?bedrijf|bedrijfsnaam"
    r"|firmenname|ihre firma|nom de l'entreprise|nombre de la empresa)[\]>]"
)
_LEFT: Final = re.compile(
    rf"{_NEVER_MEANT}|[\[<](?i:insert|your|fill|vul|ihr|ihre|einfügen|insérer|insertar)[ _-][^\]>\n]{{1,60}}[\]>]",
    re.MULTILINE,
)
_LEFT_IN_PROMPT: Final = re.compile(_NEVER_MEANT, re.MULTILINE)
"""Of a prompt less: "say: until [insert date]" is how a model is told to fill something in."""


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    whole = view.as_one(resource, None)
    for text in view.texts(resource) if any(hint in whole for hint in _HINTS) else ():
        content = text.text
        if any(hint in content for hint in _HINTS):
            for found in (_LEFT if text.role is Role.SPOKEN else _LEFT_IN_PROMPT).finditer(content):
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
