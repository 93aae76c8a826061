"""Calls and their usage. Nothing rings: a call stays as it is until a control command or the dashboard moves it."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import TYPE_CHECKING, Any

from hmsplan.emulator.answers import Answer, RefusalError, json_answer, not_found
from hmsplan.emulator.resources import Document, Resource, blank, change, insert

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context
    from hmsplan.emulator.store import Row

RUNNING = frozenset({"dialing", "connecting", "ringing", "in-progress"})
_ENDINGS = {"end-call": "ended", "transfer": "transferred"}

CALLS = Resource(kind="calls", shape="Call", what="Call", names=lambda _: ("calls", ""))


def list_calls(ctx: Context) -> Answer:
    """Answer with a page of calls, newest first, of one status and period if asked."""
    calls = [call for call in _in_period(ctx) if ctx.options.get("status", call["status"]) == call["status"]]
    page, pagination = _page(ctx, calls)
    return json_answer(200, {"calls": page, "pagination": pagination})


def start_call(ctx: Context) -> Answer:
    """Call somebody, credits permitting."""
    body = ctx.body("OutboundCallRequest")
    number = _number(ctx, body.get("number_id"))
    agent_id = body.get("assistant_id", number["agent_id"])
    agent = ctx.fetch("assistants", agent_id, "Assistant").doc if agent_id else {}
    organization = ctx.store.organization(ctx.org) or {}
    if organization.get("credits", 0) <= 0:
        raise RefusalError(402, "Insufficient credits", extra={"balance": organization.get("credits", 0)})
    call = {
        "id": f"call-_{body['destination']}_{secrets.token_hex(6)}",
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
    call = insert(ctx, CALLS, {**blank(CALLS), **call})
    return json_answer(200, {"success": True, "call_id": call["id"], "status": "dialing"})


def _number(ctx: Context, number_id: str | None) -> Document:
    """Return the number to call from: the one asked for, or the first active one that has a trunk."""
    if number_id is not None:
        return ctx.fetch("numbers", number_id, "Phone number").doc
    for row in ctx.store.rows(ctx.org, "numbers"):
        if row.doc["is_active"] and row.doc["transfer_trunk_id"]:
            return row.doc
    raise not_found("Phone number with a trunk to call from")


def control_call(ctx: Context) -> Answer:
    """Speak into a running call, move it on or end it; 10 commands a minute."""
    row = ctx.fetch(CALLS.kind, ctx.params["id"], CALLS.what)
    command = ctx.body("CallControlCommand")
    if row.doc["status"] not in RUNNING:
        raise RefusalError(400, "The call is not active")
    ctx.take_control(row.id)
    status = _ENDINGS.get(command["type"])
    if command["type"] == "say" and command["end_after"]:
        status = "ended"
    if status is not None:
        _end(ctx, row, status)
    return json_answer(200, {"success": True})


def _end(ctx: Context, row: Row, status: str) -> None:
    started = dt.datetime.fromisoformat(row.doc["started_at"]).timestamp()
    ended = {
        "status": status,
        "end_reason": "api-control",
        "ended_at": ctx.stamp,
        "duration_seconds": round(max(0.0, ctx.now - started), 3),
    }
    change(ctx, CALLS, row, {**row.doc, **ended})


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
    calls = [row.doc for row in reversed(ctx.store.rows(ctx.org, CALLS.kind))]
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
