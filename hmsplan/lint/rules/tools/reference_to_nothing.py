"""A ``$ref`` that leads nowhere a model can look."""

from __future__ import annotations

from typing import Final

from hmsplan.lint.json_schema import Wrong
from hmsplan.lint.rule import Group, Rule
from hmsplan.lint.tools import KINDS_WITH_TOOLS, hits_of
from hmsplan.model import Severity

RULE: Final = Rule(
    id="reference-to-nothing",
    group=Group.TOOLS,
    title="Reference to nothing in parameters",
    severity=Severity.WARNING,
    why="The provider of the model refuses such parameters, or the model has to guess what belongs there.",
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
        properties: {day: {$ref: "#/$defs/Day"}}
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
        properties: {day: {$ref: "#/$defs/Day"}}
        $defs: {Day: {type: string, description: The day.}}
""",
    kinds=KINDS_WITH_TOOLS,
    check=hits_of(Wrong.REFERENCE),
)
