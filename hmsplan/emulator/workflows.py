"""Workflows: graphs of nodes and edges, checked as a whole on every write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.emulator.jsonio import dumps, loads
from hmsplan.emulator.resources import Document, Resource, let_go
from hmsplan.emulator.tools import has_secret, shown_form

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context
    from hmsplan.emulator.store import Row


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
    numbers = ctx.store.pointing_at(row.id)
    let_go(ctx, "conflict", numbers, "Phone numbers run this workflow; set their workflow_id to null first")


WORKFLOWS = Resource(
    kind="workflows",
    shape="Workflow",
    what="Workflow",
    present=_present,
    summarize=_summary,
    release=_release,
)
