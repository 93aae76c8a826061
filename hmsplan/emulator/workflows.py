"""Workflows: graphs of nodes and edges, checked as a whole on every write."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hmsplan.emulator.answers import RefusalError
from hmsplan.emulator.bodies import NAME
from hmsplan.emulator.catalog import NODE_TOOL, PIPELINE, REALTIME, STT, TTS
from hmsplan.emulator.jsonio import dumps, loads
from hmsplan.emulator.resources import Document, Draft, Resource
from hmsplan.emulator.shapes import Choice, Flag, ListOf, MapOf, Nullable, Number, Phone, Record, Text, Variant
from hmsplan.emulator.tools import has_secret, shown_form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.emulator.context import Context
    from hmsplan.emulator.store import Row

_NODE_ID = Text(pattern=r"[a-z][a-z0-9_]{0,40}")
_LINE = Text(limit="message_max")
_UI = Record({"x": Number(), "y": Number()})


def _one_voice(node: Document) -> Iterator[tuple[str, str]]:
    if "voice" in node and "tts_config" in node:
        yield "voice", "cannot be set together with tts_config"


def _global_is_described(node: Document) -> Iterator[tuple[str, str]]:
    if node.get("global") and not node.get("global_description"):
        yield "global_description", "is required when global is true"


def _node(kind: str, required: str = "", rules: tuple[Any, ...] = (), **fields: Any) -> Record:
    shapes = {"id": _NODE_ID, "type": Choice((kind,)), "first_line": _LINE, "ui": _UI, **fields}
    return Record(shapes, frozenset({"id", "type", *required.split()}), rules)


class _ProviderShape:
    """The provider of a node's model: "a realtime provider is refused on write"."""

    default: Any = None
    _known = Choice(PIPELINE)

    def read(self, value: Any, path: str, reading: Any) -> Any:
        if isinstance(value, str) and value in REALTIME:
            reading.refuse(path, f"realtime_provider_not_allowed_per_node: {value}")
            return value
        return self._known.read(value, path, reading)


_MODEL = Record({"provider": _ProviderShape(), "model": Text(), "temperature": Number(0, 2)})
_NODE = Variant(
    "type",
    {
        "conversation": _node(
            "conversation",
            "instructions",
            (_global_is_described, _one_voice),
            instructions=Text(limit="prompt_max"),
            **{"global": Flag()},
            global_description=_LINE,
            llm_config=_MODEL,
            voice=Text(),
            tts_config=TTS,
            stt_config=STT,
            tools=ListOf(NODE_TOOL),
        ),
        "tool": _node(
            "tool", "tool_name", tool_name=Text(), url=Nullable(Text(format="uri")), arguments=Nullable(MapOf())
        ),
        "transfer": _node("transfer", "destination", destination=Phone()),
        "end": _node("end"),
    },
)
_EDGE = Record(
    {"from": _NODE_ID, "to": _NODE_ID, "description": _LINE, "message": Nullable(_LINE)}, frozenset({"from", "to"})
)

# --- the graph --------------------------------------------------------------------------------------------


def _entry_is_a_conversation(definition: Document) -> Iterator[tuple[str, str]]:
    kinds = {node["id"]: node["type"] for node in definition["nodes"]}
    if kinds.get(definition["entry_node"]) != "conversation":
        yield "entry_node", "must be the id of a conversation node"


def _node_ids_are_unique(definition: Document) -> Iterator[tuple[str, str]]:
    counts = Counter(node["id"] for node in definition["nodes"])
    for node_id, count in counts.items():
        if count > 1:
            yield "nodes", f"id {node_id} occurs {count} times"


def _edges_fit(definition: Document) -> Iterator[tuple[str, str]]:
    kinds = {node["id"]: node["type"] for node in definition["nodes"]}
    seen: set[tuple[str, str]] = set()
    for index, edge in enumerate(definition.get("edges", ())):
        at, ends = f"edges[{index}]", (edge["from"], edge["to"])
        for end in ("from", "to"):
            if edge[end] not in kinds:
                yield f"{at}.{end}", f"no node has the id {edge[end]}"
        if ends[0] == ends[1]:
            yield at, "leads back to its own node"
        if ends in seen:
            yield at, f"is a second edge from {ends[0]} to {ends[1]}"
        seen.add(ends)
        source = kinds.get(edge["from"])
        if source in {"transfer", "end"}:
            yield f"{at}.from", f"no edge may leave a {source} node"
        if source == "conversation" and not edge.get("description"):
            yield f"{at}.description", "is required, except on an edge that leaves a tool node"


def _tools_go_on(definition: Document) -> Iterator[tuple[str, str]]:
    leaving = Counter(edge["from"] for edge in definition.get("edges", ()))
    for index, node in enumerate(definition["nodes"]):
        if node["type"] == "tool" and leaving[node["id"]] != 1:
            yield f"nodes[{index}]", f"a tool node has one outgoing edge, not {leaving[node['id']]}"


_DEFINITION = Record(
    {
        "version": Choice((1,)),
        "entry_node": _NODE_ID,
        "global_prompt": Nullable(Text(limit="prompt_max")),
        "nodes": ListOf(_NODE),
        "edges": ListOf(_EDGE),
    },
    frozenset({"version", "entry_node", "nodes"}),
    (_entry_is_a_conversation, _node_ids_are_unique, _edges_fit, _tools_go_on),
)
_BLANK = {"name": "", "is_active": True}
_BODY = Record({"name": NAME, "definition": _DEFINITION, "is_active": Flag()})


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
    create=Record(_BODY.fields, frozenset({"name", "definition"})),
    update=_BODY,
    blank=_BLANK,
    complete=_complete,
    present=_present,
    summarize=_summary,
    release=_release,
)
