"""A wait for the caller that the default of the other one crosses."""

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
_LEAST: Final = 0.4
_MOST: Final = 2


def _check(assistant: Resource, _view: View) -> Iterator[Hit]:
    turns = value_at(assistant.spec, _TURNS)
    if not isinstance(turns, dict):
        return
    least, most = (number_of(turns.get(f"endpointing_{end}_delay")) for end in ("min", "max"))
    if least is not None and most is None and least > _MOST:
        detail = f"endpointing_max_delay is not written, and {_MOST} by default. Write one of at least {least}."
        yield Hit(detail, (*_TURNS, "endpointing_min_delay"))
    if most is not None and least is None and most < _LEAST:
        detail = f"endpointing_min_delay is not written, and {_LEAST} by default. Write one of at most {most}."
        yield Hit(detail, (*_TURNS, "endpointing_max_delay"))


RULE: Final = Rule(
    id="endpointing-delay-across-default",
    group=Group.CONTRADICTION,
    title="Wait that the default crosses",
    severity=Severity.WARNING,
    why="The platform refuses a longest wait below the shortest, also where one of the two is its default.",
    bad="""
assistants:
  desk: {name: Desk, speech_config: {turn_taking: {endpointing_min_delay: 3}}}
""",
    good="""
assistants:
  desk: {name: Desk, speech_config: {turn_taking: {endpointing_min_delay: 3, endpointing_max_delay: 4}}}
""",
    kinds=("assistants",),
    check=_check,
    source="API description, schema SpeechConfig: defaults 0.4 and 2",
)
