"""Parameters that contain themselves."""

from __future__ import annotations

from typing import Final

from hmsplan.lint.json_schema import Wrong
from hmsplan.lint.rule import Group, Rule
from hmsplan.lint.tools import KINDS_WITH_TOOLS, hits_of
from hmsplan.model import Severity

RULE: Final = Rule(
    id="recursive-parameters",
    group=Group.TOOLS,
    title="Parameters that contain themselves",
    severity=Severity.WARNING,
    why="Arguments without an end cannot be asked of a caller, and some providers refuse them.",
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
        properties: {person: {$ref: "#/$defs/Person"}}
        $defs: {Person: {type: object, properties: {child: {$ref: "#/$defs/Person"}}}}
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
        properties: {person: {$ref: "#/$defs/Person"}}
        $defs: {Person: {type: object, properties: {child: {type: string, description: Name of a child.}}}}
""",
    kinds=KINDS_WITH_TOOLS,
    check=hits_of(Wrong.RECURSION),
)
