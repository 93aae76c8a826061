"""A setting that only another model uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for block in view.blocks(resource):
        for name in block.model.ignores if block.model is not None else ():
            if block.model is not None and block.config.get(name) is not None:
                yield Hit(
                    f"{name} is not for {block.model.id}. Take it out, or take another model.", (*block.path, name)
                )


RULE: Final = Rule(
    id="setting-of-another-model",
    group=Group.CONTRADICTION,
    title="Setting of another model",
    severity=Severity.WARNING,
    why="The setting does nothing with this model, so callers hear something else than what is written.",
    bad="""
assistants:
  desk:
    name: Desk
    tts_config: {provider: google, voice_id: Kore, model: gemini-2.5-flash-preview-tts, speaking_rate: 1.2}
""",
    good="""
assistants:
  desk:
    name: Desk
    tts_config: {provider: google, voice_id: Kore, model: chirp-3-hd, speaking_rate: 1.2}
""",
    kinds=("assistants", "workflows"),
    check=_check,
    source="API description, schema TTSGoogle: speaking_rate is for Chirp 3 HD only",
)
