"""A language that is not among the ones to expect."""

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
        language, expected = block.config.get("language"), block.config.get("languages")
        if isinstance(expected, list) and expected and isinstance(language, str) and language != "multi":
            plain = [each.partition("-")[0] for each in expected if isinstance(each, str)]
            if len(plain) == len(expected) and language.partition("-")[0] not in plain:
                detail = f"language is {language}, which is not among languages. Add it there, or correct it."
                yield Hit(detail, (*block.path, "languages"))


RULE: Final = Rule(
    id="language-not-expected",
    group=Group.CONTRADICTION,
    title="Language that is not expected",
    severity=Severity.WARNING,
    why="Callers speak the one language while the recognition waits for others, and mishears them.",
    bad="""
assistants:
  desk:
    name: Desk
    stt_config: {provider: gladia, model: solaria-1, language: nl, languages: [en, de]}
""",
    good="""
assistants:
  desk:
    name: Desk
    stt_config: {provider: gladia, model: solaria-1, language: nl, languages: [nl, en, de]}
""",
    kinds=("assistants", "workflows"),
    check=_check,
    source="API description, schema STTGladia",
)
