"""Phone numbers: which assistant answers, and through which trunk a call is passed on."""

from __future__ import annotations

from typing import Final

from hmsplan.kinds import normalise
from hmsplan.kinds.kind import STAMPS, Kind
from hmsplan.model import pattern

NUMBERS: Final = Kind(
    name="numbers",
    singular="number",
    noun="phone number",
    path="/numbers",
    docs="API reference, section Numbers; guides for the spelling assistant_id and for name",
    collection=("numbers",),
    envelope=("number",),
    identity="phone_number",
    file="telephony/numbers.yaml",
    unique=True,  # inferred from the error guide: 409, already exists
    required=frozenset({"phone_number"}),
    refs={
        pattern("agent_id"): "assistants",
        pattern("transfer_trunk_id"): "sip_trunks",
        pattern("workflow_id"): "workflows",
    },
    aliases={"assistant_id": "agent_id"},
    computed=STAMPS | {"agent_name", "business_name", "transfer_trunk_name", "workflow_name", "source"},
    immutable=frozenset({"phone_number"}),
    guarded_replace=True,  # calls fail in between
    guarded_delete=True,
    irretrievable="whether the platform registers a number again that was given back is not known before it is asked",
    in_calls=("number_id",),
    switch="is_active",
    meets_people=True,
    clearable=frozenset({"agent_id", "transfer_trunk_id", "workflow_id"}),
    canonical={pattern("phone_number"): normalise.phone_number},
)
