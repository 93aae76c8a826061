"""The e-mail address of a person in a text."""

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
    return in_texts(resource, view, What.EMAIL, "Write an address of the function, such as info@.")


RULE: Final = Rule(
    id="personal-email",
    group=Group.LAW,
    title="E-mail address of a person in a text",
    severity=Severity.INFO,
    why="The name and address of a person go to every provider of the call, and outlive the job they belong to.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "Send complaints to anna.devries@praktijk-delinde.nl."}]
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "Send complaints to info@praktijk-delinde.nl."}]
""",
    kinds=PLACES,
    check=_check,
    source="Regulation (EU) 2016/679 (GDPR), Art. 5(1)(c), data minimisation",
)
