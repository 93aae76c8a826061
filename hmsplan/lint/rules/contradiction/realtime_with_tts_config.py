"""A voice configured beside a model that speaks by itself."""

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
    if assistant.spec.get("tts_config") is not None and is_realtime(assistant):
        provider = assistant.spec["llm_config"]["provider"]
        detail = f"{provider} speaks by itself, with the voice of llm_config.voice. Write: tts_config: null"
        yield Hit(detail, ("tts_config",))


RULE: Final = Rule(
    id="realtime-with-tts-config",
    group=Group.CONTRADICTION,
    title="Voice beside a realtime model",
    severity=Severity.WARNING,
    why="A realtime model speaks with its own voice, so the one that is written here is never heard.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: xai_realtime, model: grok-voice-think-fast-2.0, voice: ara}
    tts_config: {provider: elevenlabs, voice_id: JBFqnCBsd6RMkjVDRZzb}
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: xai_realtime, model: grok-voice-think-fast-2.0, voice: ara}
    tts_config: null
""",
    kinds=("assistants",),
    check=_check,
    source="API behaviour, 8: a realtime assistant speaks by itself, and tts_config is null",
)
