"""A language that speech recognition does not take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.catalog import catalog
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_LONGEST: Final = 2


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    known = catalog().languages
    for block in view.blocks(resource):
        language = block.config.get("language") if block.name == "stt_config" else None
        if isinstance(language, str) and language not in known:
            yield Hit(
                f"{wording.shown(language)} is not among them.{_guess(language, known)}", (*block.path, "language")
            )


def _guess(language: str, known: tuple[str, ...]) -> str:
    """Say which is meant: the language without its country, or all there are; a name of two letters resembles many."""
    plain = language.replace("_", "-").partition("-")[0].lower()
    return f" Did you mean {plain}?" if plain in known else f" There are: {', '.join(known)}."


RULE: Final = Rule(
    id="unknown-language",
    group=Group.CONTRADICTION,
    title="Unknown language",
    severity=Severity.WARNING,
    why="Speech recognition takes two letters, or multi; the platform refuses anything else.",
    bad="""
assistants:
  desk: {name: Desk, stt_config: {provider: deepgram, model: nova-3, language: nl-NL}}
""",
    good="""
assistants:
  desk: {name: Desk, stt_config: {provider: deepgram, model: nova-3, language: nl}}
""",
    kinds=("assistants", "workflows"),
    check=_check,
    source="API description, schema SpeechLanguage",
)
