"""A name in ``required`` that ``properties`` does not have."""

from __future__ import annotations

from typing import Final

from hmsplan.lint.json_schema import Wrong
from hmsplan.lint.rule import Group, Rule
from hmsplan.lint.tools import KINDS_WITH_TOOLS, hits_of
from hmsplan.model import Severity

RULE: Final = Rule(
    id="required-not-a-property",
    group=Group.TOOLS,
    title="Required argument that is not described",
    severity=Severity.WARNING,
    why="A model has to give an argument of which it knows only the name, so it invents one or never calls the tool.",
    bad="""
tool_templates:
  book:
    name: Book
    tool_type: function
    tool_config:
      name: book_slot
      description: Books a free slot once the caller has agreed.
      parameters:
        type: object
        properties: {day: {type: string, description: The day.}}
        required: [day, hour]
""",
    good="""
tool_templates:
  book:
    name: Book
    tool_type: function
    tool_config:
      name: book_slot
      description: Books a free slot once the caller has agreed.
      parameters:
        type: object
        properties: {day: {type: string, description: The day.}, hour: {type: string, description: The hour.}}
        required: [day, hour]
""",
    kinds=KINDS_WITH_TOOLS,
    check=hits_of(Wrong.REQUIRED),
)
