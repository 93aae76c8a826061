"""A number that nothing was told to answer."""

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
    if not is_off(number) and not any(name in number.spec for name in _ANSWERING):
        detail = (
            "It names no assistant and no workflow: unless the account's webhook answers, its calls are lost. "
            "Set agent_id: ${assistants.KEY}, or agent_id: null to say that this is meant."
        )
        yield Hit(detail, ("phone_number",))


RULE: Final = Rule(
    id="number-without-assistant",
    group=Group.TELEPHONY,
    title="Number without an assistant",
    severity=Severity.WARNING,
    why="A caller of a number that nothing answers hears silence, or that it is not in service.",
    bad="""
numbers:
  main: {phone_number: "+31850835037"}
""",
    good="""
assistants:
  desk: {name: Desk}
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.desk}"}
""",
    kinds=("numbers",),
    check=_check,
    source="API behaviour, 7: agent_id: null means calls are not handled, unless the account webhook answers",
)
