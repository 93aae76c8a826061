"""The longest wait for the caller is shorter than the shortest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.providers import number_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_TURNS: Final = ("speech_config", "turn_taking")


def _check(assistant: Resource, _view: View) -> Iterator[Hit]:
    turns = value_at(assistant.spec, _TURNS)
    if not isinstance(turns, dict):
        return
    least, most = (number_of(turns.get(f"endpointing_{end}_delay")) for end in ("min", "max"))
    if least is not None and most is not None and most < least:
        detail = f"It is {most}, and endpointing_min_delay is {least}. The platform refuses that; swap them."
        yield Hit(detail, (*_TURNS, "endpointing_max_delay"))


RULE: Final = Rule(
    id="crossed-endpointing-delays",
    group=Group.CONTRADICTION,
    title="Longest wait below the shortest",
    severity=Severity.ERROR,
    why="The platform refuses the whole change, so an apply would stop here.",
    bad="""
assistants:
  desk: {name: Desk, speech_config: {turn_taking: {endpointing_min_delay: 2.5, endpointing_max_delay: 0.5}}}
""",
    good="""
assistants:
  desk: {name: Desk, speech_config: {turn_taking: {endpointing_min_delay: 0.5, endpointing_max_delay: 2.5}}}
""",
    kinds=("assistants",),
    check=_check,
    source="API description, schema SpeechConfig: endpointing_max_delay is not below endpointing_min_delay",
)
