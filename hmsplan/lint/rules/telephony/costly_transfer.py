"""A transfer to a number that costs more than a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.numbering import Rate, look_up
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import TRANSFERRING, transfers
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_COSTLY: Final = frozenset({Rate.PREMIUM, Rate.SHARED})


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for path, number in transfers(resource, view):
        rate = look_up(number).rate
        if rate in _COSTLY:
            detail = (
                f"{number} is a {rate} number: each minute of the call that is passed on is paid for by the trunk's "
                "account. Write the ordinary number behind it."
            )
            yield Hit(detail, path)


RULE: Final = Rule(
    id="costly-transfer",
    group=Group.TELEPHONY,
    title="Transfer to a premium-rate number",
    severity=Severity.WARNING,
    why="The caller decides how long the transferred call lasts, and the owner of the trunk pays for each minute.",
    bad="""
tool_templates:
  to_desk:
    name: To the desk
    tool_type: transfer_call
    tool_config: {destinations: [{type: number, number: "+31900123456", description: The desk.}]}
""",
    good="""
tool_templates:
  to_desk:
    name: To the desk
    tool_type: transfer_call
    tool_config: {destinations: [{type: number, number: "+31201234567", description: The desk.}]}
""",
    kinds=TRANSFERRING,
    check=_check,
    source="Numbering plans as libphonenumber has them, in the release of phonenumberslite that is installed",
)
