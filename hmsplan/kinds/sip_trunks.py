"""SIP trunks: where calls that leave go. They cannot be changed, only made and deleted."""

from __future__ import annotations

from typing import Final

from hmsplan.kinds.kind import NAME, STAMPS, Kind, patterns
from hmsplan.model import pattern

SIP_TRUNKS: Final = Kind(
    name="sip_trunks",
    singular="sip_trunk",
    noun="SIP trunk",
    path="/sip-trunks",
    docs="API reference, section SIP trunks; the list comes as trunks, one guide shows sip_trunk",
    collection=("trunks", "sip_trunks"),
    envelope=("trunk", "sip_trunk"),
    identity="name",
    file="telephony/sip_trunks.yaml",
    verbs=frozenset({"GET", "POST", "DELETE"}),
    required=frozenset({"name", "provider", "address"}),
    canonical=NAME,
    computed=STAMPS | {"is_active"},
    secrets=patterns("auth_password"),  # stored encrypted, never returned
    immutable=frozenset({"name", "provider", "address", "transport", "auth_username", "auth_password"}),
    receivers={pattern("auth_password"): patterns("address")},
)
