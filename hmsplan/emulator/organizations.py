"""The organization behind a key: balances, retention periods, children with keys of their own."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from hmsplan.emulator.answers import Answer, RefusalError, json_answer, not_found
from hmsplan.emulator.calls import RUNNING, shown_calls

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context


def get_organization(ctx: Context) -> Answer:
    """Answer with the bare organization, balances and counts included."""
    row = _row(ctx)
    found: dict[str, Any] = {
        "id": row["id"],
        "name": row["name"],
        "minutes_balance": ctx.store.credits(ctx.org),
        "monthly_usage_minutes": 0,
        "active_numbers": sum(number.doc["is_active"] for number in ctx.store.rows(ctx.org, "numbers")),
        "active_agents": ctx.store.tally(ctx.org, "assistants", "").get("True", 0),
        "active_calls": sum(call["status"] in RUNNING for call in shown_calls(ctx)),
        "has_local_models_access": False,
        "parent_org_id": row["parent"],
    }
    if ctx.options.get("include_children"):
        found["children"] = ctx.store.children(ctx.org)
    if ctx.settings.retention_readable:
        found["content_retention_days"] = row["content_retention"]
        found["metadata_retention_days"] = row["metadata_retention"]
    return json_answer(200, found)


def create_organization(ctx: Context) -> Answer:
    """Create an organization, a child if it names a parent, and show its key, this once."""
    body = ctx.body("OrganizationCreate")
    parent = body.get("parent_org_id")
    if parent not in {None, ctx.org, *(child["id"] for child in ctx.store.children(ctx.org))}:
        raise RefusalError(403, "The parent organization is not yours")
    made = ctx.store.add_organization(body["name"], parent, ctx.stamp, ctx.settings.credits)
    key = f"fl_live_{secrets.token_hex(16)}"
    ctx.store.add_key(key, made, issued=True)
    answer = {"id": made, "name": body["name"], "parent_org_id": parent, "api_key": key, "created_at": ctx.stamp}
    return json_answer(ctx.settings.create_status, answer)


def set_retention(ctx: Context) -> Answer:
    """Set both retention periods, and answer with both."""
    body = ctx.body("OrganizationRetention")
    ctx.store.edit_organization(ctx.org, "content_retention", body["content_retention_days"])
    ctx.store.edit_organization(ctx.org, "metadata_retention", body["metadata_retention_days"])
    return json_answer(200, {name: body[name] for name in ("content_retention_days", "metadata_retention_days")})


def _row(ctx: Context) -> dict[str, Any]:
    row = ctx.store.organization(ctx.org)
    if row is None:
        raise not_found("Organization")
    return row
