"""``{{transcript}}`` in an analysis template, which has single braces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import placeholders
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(template: Resource, view: View) -> Iterator[Hit]:
    for text in placeholders.analysis_texts(template, view):
        for name, offset in placeholders.doubled(text.text):
            if name in placeholders.IN_TEMPLATES:
                detail = f"Write {{{name}}} here; hmsplan doubles the braces where it pastes the template."
                yield Hit(detail, text.path, *text.place(offset))


RULE: Final = Rule(
    id="double-braces-in-template",
    group=Group.PLACEHOLDERS,
    title="Double braces in an analysis template",
    severity=Severity.INFO,
    why="The dashboard fills in single braces in these templates, so who picks this one there gets an empty analysis.",
    bad="""
analysis_templates:
  outcome:
    name: Outcome
    system_prompt: You file telephone calls.
    user_prompt: "What came of this call? {{transcript}}"
    schema: {type: object, properties: {result: {type: string}}}
""",
    good="""
analysis_templates:
  outcome:
    name: Outcome
    system_prompt: You file telephone calls.
    user_prompt: "What came of this call? {transcript}"
    schema: {type: object, properties: {result: {type: string}}}
""",
    kinds=("analysis_templates",),
    check=_check,
    source="API behaviour, 7: {transcript} in analysis templates (an older page has {{transcript}})",
)
