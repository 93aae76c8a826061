"""A number whose assistant is switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import answering, is_off
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(number: Resource, view: View) -> Iterator[Hit]:
    found = None if is_off(number) else answering(view, number)
    if found is not None and found.address.kind == "assistants" and is_off(found):
        detail = (
            f"{found.address} has is_active: false, and takes part in no call. Switch it on, give the number another "
            "assistant, or switch the number off: is_active: false"
        )
        yield Hit(detail, ("agent_id",))


RULE: Final = Rule(
    id="inactive-assistant",
    group=Group.TELEPHONY,
    title="Number with an inactive assistant",
    severity=Severity.WARNING,
    why="The number rings, and the only one that could answer is switched off.",
    bad="""
assistants:
  desk: {name: Desk, is_active: false}
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.desk}"}
""",
    good="""
assistants:
  desk: {name: Desk, is_active: true}
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.desk}"}
""",
    kinds=("numbers",),
    check=_check,
    source="API behaviour, 7: a campaign or number needs an active assistant",
)
