"""A SIP trunk over which no call leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(trunk: Resource, view: View) -> Iterator[Hit]:
    if not view.of_kind("numbers") or view.users(trunk.address):
        return
    detail = (
        "No number of this stack names it, so no transfer and no campaign leaves over it. Set "
        f"transfer_trunk_id: ${{{trunk.address}}} of a number, or delete the trunk and its account at the carrier."
    )
    yield Hit(detail)


RULE: Final = Rule(
    id="unused-trunk",
    group=Group.TELEPHONY,
    title="SIP trunk without a number",
    severity=Severity.INFO,
    why="Its password opens an account at a carrier, at which calls cost money, and nothing here needs it.",
    bad="""
numbers:
  main: {phone_number: "+31850835037", agent_id: null}
sip_trunks:
  voip: {name: VoIP, provider: custom, address: sip.acme.example, transport: tls}
""",
    good="""
numbers:
  main: {phone_number: "+31850835037", agent_id: null, transfer_trunk_id: "${sip_trunks.voip}"}
sip_trunks:
  voip: {name: VoIP, provider: custom, address: sip.acme.example, transport: tls}
""",
    kinds=("sip_trunks",),
    check=_check,
)
