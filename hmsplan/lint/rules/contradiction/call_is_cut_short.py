"""A longest call in which little can be said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.providers import number_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_SHORT_S: Final = 30


def _check(assistant: Resource, _view: View) -> Iterator[Hit]:
    longest = number_of(assistant.spec.get("max_duration_seconds"))
    if longest is not None and longest < _SHORT_S:
        detail = f"Calls end after {longest:g} seconds. The field counts seconds: did you mean {longest * 60:g}?"
        yield Hit(detail, ("max_duration_seconds",))


RULE: Final = Rule(
    id="call-is-cut-short",
    group=Group.CONTRADICTION,
    title="Calls are cut short",
    severity=Severity.WARNING,
    why="Callers are cut off before they have said what they want.",
    bad="""
assistants:
  desk: {name: Desk, max_duration_seconds: 10}
""",
    good="""
assistants:
  desk: {name: Desk, max_duration_seconds: 600}
""",
    kinds=("assistants",),
    check=_check,
)
