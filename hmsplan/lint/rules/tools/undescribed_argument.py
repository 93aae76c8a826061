"""An argument that is a name and nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.json_schema import Wrong
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.tools import KINDS_WITH_TOOLS, faults_of
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for tool, fault in faults_of(resource, view):
        if fault.wrong is Wrong.UNDESCRIBED:
            yield Hit(f"{tool.name}: {fault.detail}", tool.at("parameters", *fault.path))


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
    check=_check,
)
