"""Phone numbers and the SIP trunks they transfer over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.emulator.answers import RefusalError
from hmsplan.emulator.jsonio import dumps, loads
from hmsplan.emulator.resources import Document, Draft, Resource, detach

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context
    from hmsplan.emulator.store import Row

REFERENCES = {
    "agent_id": ("assistants", "Assistant"),
    "transfer_trunk_id": ("sip_trunks", "SIP trunk"),
    "workflow_id": ("workflows", "Workflow"),
}

_BLANK_NUMBER: Document = {
    "phone_number": "",
    "name": None,
    "agent_id": None,
    "transfer_trunk_id": None,
    "workflow_id": None,
    "source": None,
    "is_active": True,
}
_BLANK_TRUNK: Document = {
    "name": "",
    "provider": None,
    "address": "",
    "transport": "udp",
    "auth_username": None,
    "is_active": True,
}


def _complete(ctx: Context, draft: Draft, old: Row | None) -> Draft:
    sent = dict(draft.doc)
    _read_alias(sent)
    if not ctx.settings.number_name:
        sent.pop("name", None)
    _apply_workflow(ctx, sent)
    for field, (kind, what) in REFERENCES.items():
        if sent.get(field) is not None:
            ctx.fetch(kind, sent[field], what)
    if old is not None:
        return Draft(sent)
    _register(ctx, sent["phone_number"])
    doc = {**_BLANK_NUMBER, **sent}
    if not ctx.settings.number_name:
        del doc["name"]
    return Draft(doc)


def _read_alias(sent: Document) -> None:
    """Take ``assistant_id``, the guides' name of ``agent_id``; both may be sent when they agree."""
    if "assistant_id" in sent:
        alias = sent.pop("assistant_id")
        if sent.setdefault("agent_id", alias) != alias:
            raise RefusalError(400, "Validation failed", details=["assistant_id: differs from agent_id"])


def _apply_workflow(ctx: Context, sent: Document) -> None:
    if sent.get("workflow_id") is None:
        return
    if ctx.settings.number_workflow == "clears_agent":
        sent["agent_id"] = None
    elif ctx.settings.number_workflow == "refuses_both" and sent.get("agent_id") is not None:
        raise RefusalError(400, "Validation failed", details=["workflow_id: cannot be set together with agent_id"])


def _register(ctx: Context, phone_number: str) -> None:
    """Refuse, or make way for, a number that is registered already."""
    for row in ctx.store.marked("numbers", phone_number):
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
    users = [user for _, user in ctx.store.pointing_at(row.id)]
    match ctx.settings.delete_trunk:
        case "conflict" if users:
            raise RefusalError(409, "SIP trunk is in use", details=[f"number {user.id}" for user in users])
        case "cascade":
            for user in users:
                ctx.store.remove(ctx.org, user.id, ctx.now)
        case "detach":
            for user in users:
                detach(ctx, NUMBERS, user, {"transfer_trunk_id": None})


def _complete_trunk(_ctx: Context, draft: Draft, _old: Row | None) -> Draft:
    doc = dict(draft.doc)
    password = doc.pop("auth_password", None)
    return Draft({**_BLANK_TRUNK, **doc}, {"auth_password": password} if password is not None else None)


NUMBERS = Resource(
    kind="numbers",
    path="numbers",
    many="numbers",
    one="number",
    what="Phone number",
    create="PhoneNumberCreate",
    update="PhoneNumberUpdate",
    blank=_BLANK_NUMBER,
    frozen=frozenset({"phone_number", "agent_name", "business_name", "transfer_trunk_name", "workflow_name", "source"}),
    complete=_complete,
    present=_present,
    links=_links,
    mark=lambda doc: str(doc["phone_number"]),
)

SIP_TRUNKS = Resource(
    kind="sip_trunks",
    path="sip-trunks",
    many="trunks",
    one="trunk",
    what="SIP trunk",
    create="SipTrunkCreate",
    update=None,
    blank=_BLANK_TRUNK,
    org_id=True,
    complete=_complete_trunk,
    release=_release_trunk,
)
