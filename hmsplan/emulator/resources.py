"""Resources: what create, list, get, update and delete have in common, as one table a kind.

The description says most of a kind: its schemas are ``<shape>`` for what is read, ``<shape>Create`` and
``<shape>Update`` for what is sent. From these follow the defaults, what no request sets, and what is never shown.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from hmsplan.emulator.answers import Answer, RefusalError, envelope, invalid, json_answer, list_envelope, not_found
from hmsplan.emulator.description import fields_of, schema_of, takes_null
from hmsplan.emulator.jsonio import dumps, loads
from hmsplan.emulator.store import Entry, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hmsplan.emulator.context import Context
    from hmsplan.emulator.settings import Settings

Document = dict[str, Any]

_SERVER_SET = frozenset({"id", "org_id", "created_at", "updated_at"})


def _laid_over(_ctx: Context, base: Document, sent: Document, _row: Row | None) -> Document:
    return {**base, **sent}


def _no_links(_doc: Document) -> tuple[tuple[str, str], ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind of object and its ways.

    Attributes:
        kind: name in the store and in the dashboard, such as ``sip_trunks``.
        shape: name of its schema in the description.
        what: its name in messages.
        many: key of the list's envelope, when it is not the kind.
        names: keys of both envelopes, when the settings decide; without the second, one object comes bare.
        parent: kind of the object that it is below, whose id comes first in its paths.
        key: field that objects are looked up by.
        state: field that objects are counted by.
        given: what a new object has of itself beside the defaults of the description.
        nested: configs whose PATCH depth is an open question.
        complete: the whole document, from what it was or has of itself and what is sent; refuses what other objects
            forbid.
        present: the document as it is answered; None when it is answered as stored.
        summarize: the document as a list item; None when lists hold whole documents.
        release: refuses a delete, or detaches what points at the object.
        created: runs after a create, with the body as read.
        links: what a document points at.
    """

    kind: str
    shape: str
    what: str
    many: str = ""
    names: Callable[[Settings], tuple[str, str]] | None = None
    parent: Resource | None = None
    key: str = "name"
    state: str = "status"
    given: Mapping[str, Any] = field(default_factory=dict)
    nested: tuple[str, ...] = ()
    complete: Callable[[Context, Document, Document, Row | None], Document] = _laid_over
    present: Callable[[Context, bytes], bytes] | None = None
    summarize: Callable[[Document], Document] | None = None
    release: Callable[[Context, Row], None] | None = None
    created: Callable[[Context, str, Document], None] | None = None
    links: Callable[[Document], tuple[tuple[str, str], ...]] = _no_links

    def envelopes(self, settings: Settings) -> tuple[str, str]:
        """Return the keys around a list and around one object."""
        many = self.many or self.kind
        return self.names(settings) if self.names else (many, many.removesuffix("s"))

    def new(self, org: str, stamp: str, base: Mapping[str, Any], object_id: str = "") -> Document:
        """Return a document with what the server sets of every new object."""
        server_set = {"org_id": org, "created_at": stamp, "updated_at": stamp}
        shown = {name: value for name, value in server_set.items() if name in fields_of(self.shape)}
        return {"id": "", **base, **shown} | {"id": object_id or str(uuid.uuid4())}

    def entry(self, org: str, doc: Document, hidden: Document | None = None, parent: str = "") -> Entry:
        """Return a document as the store wants it."""
        return Entry(
            id=doc["id"],
            org=org,
            kind=self.kind,
            parent=parent,
            name=str(doc.get(self.key) or ""),
            mark=str(doc.get(self.state, "")),
            doc=doc,
            hidden=hidden,
            links=self.links(doc),
        )


def blank(resource: Resource) -> Document:
    """Return what a new object has of itself: documented defaults, null where that may be, and what is given."""
    sent, shown = fields_of(f"{resource.shape}Create"), fields_of(resource.shape)
    found: Document = {}
    for name, part in shown.items():
        either = {**part, **sent.get(name, {})}
        if "default" in either or (takes_null(part) and not part.get("readOnly")):
            found[name] = either.get("default")
    return {**found, **resource.given}


@cache
def _fixed(shape: str) -> frozenset[str]:
    """Return the fields that no update changes: what the server sets, and what only a create takes."""
    only_created = fields_of(f"{shape}Create").keys() - fields_of(f"{shape}Update").keys()
    return _derived(shape) | only_created


@cache
def _derived(shape: str) -> frozenset[str]:
    return _SERVER_SET | {name for name, part in fields_of(shape).items() if part.get("readOnly")}


def settable(resource: Resource, body: Document) -> Document:
    """Return what of a create's body the server does not set itself."""
    return {name: value for name, value in body.items() if name not in _derived(resource.shape)}


@cache
def _write_only(shape: str) -> frozenset[str]:
    return frozenset(name for name, part in fields_of(f"{shape}Create").items() if part.get("writeOnly"))


def show(ctx: Context, resource: Resource, document: bytes) -> bytes:
    """Return a stored document as it is answered."""
    return resource.present(ctx, document) if resource.present else document


def listing(ctx: Context, resource: Resource) -> list[bytes]:
    """Return every list item of a kind, as it is answered; what is below another object comes oldest first."""
    order, parent = ("oldest", _parent(ctx, resource)) if resource.parent else (ctx.settings.list_order, "")
    documents = ctx.store.documents(ctx.org, resource.kind, parent=parent, order=order, as_of=ctx.as_of)
    if resource.summarize is not None:
        documents = [dumps(resource.summarize(loads(document))) for document in documents]
    elif resource.present is not None:
        documents = [show(ctx, resource, document) for document in documents]
    if ctx.settings.list_omits:
        documents = [_without(document, ctx.settings.list_omits) for document in documents]
    return documents


