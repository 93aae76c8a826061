"""A silent caller who is asked for longer than the call may last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.providers import number_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_SILENCE: Final = ("speech_config", "silence")
_DEFAULTS: Final = {"first_check_seconds": 3, "interval_seconds": 12, "max_attempts": 3}


def _check(assistant: Resource, _view: View) -> Iterator[Hit]:
    longest = number_of(assistant.spec.get("max_duration_seconds"))
    silence = value_at(assistant.spec, _SILENCE)
    if (
        longest is None
        or not isinstance(silence, dict)
        or assistant.spec.get("autonomous_silence_handling") is not True
    ):
        return
    first, interval, attempts = (number_of(silence.get(name), value) or 0 for name, value in _DEFAULTS.items())
    lasts = first + interval * attempts
    if lasts > longest:
        detail = (
            f"The questions end after {lasts:g} seconds of silence: {first:g}, and {attempts:g} times {interval:g}. "
            f"max_duration_seconds is {longest:g}. Ask less often, or sooner."
        )
        yield Hit(detail, _SILENCE)


RULE: Final = Rule(
    id="silence-outlasts-call",
    group=Group.CONTRADICTION,
    title="Silence longer than the call",
    severity=Severity.WARNING,
    why="The call ends before the assistant has asked as often as it should, without its last words.",
    bad="""
assistants:
  desk:
    name: Desk
    max_duration_seconds: 120
    autonomous_silence_handling: true
    speech_config: {silence: {first_check_seconds: 30, interval_seconds: 60, max_attempts: 5}}
""",
    good="""
assistants:
  desk:
    name: Desk
    max_duration_seconds: 120
    autonomous_silence_handling: true
    speech_config: {silence: {first_check_seconds: 5, interval_seconds: 10, max_attempts: 3}}
""",
    kinds=("assistants",),
    check=_check,
    source="API description, schema SpeechConfig: defaults 3, 12 and 3",
)
