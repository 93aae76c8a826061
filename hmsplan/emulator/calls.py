"""Calls and their usage. Nothing rings: a call goes on with the clock, or by a control command or in the dashboard."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hmsplan.emulator.answers import Answer, RefusalError, json_answer, not_found
from hmsplan.emulator.context import stamp
from hmsplan.emulator.description import OLD_NAMES
from hmsplan.emulator.resources import Document, Resource, blank, change, insert
from hmsplan.emulator.rules import REALTIME

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context
    from hmsplan.emulator.store import Row

RUNNING = frozenset({"dialing", "connecting", "ringing", "in-progress"})
_ENDINGS = {"end-call": "ended", "transfer": "transferred"}
_OVERRIDES = frozenset({"llm_config", "stt_config", "tts_config", "voice"})
"""Fields of a workflow's node that no realtime assistant can follow: such a call is rejected before it is answered."""

CALLS = Resource(kind="calls", shape="Call", what="Call", names=lambda _: ("calls", ""))


@dataclass(frozen=True, slots=True)
class _Moments:
    """When a call that the API placed is answered, and when it ends if nothing ends it before; Unix seconds."""

    started: float
    answered: float
    ends: float


def shown(ctx: Context, row: Row) -> Document:
    """Return a call as it is by now: connecting, then in progress, then ended."""
    call = row.doc
    if not row.hidden or call["status"] != "connecting":
        return call  # of the dashboard, or ended by a command
    at = _Moments(**row.hidden)
    if ctx.now < at.answered:
        return call
    if ctx.now < at.ends:
        return {**call, "status": "in-progress", "updated_at": stamp(at.answered)}
    return {**call, **_ending("ended", "completed", at.started, at.ends), "updated_at": stamp(at.ends)}


def _ending(status: str, reason: str, started: float, ended: float) -> Document:
    seconds = round(max(0.0, ended - started), 3)
    return {"status": status, "end_reason": reason, "ended_at": stamp(ended), "duration_seconds": seconds}


def shown_calls(ctx: Context) -> list[Document]:
    """Return every call as it is by now, newest first."""
    return [shown(ctx, row) for row in reversed(ctx.store.rows(ctx.org, CALLS.kind))]


def list_calls(ctx: Context) -> Answer:
    """Answer with a page of calls, newest first, of one status and period if asked."""
    calls = [call for call in _in_period(ctx) if ctx.options.get("status", call["status"]) == call["status"]]
    page, pagination = _page(ctx, calls)
    return json_answer(200, {"calls": page, "pagination": pagination})


def get_call(ctx: Context) -> Answer:
    """Answer with the bare call."""
    return json_answer(200, shown(ctx, ctx.fetch(CALLS.kind, ctx.params["id"], CALLS.what)))


def start_call(ctx: Context) -> Answer:
    """Call somebody, credits permitting."""
    body = ctx.body("OutboundCallRequest")
    body = {**{name: body[old] for name, old in OLD_NAMES.items() if old in body}, **body}
    number = _number(ctx, body.get("number_id"))
    agent_id = body.get("assistant_id", number["agent_id"])
    agent = ctx.fetch("assistants", agent_id, "Assistant").doc if agent_id else {}
    balance = ctx.store.credits(ctx.org)
    if balance <= 0:
        raise RefusalError(402, "Insufficient credits", extra={"balance": balance})
    call = {
        "caller_phone": body["destination"],
        "assistant_phone": number["phone_number"],
        "status": "connecting",
        "direction": "outbound",
        "started_at": ctx.stamp,
        "messages": [],
        "agent_id": agent_id,
        "number_id": number["id"],
        "agent_name": agent.get("name"),
        "business_name": agent.get("business_name"),
        "phone_number": number["phone_number"],
    }
    if _needs_a_pipeline(ctx, number) and agent.get("llm_config", {}).get("provider") in REALTIME:
        call |= _ending("rejected", "workflow-needs-pipeline", ctx.now, ctx.now)
    answered = ctx.now + ctx.settings.call_connect_s
    moments = _Moments(ctx.now, answered, answered + ctx.settings.call_length_s)
    call_id = f"call-_{body['destination']}_{secrets.token_hex(6)}"
    insert(ctx, CALLS, {**blank(CALLS), **call}, object_id=call_id, hidden=asdict(moments))
    return json_answer(200, {"success": True, "call_id": call_id, "status": "dialing"})


def _number(ctx: Context, number_id: str | None) -> Document:
    """Return the number to call from: the one asked for, or the oldest active one that no call is on."""
    if number_id is not None:
        return ctx.fetch("numbers", number_id, "Phone number").doc
    busy = {call.get("number_id") for call in shown_calls(ctx) if call["status"] in RUNNING}
    for row in ctx.store.rows(ctx.org, "numbers"):
        if row.doc["is_active"] and row.id not in busy:
            return row.doc
    raise not_found("Free phone number to call from")


def _needs_a_pipeline(ctx: Context, number: Document) -> bool:
    """Tell whether a number runs a workflow whose nodes speak otherwise than its assistant."""
    flow = ctx.document_of("workflows", number["workflow_id"])
    nodes = flow["definition"]["nodes"] if flow.get("is_active") else []
    return any(not _OVERRIDES.isdisjoint(node) for node in nodes)


def control_call(ctx: Context) -> Answer:
    """Speak into a call in progress, move it on or end it; 10 commands a minute."""
    row = ctx.fetch(CALLS.kind, ctx.params["id"], CALLS.what)
    command = ctx.body("CallControlCommand")
    call = shown(ctx, row)
    if call["status"] != "in-progress":
        raise RefusalError(400, "The call is not in progress")
    ctx.take_control(row.id)
    status = _ENDINGS.get(command["type"])
    if command["type"] == "say" and command["end_after"]:
        status = "ended"
    if status is not None:
        started = _moment(call["started_at"]).timestamp() if call["started_at"] else ctx.now
        change(ctx, CALLS, row, {**call, **_ending(status, "api-control", started, ctx.now)})
    return json_answer(200, {"success": True})


def get_usage(ctx: Context) -> Answer:
    """Answer with a page of ended calls and the sum of all."""
    ended = [call for call in _in_period(ctx) if call.get("duration_seconds") is not None]
    page, pagination = _page(ctx, ended)
    seconds = sum(call["duration_seconds"] for call in ended)
    summary = {
        "total_calls": len(ended),
        "total_duration_seconds": seconds,
        "total_duration_minutes": round(seconds / 60, 2),
    }
    return json_answer(200, {"logs": [_log(call) for call in page], "pagination": pagination, "summary": summary})


def _log(call: Document) -> Document:
    kept = {name: call.get(name) for name in ("id", "phone_number", "agent_name", "business_name", "created_at")}
    call_type = "web" if call.get("direction") == "web" else "phone"
    return {**kept, "duration_sec": call["duration_seconds"], "call_type": call_type}


def _in_period(ctx: Context) -> list[Document]:
    calls = shown_calls(ctx)
    start, end = (ctx.options.get(name) for name in ("start_date", "end_date"))
    if start is not None:
        calls = [call for call in calls if _moment(call["created_at"]) >= _moment(start)]
    if end is not None:
        calls = [call for call in calls if _moment(call["created_at"]) <= _moment(end)]
    return calls


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _page(ctx: Context, items: list[Any]) -> tuple[list[Any], Document]:
    limit, offset = ctx.options.get("limit", 100), ctx.options.get("offset", 0)
    return items[offset : offset + limit], {"total": len(items), "limit": limit, "offset": offset}
