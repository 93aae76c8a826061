"""A mobile number in a text."""

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
    return in_texts(resource, view, What.MOBILE, "Let a transfer know the number, or write one of the function.")


RULE: Final = Rule(
    id="personal-mobile",
    group=Group.LAW,
    title="Mobile number in a text",
    severity=Severity.INFO,
    why="A mobile number belongs to a person, and a model may say it to any caller who asks for it.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "The dentist is at +31 6 55512399."}]
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "The dentist is reached with `transfer_call`."}]
""",
    kinds=PLACES,
    check=_check,
    source="Regulation (EU) 2016/679 (GDPR), Art. 5(1)(c), data minimisation",
)
