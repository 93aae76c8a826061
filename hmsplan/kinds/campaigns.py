"""Campaigns: an assistant calls the people on a list, within the hours of a day."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.kinds import normalise
from hmsplan.kinds.kind import NAME, STAMPS, Kind, Members
from hmsplan.model import pattern

if TYPE_CHECKING:
    from hmsplan.model import Value

_HOURS: Final = ("schedule_start_time", "schedule_end_time", "timezone")
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def clock_time(value: Value) -> Value:
    """``HH:MM:SS`` ("Campaign times come back as HH:MM:SS; treat 09:00 = 09:00:00")."""
    return f"{value}:00" if isinstance(value, str) and _CLOCK.fullmatch(value) else value


CAMPAIGNS: Final = Kind(
    name="campaigns",
    singular="campaign",
    noun="campaign",
    path="/campaigns",
    docs="API reference, section Campaigns; SDK types CampaignCreate and CampaignUpdate",
    collection=("campaigns",),
    envelope=("campaign",),
    identity="name",
    required=frozenset({"name", "agent_id", "schedule_start_time", "schedule_end_time", "timezone"}),
    refs={pattern("agent_id"): "assistants"},
    aliases={"assistant_id": "agent_id"},
    computed=STAMPS | {"total_leads", "completed_leads", "failed_leads"},
    immutable=frozenset({"agent_id"}),
    guarded_replace=True,  # progress is lost, and everybody is called again
    guarded_delete=True,
    irretrievable="whom the old one called it does not know: all its leads count as not called",
    after_create=frozenset({"status"}),  # a campaign starts as draft; there is no status on create
    canonical={
        **NAME,
        pattern("schedule_start_time"): clock_time,
        pattern("schedule_end_time"): clock_time,
    },
    status=("status", "scheduled"),
    window=_HOURS,
    initial="draft",  # "Created as draft"
    resting="paused",  # "paused to stop"
    exposing=frozenset({"agent_id", *_HOURS}),
    final=("status", "completed"),
    runtime={"status": frozenset({"completed"})},
    meets_people=True,
    members=Members(
        name="leads",
        singular="lead",
        path="/leads",
        envelope=("lead",),
        identity=("phone_number", "variables"),
        canonical={"phone_number": normalise.phone_number},
        untouched=("status", "pending"),
        on_create=1000,  # the most one request may hold is unknown
        total="total_leads",
        over=("completed_leads", "failed_leads"),
    ),
)