def _without(document: bytes, names: tuple[str, ...]) -> bytes:
    return dumps({name: value for name, value in loads(document).items() if name not in names})


def _parent(ctx: Context, resource: Resource) -> str:
    above = resource.parent
    return ctx.fetch(above.kind, ctx.params["id"], above.what).id if above else ""


def _row(ctx: Context, resource: Resource) -> Row:
    """Return the object that the path names last."""
    parent, object_id = _parent(ctx, resource), [*ctx.params.values()][-1]
    row = ctx.fetch(resource.kind, object_id, resource.what)
    if row.parent != parent:
        raise not_found(resource.what)
    return row


def _answer(ctx: Context, resource: Resource, status: int, document: bytes) -> Answer:
    _, one = resource.envelopes(ctx.settings)
    return Answer(status, envelope(one, show(ctx, resource, document)))


def list_all(ctx: Context, resource: Resource) -> Answer:
    """Answer GET on the collection."""
    many, _ = resource.envelopes(ctx.settings)
    return Answer(200, list_envelope(many, listing(ctx, resource)[: ctx.settings.list_cap]))


def get_one(ctx: Context, resource: Resource) -> Answer:
    """Answer GET on one object."""
    return _answer(ctx, resource, 200, _row(ctx, resource).body)


def create(ctx: Context, resource: Resource) -> Answer:
    """Answer POST on the collection."""
    parent = _parent(ctx, resource)
    body = ctx.body(f"{resource.shape}Create")
    doc = insert(ctx, resource, resource.complete(ctx, blank(resource), settable(resource, body), None), parent=parent)
    if resource.created is not None:
        resource.created(ctx, doc["id"], body)
    return _answer(ctx, resource, ctx.settings.create_status, dumps(doc))


def update(ctx: Context, resource: Resource) -> Answer:
    """Answer PATCH on one object: only the fields sent change."""
    row = _row(ctx, resource)
    old, payload = row.doc, ctx.payload()
    if payload == {}:
        raise invalid("body: needs at least one field")
    merged = bool(resource.nested) and ctx.settings.nested_patch == "merge" and isinstance(payload, dict)
    if merged:
        nested = [name for name in resource.nested if name in payload]
        payload = {**payload, **{name: overlay(old.get(name), payload[name]) for name in nested}}
    body = ctx.read(schema_of(f"{resource.shape}Update"), payload, merged=merged)
    sent = {name: value for name, value in body.items() if name not in _fixed(resource.shape)}
    doc = change(ctx, resource, row, resource.complete(ctx, old, sent, row))
    return _answer(ctx, resource, 200, dumps(doc))


def overlay(stored: Any, sent: Any) -> Any:
    """Lay one JSON value over another; objects are merged at every depth, all else is replaced."""
    if not isinstance(stored, dict) or not isinstance(sent, dict):
        return sent
    return {**stored, **{key: overlay(stored.get(key), value) for key, value in sent.items()}}


def insert(
    ctx: Context,
    resource: Resource,
    base: Document,
    *,
    object_id: str = "",
    parent: str = "",
    hidden: Document | None = None,
) -> Document:
    """Store a new object, with an id of its own unless one is given; what is write-only goes beside its document."""
    doc = resource.new(ctx.org, ctx.stamp, base, object_id)
    hidden = {**(hidden or {}), **{name: doc.pop(name) for name in _write_only(resource.shape) if name in doc}}
    ctx.store.insert([resource.entry(ctx.org, doc, hidden, parent)], ctx.now)
    return doc


def change(ctx: Context, resource: Resource, row: Row, doc: Document, *, hidden: Document | None = None) -> Document:
    """Store an object that changed; a change of nothing moves ``updated_at`` only by the settings."""
    secret = {name: doc.pop(name) for name in _write_only(resource.shape) if name in doc}
    hidden = {**row.hidden, **(hidden or {}), **secret}
    if doc != row.doc or ctx.settings.noop_touches or hidden != row.hidden:
        if "updated_at" in doc:
            doc["updated_at"] = ctx.stamp
        ctx.store.replace(resource.entry(row.org, doc, hidden, row.parent), ctx.now)
    return doc


def delete(ctx: Context, resource: Resource) -> Answer:
    """Answer DELETE on one object."""
    row = _row(ctx, resource)
    if resource.release is not None:
        resource.release(ctx, row)
    ctx.store.remove(ctx.org, row.id, ctx.now)
    return deleted(ctx)


def deleted(ctx: Context) -> Answer:
    """Answer a delete that was done."""
    if ctx.settings.delete_answer == "no_content":
        return Answer(204)
    return json_answer(200, {"success": True})


def let_go(
    ctx: Context,
    stance: str,
    users: list[tuple[str, Row]],
    conflict: str,
    detach: Callable[[str, Row], object] | None = None,
) -> None:
    """Refuse a delete while objects point at what goes, remove them too, or detach them by their field."""
    match stance:
        case "conflict" if users:
            names = [str(user.doc.get("phone_number") or user.doc.get("name", user.id)) for _, user in users]
            raise RefusalError(409, conflict, details=names)
        case "cascade":
            for _, user in users:
                ctx.store.remove(ctx.org, user.id, ctx.now)
        case "detach" if detach is not None:
            for name, user in users:
                detach(name, user)
