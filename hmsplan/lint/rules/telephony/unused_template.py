"""A template that is pasted into nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(template: Resource, view: View) -> Iterator[Hit]:
    if not view.users(template.address):
        place = "analysis_plan" if template.address.kind == "analysis_templates" else "tools"
        detail = (
            f"Nothing in this stack pastes it in. Name it in {place}: ${{{template.address}}}, or delete it; people "
            "may still pick it in the dashboard."
        )
        yield Hit(detail)


RULE: Final = Rule(
    id="unused-template",
    group=Group.TELEPHONY,
    title="Template that nothing uses",
    severity=Severity.INFO,
    why="A template is a copy where it is pasted in: one that is pasted nowhere changes no call, whatever it says.",
    bad="""
assistants:
  desk: {name: Desk}
tool_templates:
  hang_up: {name: Hang up, tool_type: end_call, tool_config: {}}
""",
    good="""
assistants:
  desk: {name: Desk, llm_config: {provider: openai, model: gpt-5.4, tools: ["${tool_templates.hang_up}"]}}
tool_templates:
  hang_up: {name: Hang up, tool_type: end_call, tool_config: {}}
""",
    kinds=("tool_templates", "analysis_templates"),
    check=_check,
    source="API behaviour, 7: templates are copies",
)
