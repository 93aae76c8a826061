"""Manners of speech that a realtime assistant does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.catalog import catalog
from hmsplan.lint.providers import is_realtime
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity, undotted, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, _view: View) -> Iterator[Hit]:
    if not isinstance(assistant.spec.get("speech_config"), dict) or not is_realtime(assistant):
        return
    for dotted in catalog().pipeline_only:
        path = undotted(dotted)
        if value_at(assistant.spec, path) not in (None, [], {}, ""):
            detail = f"{path[-1]} is for pipeline assistants only, and {_provider(assistant)} is realtime. Take it out."
            yield Hit(detail, path)


def _provider(assistant: Resource) -> str:
    return str(assistant.spec["llm_config"]["provider"])


RULE: Final = Rule(
    id="pipeline-part-on-realtime",
    group=Group.CONTRADICTION,
    title="Pipeline setting on a realtime assistant",
    severity=Severity.WARNING,
    why="A realtime assistant does not use it: callers hear none of what is written there.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai_live, model: gpt-live-1}
    speech_config: {end_call_message: Goodbye.}
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai_live, model: gpt-live-1}
    speech_config: {first_message_outbound: "Hello, this is the practice."}
""",
    kinds=("assistants",),
    check=_check,
    source="API behaviour, 8: turn_taking, pronunciation and end_call_message apply to pipeline only",
)
