"""What another platform, or a program that makes letters, would have filled in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint import placeholders
from hmsplan.lint.prompts import occurrences
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.texts import Role
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.texts import Text
    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_WHAT: Final = (
    r"(?:(?:customer|caller|client|patient|guest|lead|user|agent|assistant|contact|company|business|your|first|last|full|their)"
    r"[ _-]?)?(?:name|first[ _-]?name|last[ _-]?name|company|business|phone(?:[ _-]?number)?|email|address|date|time)"
)
_CODE: Final = re.compile(
    r"(?<!\$)\$\{[A-Za-z_]\w{0,63}\}|<%=.{0,80}?%>|\{%-? ?[a-z]+ .{0,80}?%\}|(?<![\w%])%[A-Za-z_]{3,40}%"
)
_BEGINNINGS: Final = "$<{%"
"""Where ``_CODE`` is looked for: prompts are long."""
_DOUBLE: Final = re.compile(r"""[\w.$ -]{1,60}|[\w."' -]{1,60}\|[^\n]{1,80}""")
_SPOKEN: Final = re.compile(rf"\[{_WHAT}\](?!\()|<{_WHAT}>|(?<![{{$])\{{{_WHAT}\}}(?!\}})", re.IGNORECASE)


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for text in view.texts(resource):
        for found, offset in _found(text):
            yield Hit(f"Nothing fills in {found}. {_BETTER}", text.path, *text.place(offset))
        if text.role is Role.SPOKEN and any(mark in text.text for mark in "[<{"):
            for spoken in _SPOKEN.finditer(text.text):
                if not _is_something_else(spoken[0], text, resource, view):
                    yield Hit(f"Nothing fills in {spoken[0]}. {_BETTER}", text.path, *text.place(spoken.start()))


def _found(text: Text) -> Iterator[tuple[str, int]]:
    words = text.text
    end = 0
    for at in sorted(occurrences(words, _BEGINNINGS)):
        if at >= end and (found := _CODE.match(words, at)) is not None:
            yield found[0], at
            end = found.end()
    for name, offset in placeholders.doubled(words):
        if not placeholders.is_name(name) and _DOUBLE.fullmatch(name):
            yield f"{{{{{name}}}}}", offset


def _is_something_else(found: str, text: Text, resource: Resource, view: View) -> bool:
    """Say whether it is a tag for a voice, or a variable of leads that lacks braces, which another rule tells."""
    if found[0] == "<":
        return f"</{found[1:]}" in text.text
    campaigns = placeholders.campaigns_of(resource, view) if found[0] == "{" else ()
    return any(found[1:-1] in placeholders.given(campaign, view) for campaign in campaigns)


_BETTER: Final = "Write {{name}} for a variable of the leads, ${var:name} for one of the stack, or take it out."

RULE: Final = Rule(
    id="foreign-placeholder",
    group=Group.PLACEHOLDERS,
    title="Placeholder of another platform",
    severity=Severity.WARNING,
    why="A text that was brought along from elsewhere is read to people with the marks of its old home.",
    bad="""
assistants:
  desk: {name: Desk, first_message: "Hello, you are speaking with the assistant of [Company Name]."}
""",
    good="""
assistants:
  desk: {name: Desk, first_message: "Hello, you are speaking with the assistant of the practice."}
""",
    kinds=("assistants", "campaigns", "workflows", "tool_templates"),
    check=_check,
    marks="$<{%[",
    source="API behaviour, 7: {{variable}} in campaign messages, and no other form",
)
