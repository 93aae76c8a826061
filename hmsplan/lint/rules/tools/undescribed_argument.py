"""An argument that is a name and nothing more."""

from __future__ import annotations

from typing import Final

from hmsplan.lint.json_schema import Wrong
from hmsplan.lint.rule import Group, Rule
from hmsplan.lint.tools import KINDS_WITH_TOOLS, hits_of
from hmsplan.model import Severity

RULE: Final = Rule(
    id="undescribed-argument",
    group=Group.TOOLS,
    title="Argument without a description",
    severity=Severity.INFO,
    why="A model that reads only a name asks for the wrong thing, or gives it in a form that no webhook takes.",
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
        properties: {day: {type: string}}
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
        properties: {day: {type: string, description: The day as YYYY-MM-DD.}}
""",
    kinds=KINDS_WITH_TOOLS,
    check=hits_of(Wrong.UNDESCRIBED),
)
