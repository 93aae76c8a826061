"""A placeholder with a brace too few."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_NAME: Final = r"[^\W\d]\w{0,63}"
_HALF: Final = re.compile(
    rf"\{{\{{ ?(?P<open>{_NAME}) ?\}}?(?!\}})(?![\w }}])|(?<![\w{{])(?:\{{ ?)?(?P<close>{_NAME}) ?\}}\}}(?!\}})"
)


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for text in view.texts(resource):
        if text.text.count("{") == text.text.count("}"):
            continue  # JSON in a prompt ends in any number of braces; all in all they are balanced
        for found in _HALF.finditer(text.text):
            detail = f"{found[0].strip()} has a brace too few. Write {{{{{found['open'] or found['close']}}}}}."
            yield Hit(detail, text.path, *text.place(found.start()))


RULE: Final = Rule(
    id="unbalanced-braces",
    group=Group.PLACEHOLDERS,
    title="Placeholder with a brace too few",
    severity=Severity.WARNING,
    why="A placeholder that does not close is filled in by nothing, and is heard with its braces.",
    bad="""
assistants:
  caller: {name: Caller, first_message: "Hello {{first_name}, this is the assistant of the practice."}
""",
    good="""
assistants:
  caller: {name: Caller, first_message: "Hello {{first_name}}, this is the assistant of the practice."}
""",
    kinds=("assistants", "campaigns", "workflows", "tool_templates"),
    check=_check,
    marks="{}",
)
