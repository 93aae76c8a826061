"""Data to extract of a form that nothing has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.analysis import extraction_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.schema_faults import faults
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, _view: View) -> Iterator[Hit]:
    extraction = extraction_of(resource)
    if extraction is not None:
        for path, detail in faults(extraction.schema, (*extraction.at, "schema")):
            yield Hit(detail, path)


RULE: Final = Rule(
    id="analysis-schema-cannot-be-met",
    group=Group.CONTRADICTION,
    title="Schema that nothing can meet",
    severity=Severity.WARNING,
    why="The analysis of each call fails or leaves the field empty, and that is noticed weeks later.",
    bad="""
assistants:
  desk:
    name: Desk
    analysis_plan:
      structured_data_plan:
        enabled: true
        schema:
          type: object
          properties: {reason: {type: string, enum: [question, 1]}}
          required: [raeson]
          additionalProperties: false
""",
    good="""
assistants:
  desk:
    name: Desk
    analysis_plan:
      structured_data_plan:
        enabled: true
        schema:
          type: object
          properties: {reason: {type: string, enum: [question, order]}}
          required: [reason]
          additionalProperties: false
""",
    kinds=("assistants", "analysis_templates"),
    check=_check,
    source="JSON Schema 2020-12, validation",
)
