"""Parameters that no value fits."""

from __future__ import annotations

from typing import Final

from hmsplan.lint.json_schema import Wrong
from hmsplan.lint.rule import Group, Rule
from hmsplan.lint.tools import KINDS_WITH_TOOLS, hits_of
from hmsplan.model import Severity

RULE: Final = Rule(
    id="impossible-argument",
    group=Group.TOOLS,
    title="Argument that no value fits",
    severity=Severity.WARNING,
    why="Whatever the caller says, no value that the model gives is right, so the call of the tool fails.",
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
        properties: {people: {type: integer, minimum: 10, maximum: 1, description: How many come.}}
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
        properties: {people: {type: integer, minimum: 1, maximum: 10, description: How many come.}}
""",
    kinds=KINDS_WITH_TOOLS,
    check=hits_of(Wrong.IMPOSSIBLE),
)
