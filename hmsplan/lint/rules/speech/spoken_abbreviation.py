"""An abbreviation in a text that is spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import SPEAKERS
from hmsplan.lint.texts import Role
from hmsplan.lint.words import ABBREVIATIONS
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_BESIDE: Final = "()\"',;:!?"


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    heard = {word.strip(_BESIDE) for word in view.as_one(resource, Role.SPOKEN).lower().split()}
    for text in () if heard.isdisjoint(ABBREVIATIONS) else view.spoken(resource):
        for word in text.text.split():
            bare = word.strip(_BESIDE).lower()
            if bare in ABBREVIATIONS:
                detail = f"It has {word.strip('(),;:!?')}. Write {ABBREVIATIONS[bare]}, or leave it out."
                yield Hit(detail, text.path, *text.place(text.text.index(word)))
                break


RULE: Final = Rule(
    id="spoken-abbreviation",
    group=Group.SPEECH,
    title="Abbreviation in a spoken text",
    severity=Severity.INFO,
    why="A voice may spell an abbreviation, or end the sentence at its dot; people say the whole word.",
    bad="""
assistants:
  balie: {name: Balie, first_message: "Goedendag. Ik help u met bijv. een afspraak. Waarmee kan ik u helpen?"}
""",
    good="""
assistants:
  balie: {name: Balie, first_message: "Goedendag. Ik help u met bijvoorbeeld een afspraak. Waarmee kan ik u helpen?"}
""",
    kinds=SPEAKERS,
    check=_check,
)
