"""An analysis whose prompt does not hold the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.analysis import extraction_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_CALLS: Final = ("transcript", "summary")


def _check(resource: Resource, _view: View) -> Iterator[Hit]:
    extraction = extraction_of(resource)
    if extraction is None or not extraction.prompts:
        return
    wanted = [extraction.braces.replace("transcript", name) for name in _CALLS]
    if not any(each in text for _, text in extraction.prompts for each in wanted):
        path, _ = extraction.prompts[-1]
        yield Hit(f"Write {extraction.braces} where the model is to read the call.", path)


RULE: Final = Rule(
    id="analysis-without-transcript",
    group=Group.CONTRADICTION,
    title="Analysis that does not see the call",
    severity=Severity.WARNING,
    why="The model is asked about a call that it is not shown, and makes the answers up.",
    bad="""
analysis_templates:
  outcome:
    name: Outcome
    system_prompt: You file calls.
    user_prompt: What did the caller want?
    schema: {type: object, properties: {reason: {type: string}}}
""",
    good="""
analysis_templates:
  outcome:
    name: Outcome
    system_prompt: You file calls.
    user_prompt: "What did the caller want? {transcript}"
    schema: {type: object, properties: {reason: {type: string}}}
""",
    kinds=("assistants", "analysis_templates"),
    check=_check,
    source="API behaviour, 7: {transcript} in analysis templates, {{transcript}} in analysis_plan",
)
