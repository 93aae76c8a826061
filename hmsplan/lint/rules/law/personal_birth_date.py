"""A date of birth in a text."""

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
    return in_texts(resource, view, What.BIRTH, "Take it out; if it is an example, write it in words.")


RULE: Final = Rule(
    id="personal-birth-date",
    group=Group.LAW,
    title="Date of birth in a text",
    severity=Severity.INFO,
    why="A date of birth is personal data, and with a name it opens accounts of its owner; a prompt needs none.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "Mr Jansen, date of birth 12-03-1968, may book."}]
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "Ask for the date of birth, and look the patient up."}]
""",
    kinds=PLACES,
    check=_check,
    source="Regulation (EU) 2016/679 (GDPR), Art. 5(1)(c), data minimisation",
)
