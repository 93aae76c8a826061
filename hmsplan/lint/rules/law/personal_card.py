"""The number of a payment card in a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.people import PLACES, in_texts
from hmsplan.lint.personal import What
from hmsplan.lint.rule import Group, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.rule import Hit
    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    return in_texts(
        resource, view, What.CARD, "Take it out, have the card replaced, and clean the history of the repository."
    )


RULE: Final = Rule(
    id="personal-card",
    group=Group.LAW,
    title="Number of a payment card",
    severity=Severity.WARNING,
    why="A card number in a prompt goes to every provider of the call and stays readable in git.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "Try the card 4539 1488 0343 6467."}]
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "Never ask for the number of a card."}]
""",
    kinds=PLACES,
    check=_check,
    source="PCI DSS 4.0.1, requirement 3.2: account data is kept only where it is needed",
)
