"""A transfer to a number of ours that does not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import TRANSFERRING, answering, is_off, own_numbers, transfers
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    own = own_numbers(view)
    for path, number in transfers(resource, view) if own else ():
        target = own.get(number)
        if target is None:
            continue
        found = answering(view, target)
        if is_off(target):
            why = f"{target.address} has is_active: false"
        elif found is not None and is_off(found):
            why = f"{target.address} is answered by {found.address}, which has is_active: false"
        elif found is None and target.spec.get("agent_id") is None and target.spec.get("workflow_id") is None:
            why = f"{target.address} has no assistant"
        else:
            continue
        detail = f"{why}: a call that is passed on to {number} is not answered."
        yield Hit(f"{detail} Name another telephone, or let this one be answered.", path)


RULE: Final = Rule(
    id="transfer-to-silence",
    group=Group.TELEPHONY,
    title="Transfer to a number that does not answer",
    severity=Severity.WARNING,
    why="The caller was promised a person, and hears a number that is out of use.",
    bad="""
assistants:
  desk: {name: Desk}
  night:
    name: Night
    llm_config:
      provider: openai
      model: gpt-5.4
      tools: [{type: transfer_call, destinations: [{type: number, number: "+31850835038", description: The desk.}]}]
numbers:
  night: {phone_number: "+31850835037", agent_id: "${assistants.night}"}
  desk: {phone_number: "+31850835038", agent_id: "${assistants.desk}", is_active: false}
""",
    good="""
assistants:
  desk: {name: Desk}
  night:
    name: Night
    llm_config:
      provider: openai
      model: gpt-5.4
      tools: [{type: transfer_call, destinations: [{type: number, number: "+31850835038", description: The desk.}]}]
numbers:
  night: {phone_number: "+31850835037", agent_id: "${assistants.night}"}
  desk: {phone_number: "+31850835038", agent_id: "${assistants.desk}"}
""",
    kinds=TRANSFERRING,
    check=_check,
)
