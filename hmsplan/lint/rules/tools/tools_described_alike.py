"""Two tools that a model cannot tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.tools import FUNCTION, tools_of
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.tools import Tool
    from hmsplan.lint.view import View
    from hmsplan.model import FieldPath, Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    described: dict[tuple[FieldPath, str], Tool] = {}
    named: dict[tuple[FieldPath, str], Tool] = {}
    tools = [tool for tool in tools_of(resource, view) if tool.kind == FUNCTION]
    for tool in tools if len(tools) > 1 else ():
        other = named.setdefault((tool.path[:-1], wording.plain_name(tool.name)), tool)
        if other is not tool:
            yield Hit(f"{tool.name} and {other.name} differ only in how they are spelled. Rename one.", tool.at("name"))
        text = " ".join(tool.text("description").lower().split()).rstrip(".")
        same = described.setdefault((tool.path[:-1], text), tool) if text else tool
        if same is not tool:
            detail = f"{tool.name} and {same.name} have the same description. Say in each when it is the right one."
            yield Hit(detail, tool.at("description"))


RULE: Final = Rule(
    id="tools-described-alike",
    group=Group.TOOLS,
    title="Two tools that cannot be told apart",
    severity=Severity.WARNING,
    why="A model picks one of two tools that read alike by chance, so some callers get the wrong one.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools:
        - {name: book_visit, description: Makes an appointment for the caller.}
        - {name: book_repair, description: Makes an appointment for the caller.}
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools:
        - {name: book_visit, description: Makes an appointment for the caller to come by.}
        - {name: book_repair, description: Makes an appointment for a mechanic to come to the caller.}
""",
    kinds=("assistants", "workflows"),
    check=_check,
)
