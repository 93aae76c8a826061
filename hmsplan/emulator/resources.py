"""Resources: what create, list, get, update and delete have in common, as one table a kind."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hmsplan.emulator.answers import Answer, RefusalError, envelope, json_answer, list_envelope
from hmsplan.emulator.jsonio import dumps, loads
from hmsplan.emulator.store import Entry, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hmsplan.emulator.context import Context

Document = dict[str, Any]

SERVER_SET = frozenset({"id", "org_id", "created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class Draft:
    """A document about to be stored, with what is kept beside it."""

    doc: Document
    hidden: Document | None = None


def _keep(_ctx: Context, draft: Draft, _old: Row | None) -> Draft:
    return draft


def _nothing(_ctx: Context, _row: Row) -> None:
    return None


def _no_links(_doc: Document) -> tuple[tuple[str, str], ...]:
    return ()


def _no_mark(_doc: Document) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of object and its ways.

    Attributes:
        kind: name in the store and in the dashboard, such as ``sip_trunks``.
        path: first segment of its paths, such as ``sip-trunks``.
        many: key of the list's envelope.
        one: key of the envelope around one object.
        what: its name in messages.
        create: schema of a create's body.
        update: schema of an update's body; None when there is no update.
        blank: what a new object holds of itself.
        frozen: fields that no update changes, besides those that the server sets.
        org_id: whether documents show their organization.
        complete: makes the document of a create or an update whole, and refuses what other objects forbid.
        merge: lays an update's body over the stored document before it is read, when the settings ask for it.
        present: the document as it is answered; None when it is answered as stored.
        summarize: the document as a list item; None when lists hold whole documents.
        release: refuses a delete, or detaches what points at the object.
        created: runs after a create, with the body as read.
        links: what a document points at.
        mark: the value of a document that rules look up.
    """

    kind: str
    path: str
    many: str
    one: str
    what: str
    create: str
    update: str | None
    blank: Mapping[str, Any] = field(default_factory=dict)
    frozen: frozenset[str] = frozenset()
    org_id: bool = False
    complete: Callable[[Context, Draft, Row | None], Draft] = _keep
    merge: Callable[[Context, Document, Row], tuple[Document, bool]] | None = None
    present: Callable[[Context, bytes], bytes] | None = None
    summarize: Callable[[Document], Document] | None = None
    release: Callable[[Context, Row], None] = _nothing
    created: Callable[[Context, str, Document], None] | None = None
    links: Callable[[Document], tuple[tuple[str, str], ...]] = _no_links
    mark: Callable[[Document], str] = _no_mark

    def entry(self, object_id: str, org: str, draft: Draft, parent: str = "") -> Entry:
        """Return the draft as the store wants it."""
        return Entry(
            id=object_id,
            org=org,
            kind=self.kind,
            parent=parent,
            name=str(draft.doc.get("name") or ""),
            mark=self.mark(draft.doc),
            doc=draft.doc,
            hidden=draft.hidden,
            links=self.links(draft.doc),
        )


def show(ctx: Context, resource: Resource, document: bytes) -> bytes:
    """Return a stored document as it is answered."""
    return resource.present(ctx, document) if resource.present else document


def listing(ctx: Context, resource: Resource) -> list[bytes]:
    """Return every list item of a kind, as it is answered."""
    order = ctx.settings.list_order
    documents = ctx.store.documents(ctx.org, resource.kind, order=order, as_of=ctx.as_of)
    if resource.summarize is not None:
        documents = [dumps(resource.summarize(loads(document))) for document in documents]
    elif resource.present is not None:
        documents = [show(ctx, resource, document) for document in documents]
    if ctx.settings.list_omits:
        documents = [_without(document, ctx.settings.list_omits) for document in documents]
    return documents


def _without(document: bytes, names: tuple[str, ...]) -> bytes:
    return dumps({name: value for name, value in loads(document).items() if name not in names})


def list_all(ctx: Context, resource: Resource) -> Answer:
    """Answer GET on the collection."""
    return Answer(200, list_envelope(resource.many, listing(ctx, resource)[: ctx.settings.list_cap]))


def get_one(ctx: Context, resource: Resource) -> Answer:
    """Answer GET on one object."""
    row = ctx.fetch(resource.kind, ctx.params["id"], resource.what)
    return Answer(200, envelope(resource.one, show(ctx, resource, row.body)))


def create(ctx: Context, resource: Resource) -> Answer:
    """Answer POST on the collection."""
    body = ctx.read(resource.create, ctx.payload())
    object_id = str(uuid.uuid4())
    fields = {name: value for name, value in body.items() if name not in SERVER_SET}
    draft = resource.complete(ctx, Draft(fields), None)
    doc = {
        "id": object_id,
        **({"org_id": ctx.org} if resource.org_id else {}),
        **draft.doc,
        "created_at": ctx.stamp,
        "updated_at": ctx.stamp,
    }
    ctx.store.insert([resource.entry(object_id, ctx.org, Draft(doc, draft.hidden))], ctx.now)
    if resource.created is not None:
        resource.created(ctx, object_id, body)
    return Answer(ctx.settings.create_status, envelope(resource.one, show(ctx, resource, dumps(doc))))


def update(ctx: Context, resource: Resource) -> Answer:
    """Answer PATCH on one object: only the fields sent change."""
    row = ctx.fetch(resource.kind, ctx.params["id"], resource.what)
    payload = ctx.payload()
    if payload == {}:
        raise RefusalError(400, "Validation failed", details=["body: needs at least one field"])
    merged = False
    if resource.merge is not None and isinstance(payload, dict):
        payload, merged = resource.merge(ctx, payload, row)
    assert resource.update is not None  # noqa: S101 - there is no route without it
    body = ctx.read(resource.update, payload, merged=merged)
    kept = SERVER_SET | resource.frozen
    sent = {name: value for name, value in body.items() if name not in kept}
    draft = resource.complete(ctx, Draft(sent, row.hidden), row)
    doc = store_version(ctx, resource, row, draft)
    return Answer(200, envelope(resource.one, show(ctx, resource, dumps(doc))))


def store_version(ctx: Context, resource: Resource, row: Row, draft: Draft) -> Document:
    """Store the changed fields of an object; a change of nothing moves ``updated_at`` only by the settings."""
    old = row.doc
    doc = {**old, **draft.doc}
    if doc != old or ctx.settings.noop_touches or (draft.hidden or {}) != row.hidden:
        if "updated_at" in old:
            doc["updated_at"] = ctx.stamp
        ctx.store.replace(resource.entry(row.id, row.org, Draft(doc, draft.hidden), row.parent), ctx.now)
    return doc


def delete(ctx: Context, resource: Resource) -> Answer:
    """Answer DELETE on one object."""
    row = ctx.fetch(resource.kind, ctx.params["id"], resource.what)
    resource.release(ctx, row)
    ctx.store.remove(ctx.org, row.id, ctx.now)
    return deleted(ctx)


def deleted(ctx: Context) -> Answer:
    """Answer a delete that was done."""
    if ctx.settings.delete_answer == "no_content":
        return Answer(204)
    return json_answer(200, {"success": True})


def detach(ctx: Context, resource: Resource, row: Row, fields: Mapping[str, Any]) -> None:
    """Change fields of another object on the way."""
    store_version(ctx, resource, row, Draft({**fields}, row.hidden))
