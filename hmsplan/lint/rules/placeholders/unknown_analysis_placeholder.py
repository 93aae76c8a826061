"""A name between braces in the prompt of an analysis that the platform does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import placeholders
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    is_template = resource.address.kind == "analysis_templates"
    names = placeholders.IN_TEMPLATES if is_template else placeholders.IN_PLANS
    leads: set[str] = set()
    for text in placeholders.analysis_texts(resource, view):
        if "{" not in text.text:
            continue
        leads = leads or {name for each in view.of_kind("campaigns") for name in placeholders.given(each, view)}
        for name, offset in placeholders.doubled(text.text):
            if name not in placeholders.IN_ANALYSES and name not in leads and placeholders.is_name(name):
                there = " and ".join(_written(each, is_template) for each in names)
                detail = f"{{{{{name}}}}} is not filled in here;{wording.did_you_mean(name, names) or f' {there} are'}."
                yield Hit(detail.replace("?.", "?").replace("; Did", ". Did"), text.path, *text.place(offset))
        for name, offset in placeholders.single(text.text) if is_template else ():
            if name not in placeholders.IN_ANALYSES and (meant := _slip(name, names)):
                yield Hit(f"{{{name}}} is not filled in. Did you mean {{{meant}}}?", text.path, *text.place(offset))


def _slip(name: str, names: tuple[str, ...]) -> str | None:
    """Return what *name* is a slip of: single braces stand in many a text without a thought of the platform."""
    meant = wording.nearest(name, names)
    return meant if meant is not None and abs(len(meant) - len(name)) <= 2 else None  # noqa: PLR2004 -- letters left out or doubled


def _written(name: str, is_template: bool) -> str:
    return f"{{{name}}}" if is_template else f"{{{{{name}}}}}"


RULE: Final = Rule(
    id="unknown-analysis-placeholder",
    group=Group.PLACEHOLDERS,
    title="Unknown placeholder in an analysis",
    severity=Severity.WARNING,
    why="The model that reads the call gets the braces in place of the conversation, and files what it makes up.",
    bad="""
analysis_templates:
  outcome:
    name: Outcome
    system_prompt: You file telephone calls.
    user_prompt: "What came of this call, {transcipt}? In short: {summary}"
    schema: {type: object, properties: {result: {type: string}}}
""",
    good="""
analysis_templates:
  outcome:
    name: Outcome
    system_prompt: You file telephone calls.
    user_prompt: "What came of this call, {transcript}? In short: {summary}"
    schema: {type: object, properties: {result: {type: string}}}
""",
    kinds=("analysis_templates", "assistants"),
    check=_check,
    source="API reference, AnalysisPlan: {{schema}}, {{transcript}}, {{ended_reason}}; AnalysisTemplate.user_prompt",
)
