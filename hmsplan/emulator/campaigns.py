"""Campaigns and their leads. Nothing is dialled here: progress is made in the dashboard."""

from __future__ import annotations

import uuid
import zoneinfo
from functools import cache
from typing import TYPE_CHECKING

from hmsplan.emulator.answers import Answer, RefusalError, envelope, list_envelope, not_found
from hmsplan.emulator.jsonio import dumps, loads
from hmsplan.emulator.resources import Document, Draft, Resource, deleted
from hmsplan.emulator.store import Entry, Row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hmsplan.emulator.context import Context

_BLANK = {"name": "", "agent_id": "", "status": "draft", "system_message_template": None}
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


def _complete(ctx: Context, draft: Draft, old: Row | None) -> Draft:
    sent = {name: value for name, value in draft.doc.items() if name != "leads"}
    if old is not None:
        _refuse_move(ctx, old.doc["status"], sent.get("status"))
    # Without a zone database on the machine every name passes.
    if "timezone" in sent and _zones() and sent["timezone"] not in _zones():
        ctx.refuse_if(["timezone: must be an IANA time zone, such as Europe/Amsterdam"])
    for field in ("schedule_start_time", "schedule_end_time"):
        if len(sent.get(field, "")) == len("HH:MM"):
            sent[field] += ":00"
    if old is not None:
        return Draft(sent)
    ctx.fetch("assistants", sent["agent_id"], "Assistant")
    if ctx.settings.lead_twice == "conflict":
        _refuse_twins([lead["phone_number"] for lead in draft.doc.get("leads", ())])
    return Draft({**_BLANK, **sent})


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
    leads = [new_lead(campaign_id, lead, ctx.stamp) for lead in body.get("leads", ())]
    ctx.store.insert((lead_entry(ctx.org, lead) for lead in leads), ctx.now)


def _release(ctx: Context, row: Row) -> None:
    if ctx.settings.delete_campaign == "conflict" and row.doc["status"] == "scheduled":
        raise RefusalError(409, "A scheduled campaign cannot be deleted; pause or cancel it first")


CAMPAIGNS = Resource(
    kind="campaigns",
    path="campaigns",
    many="campaigns",
    one="campaign",
    what="Campaign",
    create="CampaignCreate",
    update="CampaignUpdate",
    blank=_BLANK,
    frozen=frozenset({"agent_id", "leads", "total_leads", "completed_leads", "failed_leads"}),
    complete=_complete,
    present=_present,
    release=_release,
    created=_created,
    links=lambda doc: (("agent_id", doc["agent_id"]),),
    mark=lambda doc: str(doc["status"]),
)

# --- leads ------------------------------------------------------------------------------------------------


def new_lead(campaign_id: str, body: Document, created_at: str) -> Document:
    """Return a lead that was never called."""
    return {
        "id": str(uuid.uuid4()),
        "campaign_id": campaign_id,
        "variables": {},
        **body,
        "status": "pending",
        "call_id": None,
        "attempts": 0,
        "last_attempt_at": None,
        "created_at": created_at,
    }


def lead_entry(org: str, lead: Document) -> Entry:
    """Return a lead as the store wants it: found by its phone number, counted by its status."""
    return Entry(
        id=lead["id"],
        org=org,
        kind="leads",
        parent=lead["campaign_id"],
        name=lead["phone_number"],
        mark=lead["status"],
        doc=lead,
    )


def _refuse_twins(phone_numbers: Iterable[str]) -> None:
    seen: set[str] = set()
    for phone_number in phone_numbers:
        if phone_number in seen:
            raise RefusalError(409, f"Lead {phone_number} already exists in this campaign")
        seen.add(phone_number)


def list_leads(ctx: Context) -> Answer:
    """Answer with every lead of a campaign, oldest first."""
    campaign = ctx.fetch("campaigns", ctx.params["id"], "Campaign")
    leads = ctx.store.documents(ctx.org, "leads", parent=campaign.id, as_of=ctx.as_of)
    return Answer(200, list_envelope("leads", leads[: ctx.settings.list_cap]))


def add_lead(ctx: Context) -> Answer:
    """Add one lead."""
    campaign = ctx.fetch("campaigns", ctx.params["id"], "Campaign")
    body = ctx.read("CampaignLeadCreate", ctx.payload())
    twins = ctx.store.named(ctx.org, "leads", body["phone_number"], parent=campaign.id)
    if twins and ctx.settings.lead_twice == "conflict":
        _refuse_twins([body["phone_number"]] * 2)
    lead = new_lead(campaign.id, body, ctx.stamp)
    ctx.store.insert([lead_entry(ctx.org, lead)], ctx.now)
    return Answer(ctx.settings.create_status, envelope("lead", dumps(lead)))


def remove_lead(ctx: Context) -> Answer:
    """Remove a lead; "refused while the lead is being called"."""
    campaign = ctx.fetch("campaigns", ctx.params["id"], "Campaign")
    lead = ctx.fetch("leads", ctx.params["leadId"], "Lead")
    if lead.parent != campaign.id:
        raise not_found("Lead")
    if lead.doc["status"] == "calling":
        raise RefusalError(ctx.settings.lead_calling_status, "The lead is being called")
    ctx.store.remove(ctx.org, lead.id, ctx.now)
    return deleted(ctx)
