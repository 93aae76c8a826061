"""Phone numbers and the SIP trunks they transfer over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.emulator.answers import RefusalError, invalid
from hmsplan.emulator.jsonio import dumps, loads
from hmsplan.emulator.resources import Document, Resource, change, let_go

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context
    from hmsplan.emulator.store import Row

REFERENCES = {
    "agent_id": ("assistants", "Assistant"),
    "transfer_trunk_id": ("sip_trunks", "SIP trunk"),
    "workflow_id": ("workflows", "Workflow"),
}


def _complete(ctx: Context, base: Document, sent: Document, row: Row | None) -> Document:
    _read_alias(sent)
    _apply_workflow(ctx, sent)
    for field, (kind, what) in REFERENCES.items():
        if sent.get(field) is not None:
            ctx.fetch(kind, sent[field], what)
    if row is None:
        _register(ctx, sent["phone_number"])
    doc = {**base, **sent}
    if not ctx.settings.number_name:
        doc.pop("name", None)
    return doc


def _read_alias(sent: Document) -> None:
    """Take ``assistant_id``, the guides' name of ``agent_id``; both may be sent when they agree."""
    if "assistant_id" in sent:
        alias = sent.pop("assistant_id")
        if sent.setdefault("agent_id", alias) != alias:
            raise invalid("assistant_id: differs from agent_id")


def _apply_workflow(ctx: Context, sent: Document) -> None:
    if sent.get("workflow_id") is None:
        return
    if ctx.settings.number_workflow == "clears_agent":
        sent["agent_id"] = None
    elif ctx.settings.number_workflow == "refuses_both" and sent.get("agent_id") is not None:
        raise invalid("workflow_id: cannot be set together with agent_id")


def _register(ctx: Context, phone_number: str) -> None:
    """Refuse, or make way for, a number that is registered already."""
    for row in ctx.store.named("numbers", phone_number):
        stance = ctx.settings.number_twice if row.org == ctx.org else ctx.settings.number_elsewhere
        if stance == "conflict":
            raise RefusalError(409, "Phone number already exists")
        if stance == "taken_over":
            ctx.store.remove(row.org, row.id, ctx.now)


def _present(ctx: Context, document: bytes) -> bytes:
    doc = loads(document)
    agent = ctx.document_of("assistants", doc["agent_id"])
    shown = {
        **doc,
        "agent_name": agent.get("name"),
        "business_name": agent.get("business_name"),
        "transfer_trunk_name": ctx.document_of("sip_trunks", doc["transfer_trunk_id"]).get("name"),
        "workflow_name": ctx.document_of("workflows", doc["workflow_id"]).get("name"),
    }
    if ctx.settings.number_agent != "agent_id":
        shown["assistant_id"] = doc["agent_id"]
    if ctx.settings.number_agent == "assistant_id":
        del shown["agent_id"]
    return dumps(shown)


def _links(doc: Document) -> tuple[tuple[str, str], ...]:
    return tuple((field, doc[field]) for field in REFERENCES if doc.get(field) is not None)


def _release_trunk(ctx: Context, row: Row) -> None:
    def detach(field: str, user: Row) -> None:
        change(ctx, NUMBERS, user, {**user.doc, field: None})

    let_go(ctx, ctx.settings.delete_trunk, ctx.store.pointing_at(row.id), "SIP trunk is in use", detach)


NUMBERS = Resource(
    kind="numbers",
    shape="PhoneNumber",
    what="Phone number",
    key="phone_number",
    given={"is_active": True, "source": None},
    complete=_complete,
    present=_present,
    links=_links,
)

SIP_TRUNKS = Resource(
    kind="sip_trunks",
    shape="SipTrunk",
    what="SIP trunk",
    many="trunks",
    given={"is_active": True},
    release=_release_trunk,
)
