"""Workflows: graphs of nodes and edges, checked as a whole on every write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.emulator.answers import RefusalError
from hmsplan.emulator.jsonio import dumps, loads
from hmsplan.emulator.resources import Document, Draft, Resource
from hmsplan.emulator.tools import has_secret, shown_form

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context
    from hmsplan.emulator.store import Row

_BLANK = {"name": "", "is_active": True}


def _complete(_ctx: Context, draft: Draft, old: Row | None) -> Draft:
    return Draft(draft.doc if old else {**_BLANK, **draft.doc})


def _present(ctx: Context, document: bytes) -> bytes:
    if not has_secret(document):
        return document
    doc = loads(document)
    for node in doc["definition"]["nodes"]:
        if "tools" in node:
            node["tools"] = [shown_form(ctx.settings, tool) for tool in node["tools"]]
    return dumps(doc)


def _summary(doc: Document) -> Document:
    definition = doc["definition"]
    return {
        "id": doc["id"],
        "name": doc["name"],
        "is_active": doc["is_active"],
        "entry_node": definition["entry_node"],
        "node_count": len(definition["nodes"]),
        "edge_count": len(definition.get("edges", ())),
        "created_at": doc["created_at"],
        "updated_at": doc["updated_at"],
    }


def _release(ctx: Context, row: Row) -> None:
    numbers = [user.doc["phone_number"] for _, user in ctx.store.pointing_at(row.id)]
    if numbers:
        raise RefusalError(409, "Phone numbers run this workflow; set their workflow_id to null first", details=numbers)


WORKFLOWS = Resource(
    kind="workflows",
    path="workflows",
    many="workflows",
    one="workflow",
    what="Workflow",
    create="WorkflowCreate",
    update="WorkflowUpdate",
    blank=_BLANK,
    complete=_complete,
    present=_present,
    summarize=_summary,
    release=_release,
)
