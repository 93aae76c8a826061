"""A SIP trunk at an address that the platform cannot reach."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_LOCAL: Final = (".local", ".localhost", ".internal", ".lan", ".home.arpa", ".intranet")


def _check(trunk: Resource, view: View) -> Iterator[Hit]:  # noqa: ARG001 -- the form of a check
    address = trunk.spec.get("address")
    if isinstance(address, str) and (reason := _unreachable(_host(address))):
        detail = f"{reason}; the platform is outside it. Write the public name of the carrier's SIP server."
        yield Hit(detail, ("address",))


def _host(address: str) -> str:
    """Return the host of ``host``, ``host:5061`` or ``[::1]:5061``."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address if address.count(":") > 1 else address.partition(":")[0]


def _unreachable(host: str) -> str:
    """Say what is private about a host; "" for one that may be public."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        name = host.rstrip(".").lower()
        if name == "localhost" or name.endswith(_LOCAL):
            return f"{host} is a name of one machine or one network"
        return f"{host} is a name without a domain, known in one network" if name and "." not in name else ""
    if found.is_loopback or found.is_unspecified:
        return f"{host} is the machine itself"
    if found.is_private or found.is_link_local:
        documentation = any(found in network for network in _DOCUMENTATION if network.version == found.version)
        return "" if documentation else f"{host} is an address of a private network"
    return ""


_DOCUMENTATION: Final = tuple(
    map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"))
)
"""Addresses for examples (RFC 5737, RFC 3849), which stand in examples for public ones."""

RULE: Final = Rule(
    id="private-trunk",
    group=Group.TELEPHONY,
    title="SIP trunk in a private network",
    severity=Severity.WARNING,
    why="The platform cannot reach such an address, so no transfer and no campaign call leaves.",
    bad="""
sip_trunks:
  voip: {name: VoIP, provider: custom, address: 192.168.1.20, transport: tls}
""",
    good="""
sip_trunks:
  voip: {name: VoIP, provider: custom, address: sip.acme.example, transport: tls}
""",
    kinds=("sip_trunks",),
    check=_check,
)
