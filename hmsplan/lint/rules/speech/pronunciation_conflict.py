"""A word that is to be said in two ways, or in the way it is said anyhow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity, pattern, values_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_ENTRIES: Final = pattern("speech_config.pronunciation[]")


def _check(assistant: Resource, _: View) -> Iterator[Hit]:
    known: dict[str, str] = {}
    for path, entry in values_at(assistant.spec, _ENTRIES):
        written, said = (entry.get(key) if isinstance(entry, dict) else None for key in ("from", "to"))
        if not isinstance(written, str) or not isinstance(said, str):
            continue
        if written == said:
            yield Hit(f"{written} is said as it is written. Take the entry out, or say how it sounds.", path)
        elif known.setdefault(written, said) != said:
            yield Hit(f"{written} is also to be said as {known[written]!r}. Keep one of the two.", path)


RULE: Final = Rule(
    id="pronunciation-conflict",
    group=Group.SPEECH,
    title="Pronunciation without effect",
    severity=Severity.WARNING,
    why="Only one of two ways to say a word can be heard, and their order in the list decides which one.",
    bad="""
assistants:
  desk:
    name: Desk
    speech_config: {pronunciation: [{from: KNMT, to: ka en em tee}, {from: KNMT, to: kay en em tea}]}
""",
    good="""
assistants:
  desk:
    name: Desk
    speech_config: {pronunciation: [{from: KNMT, to: ka en em tee}]}
""",
    kinds=("assistants",),
    check=_check,
)
