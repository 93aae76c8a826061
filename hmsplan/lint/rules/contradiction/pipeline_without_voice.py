"""A pipeline assistant whose voice is cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.providers import is_realtime
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, _view: View) -> Iterator[Hit]:
    if "tts_config" in assistant.spec and assistant.spec["tts_config"] is None and is_realtime(assistant) is False:
        provider = assistant.spec["llm_config"]["provider"]
        detail = f"{provider} writes and does not speak. Write a tts_config, or take a realtime provider."
        yield Hit(detail, ("tts_config",))


RULE: Final = Rule(
    id="pipeline-without-voice",
    group=Group.CONTRADICTION,
    title="Pipeline without a voice",
    severity=Severity.ERROR,
    why="A model that writes text needs a voice to be heard, and the platform refuses an assistant without one.",
    bad="""
assistants:
  desk: {name: Desk, llm_config: {provider: openai, model: gpt-5.4}, tts_config: null}
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4}
    tts_config: {provider: elevenlabs, voice_id: JBFqnCBsd6RMkjVDRZzb}
""",
    kinds=("assistants",),
    check=_check,
    source="API behaviour, 8: a pipeline assistant needs stt_config and tts_config",
)
