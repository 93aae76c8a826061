"""Fields of one assistant that name different languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import declared_languages
from hmsplan.lint.words import NAMES_OF
from hmsplan.model import Severity, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    declared = list(declared_languages(assistant, view).items())
    for path, code in declared[1:]:
        if code != declared[0][1]:
            yield Hit(
                f"It is {NAMES_OF.get(code, code)}, while {dotted(declared[0][0])} is "
                f"{NAMES_OF.get(declared[0][1], declared[0][1])}. Write the same language in both.",
                path,
            )
            return


RULE: Final = Rule(
    id="language-fields-differ",
    group=Group.SPEECH,
    title="Assistant that hears one language and speaks another",
    severity=Severity.WARNING,
    why="Speech in one language is written down as noise by a model that expects another.",
    bad="""
assistants:
  desk:
    name: Desk
    stt_config: {provider: deepgram, model: nova-3, language: nl}
    tts_config: {provider: elevenlabs, voice_id: JBFqnCBsd6RMkjVDRZzb, language: en}
""",
    good="""
assistants:
  desk:
    name: Desk
    stt_config: {provider: deepgram, model: nova-3, language: nl}
    tts_config: {provider: elevenlabs, voice_id: JBFqnCBsd6RMkjVDRZzb, language: nl}
""",
    kinds=("assistants",),
    check=_check,
)
