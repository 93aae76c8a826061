"""A transfer to a number that the same assistant or workflow answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import answering, is_off, own_numbers, transfers
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    own = own_numbers(view)
    for path, number in transfers(resource, view) if own else ():
        target = own.get(number)
        if target is not None and not is_off(target) and answering(view, target) is resource:
            detail = (
                f"{target.address} ({number}) is answered by {resource.address} itself: the caller begins again, "
                "and two calls run at once. Name a telephone that people answer."
            )
            yield Hit(detail, path)


RULE: Final = Rule(
    id="transfer-to-itself",
    group=Group.TELEPHONY,
    title="Transfer to itself",
    severity=Severity.WARNING,
    why="A caller who asks for a person is greeted by the same voice again, and pays twice for the wait.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools:
        - type: transfer_call
          destinations: [{type: number, number: "${numbers.main.phone_number}", description: The desk.}]
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.desk}"}
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools:
        - type: transfer_call
          destinations: [{type: number, number: "+31201234567", description: The desk.}]
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.desk}"}
""",
    kinds=("assistants", "workflows"),
    check=_check,
)
