"""The organization's sending domain, which lives at Resend under the organization's own key."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from hmsplan.emulator import byok
from hmsplan.emulator.answers import Answer, RefusalError, json_answer, not_found
from hmsplan.emulator.resources import Document, Resource, change, deleted, insert

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context
    from hmsplan.emulator.store import Row

DOMAIN = Resource(kind="domain", shape="Domain", what="Domain")
ACCOUNT = Resource(kind="resend_domains", shape="ResendDomain", what="Resend domain")
"""Domains in the Resend account; the dashboard may add some."""

_REGION = "eu-west-1"


def get_domain(ctx: Context) -> Answer:
    """Answer with the domain, null when none is set."""
    if ctx.settings.domain_without_key == "refused":
        _need_key(ctx)
    row = _row(ctx)
    return json_answer(200, {"domain": row.doc if row else None})


def create_domain(ctx: Context) -> Answer:
    """Set the domain, and show the DNS records that it needs."""
    body = ctx.body("DomainCreate")
    _need_key(ctx)
    if _row(ctx) is not None:
        raise RefusalError(409, "The organization already has a domain")
    resend = insert(ctx, ACCOUNT, {"name": body["domain_name"], "status": "not_started", "region": _REGION})
    domain = _select(ctx, resend)
    return json_answer(ctx.settings.create_status, {"domain": domain, "message": "Add the DNS records, then verify"})


def delete_domain(ctx: Context) -> Answer:
    """Delete the domain, at Resend too."""
    row = _existing(ctx)
    ctx.store.remove(ctx.org, row.id, ctx.now)
    ctx.store.remove(ctx.org, row.doc["resend_domain_id"], ctx.now)
    return deleted(ctx)


def list_account(ctx: Context) -> Answer:
    """Answer with the domains in the Resend account; there are none to see without its key."""
    domains = [row.doc for row in ctx.store.rows(ctx.org, ACCOUNT.kind)] if byok.has_key(ctx, "resend") else []
    row = _row(ctx)
    selected = row.doc["resend_domain_id"] if row else None
    return json_answer(200, {"domains": domains, "selected_domain_id": selected})


def sync_domain(ctx: Context) -> Answer:
    """Select one of them, instead of the domain there is."""
    wanted = ctx.body("ResendDomainSync")["resendDomainId"]
    _need_key(ctx)
    resend = ctx.fetch(ACCOUNT.kind, wanted, ACCOUNT.what)
    old = _row(ctx)
    if old is not None:
        ctx.store.remove(ctx.org, old.id, ctx.now)
    return json_answer(200, {"domain": _select(ctx, resend.doc), "message": "Domain selected"})


def verify_domain(ctx: Context) -> Answer:
    """Start the check of the DNS records."""
    row = _existing(ctx)
    status = "verified" if row.doc["status"] == "verified" else "pending"
    return json_answer(200, {"domain": _set_status(ctx, row, status), "message": "Verification started"})


def refresh_domain(ctx: Context) -> Answer:
    """Read the status; a check that was started has come to its end."""
    row = _existing(ctx)
    domain = _set_status(ctx, row, ctx.settings.domain_check) if row.doc["status"] == "pending" else row.doc
    return json_answer(200, {"domain": domain, "message": f"Status: {domain['status']}"})


def _row(ctx: Context) -> Row | None:
    return next(iter(ctx.store.rows(ctx.org, DOMAIN.kind)), None)


def _existing(ctx: Context) -> Row:
    row = _row(ctx)
    if row is None:
        raise not_found("Domain")
    _need_key(ctx)
    return row


def _need_key(ctx: Context) -> None:
    if not byok.has_key(ctx, "resend"):
        raise RefusalError(400, "Store the organization's own resend key first")


def _select(ctx: Context, resend: Document) -> Document:
    name, status = resend["name"], resend.get("status", "not_started")
    record = {"record": "DKIM", "name": f"resend._domainkey.{name}", "type": "TXT", "ttl": "Auto", "status": status}
    doc = {
        "domain_name": name,
        "resend_domain_id": resend["id"],
        "status": status,
        "region": resend.get("region", _REGION),
        "records": [{**record, "value": f"p={uuid.uuid5(uuid.NAMESPACE_DNS, name).hex}"}],
        "verified_at": None,
    }
    return insert(ctx, DOMAIN, doc)


def _set_status(ctx: Context, row: Row, status: str) -> Document:
    old = row.doc
    verified_at = (old["verified_at"] or ctx.stamp) if status == "verified" else None
    records = [{**record, "status": status} for record in old["records"] or ()]
    return change(ctx, DOMAIN, row, {**old, "status": status, "records": records, "verified_at": verified_at})
