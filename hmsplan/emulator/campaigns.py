"""Campaigns and their leads. Nothing is dialled here: progress is made in the dashboard."""

from __future__ import annotations

import zoneinfo
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from hmsplan.emulator.answers import RefusalError, invalid
from hmsplan.emulator.jsonio import dumps, loads
from hmsplan.emulator.resources import Document, Resource, blank, insert, settable

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context
    from hmsplan.emulator.store import Row

_FORWARD = {
    "draft": {"scheduled", "cancelled"},
    "scheduled": {"paused", "cancelled"},
    "paused": {"scheduled", "cancelled"},
    "cancelled": set[str](),
}
"""Moves that the stance "forward" allows; staying is always allowed."""


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _complete(ctx: Context, base: Document, sent: Document, row: Row | None) -> Document:
    leads = sent.pop("leads", ())
    if row is not None:
        _refuse_move(ctx, base["status"], sent.get("status"))
    # Without a zone database on the machine every name passes.
    if "timezone" in sent and _zones() and sent["timezone"] not in _zones():
        raise invalid("timezone: must be an IANA time zone, such as Europe/Amsterdam")
    for field in ("schedule_start_time", "schedule_end_time"):
        if len(sent.get(field, "")) == len("HH:MM"):
            sent[field] += ":00"
    if row is None:
        ctx.fetch("assistants", sent["agent_id"], "Assistant")
        _refuse_twins(ctx, [lead["phone_number"] for lead in leads])
    return {**base, **sent}


def _refuse_move(ctx: Context, status: str, wanted: str | None) -> None:
    if status == "completed":
        raise RefusalError(ctx.settings.completed_status, "A completed campaign cannot be changed")
    if ctx.settings.campaign_moves == "any" or wanted in {None, status}:
        return
    if wanted not in _FORWARD[status]:
        raise RefusalError(ctx.settings.completed_status, f"A {status} campaign cannot become {wanted}")


def _present(ctx: Context, document: bytes) -> bytes:
    doc = loads(document)
    tally = ctx.store.tally(ctx.org, "leads", doc["id"])
    counts = {
        "total_leads": sum(tally.values()),
        "completed_leads": tally.get("completed", 0),
        "failed_leads": tally.get("failed", 0),
    }
    return dumps({**doc, **counts})


def _created(ctx: Context, campaign_id: str, body: Document) -> None:
    base = {**blank(LEADS), "campaign_id": campaign_id}
    for lead in body.get("leads", ()):
        insert(ctx, LEADS, {**base, **settable(LEADS, lead)}, parent=campaign_id)


def _release(ctx: Context, row: Row) -> None:
    if ctx.settings.delete_campaign == "conflict" and row.doc["status"] == "scheduled":
        raise RefusalError(409, "A scheduled campaign cannot be deleted; pause or cancel it first")


def _complete_lead(ctx: Context, base: Document, sent: Document, _row: Row | None) -> Document:
    campaign_id = ctx.params["id"].lower()
    known = ctx.store.named("leads", sent["phone_number"], ctx.org, parent=campaign_id)
    _refuse_twins(ctx, [sent["phone_number"], *(lead.doc["phone_number"] for lead in known)])
    return {**base, **sent, "campaign_id": campaign_id}


def _refuse_twins(ctx: Context, phone_numbers: list[str]) -> None:
    twins = [number for number, count in Counter(phone_numbers).items() if count > 1]
    if twins and ctx.settings.lead_twice == "conflict":
        raise RefusalError(409, f"Lead {twins[0]} already exists in this campaign")


def _release_lead(ctx: Context, row: Row) -> None:
    if row.doc["status"] == "calling":
        raise RefusalError(ctx.settings.lead_calling_status, "The lead is being called")


CAMPAIGNS = Resource(
    kind="campaigns",
    shape="Campaign",
    what="Campaign",
    given={"status": "draft"},
    complete=_complete,
    present=_present,
    release=_release,
    created=_created,
    links=lambda doc: (("agent_id", doc["agent_id"]),) if doc.get("agent_id") else (),
)

LEADS = Resource(
    kind="leads",
    shape="CampaignLead",
    what="Lead",
    parent=CAMPAIGNS,
    key="phone_number",
    given={"variables": {}, "status": "pending", "call_id": None, "attempts": 0, "last_attempt_at": None},
    complete=_complete_lead,
    release=_release_lead,
)
