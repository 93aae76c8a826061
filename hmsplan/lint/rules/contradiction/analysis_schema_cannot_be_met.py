"""Data to extract of a form that nothing has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.analysis import extraction_of
from hmsplan.lint.json_schema import Wrong, faults
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_ROOT: Final = ((), ("type",))
"""What is said of the root is said of the arguments of a tool."""


def _check(resource: Resource, _view: View) -> Iterator[Hit]:
    extraction = extraction_of(resource)
    schema = extraction.schema if extraction is not None else None
    for fault in faults(schema) if isinstance(schema, dict) else ():
        if extraction is not None and fault.wrong is not Wrong.UNDESCRIBED and fault.path not in _ROOT:
            yield Hit(fault.detail, (*extraction.at, "schema", *fault.path))


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
          properties: {reason: {type: string, enum: [1, 2]}}
          required: [raeson]
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
""",
    kinds=("assistants", "analysis_templates"),
    check=_check,
    source="JSON Schema 2020-12, validation",
)
