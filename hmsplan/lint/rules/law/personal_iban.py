"""An IBAN in a text."""

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
    return in_texts(resource, view, What.IBAN, "If it is of a person, take it out and let a tool look it up.")


RULE: Final = Rule(
    id="personal-iban",
    group=Group.LAW,
    title="Bank account in a text",
    severity=Severity.INFO,
    why="An account number in a prompt is read by every provider of the call, and stays in git for all its readers.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "The account of Mr Jansen is NL39 RABO 0300 0652 64."}]
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "Look up the account with `find_account`."}]
""",
    kinds=PLACES,
    check=_check,
    source="Regulation (EU) 2016/679 (GDPR), Art. 5(1)(c), data minimisation",
)
