"""Data to extract, and not which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.analysis import extraction_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, _view: View) -> Iterator[Hit]:
    extraction = extraction_of(resource)
    if extraction is not None and not extraction.schema:
        detail = "No schema says which data to extract. Write one, or switch the plan off with enabled: false"
        yield Hit(detail, extraction.at or ("schema",))


RULE: Final = Rule(
    id="analysis-without-schema",
    group=Group.CONTRADICTION,
    title="Analysis without a schema",
    severity=Severity.WARNING,
    why="Each call is read by a model that has nothing to look for, and nothing is kept of it.",
    bad="""
assistants:
  desk: {name: Desk, analysis_plan: {structured_data_plan: {enabled: true}}}
""",
    good="""
assistants:
  desk:
    name: Desk
    analysis_plan:
      structured_data_plan: {enabled: true, schema: {type: object, properties: {reason: {type: string}}}}
""",
    kinds=("assistants", "analysis_templates"),
    check=_check,
    source="API description, schema AnalysisPlan: schema is the JSON Schema of the data to extract",
)
