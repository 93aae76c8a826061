"""A voice that its provider does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_FIELDS: Final = {"llm_config": "voice", "tts_config": "voice_id"}


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for block in view.blocks(resource):
        field = _FIELDS.get(block.name, "")
        voices = block.provider.voices if block.provider is not None else None
        voice = block.config.get(field)
        if block.provider is not None and voices and isinstance(voice, str) and voice not in voices:
            name = block.provider.provider
            guess = wording.did_you_mean(voice, voices) or f" To see them: hmsplan catalog show {name}"
            yield Hit(f"The catalog knows no voice {wording.shown(voice)} of {name}.{guess}", (*block.path, field))


RULE: Final = Rule(
    id="unknown-voice",
    group=Group.CONTRADICTION,
    title="Unknown voice",
    severity=Severity.WARNING,
    why="The platform refuses a voice that the provider does not have, and an apply would stop here.",
    bad="""
assistants:
  desk: {name: Desk, llm_config: {provider: xai_realtime, model: grok-voice-think-fast-2.0, voice: Ara}}
""",
    good="""
assistants:
  desk: {name: Desk, llm_config: {provider: xai_realtime, model: grok-voice-think-fast-2.0, voice: ara}}
""",
    kinds=("assistants", "workflows"),
    check=_check,
    source="API behaviour, 8: configs are checked against the vendor's catalog on write; see the catalog",
)
