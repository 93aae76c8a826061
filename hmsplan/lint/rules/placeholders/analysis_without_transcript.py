"""Prompts of an analysis in which the call itself does not stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import placeholders
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_WORDS: Final = ("transcript", "summary")


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    texts = list(placeholders.analysis_texts(resource, view))
    if not texts or any(f"{{{word}}}" in text.text.replace(" ", "") for text in texts for word in _WORDS):
        return
    if any("{" in text.text for text in texts):
        return  # a slip, which another rule tells
    word = "{transcript}" if resource.address.kind == "analysis_templates" else "{{transcript}}"
    yield Hit(f"None of the prompts has {word}. Write it where the conversation should stand.", texts[-1].path)


RULE: Final = Rule(
    id="analysis-without-transcript",
    group=Group.PLACEHOLDERS,
    title="Analysis without the conversation",
    severity=Severity.INFO,
    why="A model that is not shown the conversation fills in the form from nothing.",
    bad="""
analysis_templates:
  outcome:
    name: Outcome
    system_prompt: You file telephone calls.
    user_prompt: What came of this call?
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
    kinds=("analysis_templates", "assistants"),
    check=_check,
    source="API reference, AnalysisTemplate.user_prompt and AnalysisPlan.structured_data_plan.messages",
)
