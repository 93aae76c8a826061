"""A SIP trunk whose signalling anybody on the way can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(trunk: Resource, view: View) -> Iterator[Hit]:  # noqa: ARG001 -- the form of a check
    transport = trunk.spec.get("transport", "udp")
    if transport in ("udp", "tcp"):
        default = "" if "transport" in trunk.spec else ", the default,"
        detail = (
            f"{transport}{default} sends who calls whom in the clear. If the carrier offers it, write transport: tls; "
            "a trunk cannot be changed, so a new one takes its place and the numbers follow."
        )
        yield Hit(detail, ("transport",) if "transport" in trunk.spec else ("address",))


RULE: Final = Rule(
    id="trunk-without-tls",
    group=Group.TELEPHONY,
    title="SIP trunk without TLS",
    severity=Severity.WARNING,
    why="Without TLS the numbers of callers cross the internet readable, and a stranger on the way can change them.",
    bad="""
sip_trunks:
  voip: {name: VoIP, provider: custom, address: sip.acme.example, transport: udp}
""",
    good="""
sip_trunks:
  voip: {name: VoIP, provider: custom, address: sip.acme.example, transport: tls}
""",
    kinds=("sip_trunks",),
    check=_check,
    source="API behaviour, 3: transport of a trunk defaults to udp; RFC 3261, 26.3.1",
)
