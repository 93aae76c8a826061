"""A number of messages that few calls reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.providers import number_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_MANY: Final = 20


def _check(assistant: Resource, _view: View) -> Iterator[Hit]:
    plan = assistant.spec.get("analysis_plan")
    least = number_of(plan.get("min_messages_threshold")) if isinstance(plan, dict) else None
    if least is not None and least > _MANY:
        detail = f"Calls of less than {least:g} messages are not analysed; 2 is the default."
        yield Hit(detail, ("analysis_plan", "min_messages_threshold"))


RULE: Final = Rule(
    id="high-analysis-threshold",
    group=Group.CONTRADICTION,
    title="Analysis that few calls reach",
    severity=Severity.INFO,
    why="Short calls, which most calls are, leave no data behind.",
    bad="""
assistants:
  desk: {name: Desk, analysis_plan: {min_messages_threshold: 50}}
""",
    good="""
assistants:
  desk: {name: Desk, analysis_plan: {min_messages_threshold: 4}}
""",
    kinds=("assistants",),
    check=_check,
    source="API description, schema AnalysisPlan: analysis is skipped for shorter conversations",
)
