"""A number of which the stack says that nothing answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import is_off
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_ANSWERING: Final = ("agent_id", "workflow_id")


def _check(number: Resource, view: View) -> Iterator[Hit]:  # noqa: ARG001 -- the form of a check
    said = [name for name in _ANSWERING if name in number.spec]
    if said and not is_off(number) and all(number.spec[name] is None for name in said):
        detail = (
            "Calls are handled only if the account's webhook, which is set in the dashboard, answers the event "
            "assistant-request. If the number is out of use, say so: is_active: false"
        )
        yield Hit(detail, (said[0],))


RULE: Final = Rule(
    id="number-without-answer",
    group=Group.TELEPHONY,
    title="Number that only a webhook can answer",
    severity=Severity.INFO,
    why="A number without assistant and workflow rings through to a webhook that this stack neither sets nor checks.",
    bad="""
numbers:
  main: {phone_number: "+31850835037", agent_id: null}
""",
    good="""
numbers:
  main: {phone_number: "+31850835037", agent_id: null, is_active: false}
""",
    kinds=("numbers",),
    check=_check,
    source="API behaviour, 7: agent_id: null means calls are not handled, unless the account webhook answers",
)
