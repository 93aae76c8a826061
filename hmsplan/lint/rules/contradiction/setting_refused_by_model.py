"""A setting next to a model that refuses it."""

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
        for name in block.model.refuses if block.model is not None else ():
            if block.model is not None and block.config.get(name) is not None:
                yield Hit(f"{block.model.id} refuses {name}. Take it out, or take another model.", (*block.path, name))


RULE: Final = Rule(
    id="setting-refused-by-model",
    group=Group.CONTRADICTION,
    title="Setting that the model refuses",
    severity=Severity.ERROR,
    why="The platform refuses the whole change, so an apply would stop here.",
    bad="""
assistants:
  desk:
    name: Desk
    tts_config: {provider: elevenlabs, voice_id: JBFqnCBsd6RMkjVDRZzb, model: eleven_v3, speed: 1.1}
""",
    good="""
assistants:
  desk:
    name: Desk
    tts_config: {provider: elevenlabs, voice_id: JBFqnCBsd6RMkjVDRZzb, model: eleven_v3, stability: 0.5}
""",
    kinds=("assistants", "workflows"),
    check=_check,
    source="API description, schema TTSElevenLabs: the API refuses the others; see the catalog",
)
