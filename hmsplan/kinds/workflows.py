"""Workflows: a call goes from node to node, along the edges that the model chooses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hmsplan.kinds import api_rules, normalise, tool_forms
from hmsplan.kinds.kind import NAME, STAMPS, Flow, Kind, Problem, patterns
from hmsplan.model import pattern
from hmsplan.text import wording

if TYPE_CHECKING:
    from hmsplan.model import FieldPath, Value

_RULE: Final = api_rules.graph_rule("WorkflowDefinition")


def node_name(value: Value) -> str:
    """What tells one node from another: its id."""
    return str(value.get("id")) if isinstance(value, dict) else str(value)


def edge_name(value: Value) -> str:
    """What tells one edge from another: its ends ("no two edges with the same ends")."""
    return f"{value.get('from')} -> {value.get('to')}" if isinstance(value, dict) else str(value)


@dataclass(slots=True)
class _Graph:
    """The graph of one definition, as far as it is known.

    Attributes:
        nodes, edges: with their paths; those of another form are left out.
        types: id of a node to its type, None where that is not known.
        whole: all nodes are known by id, so an id that is not among *types* is none.
        listed: all edges are known.
    """

    nodes: list[tuple[FieldPath, Mapping[str, Any]]]
    edges: list[tuple[FieldPath, Mapping[str, Any]]]
    types: dict[str, str | None] = field(default_factory=dict)
    whole: bool = True
    listed: bool = True


def _known(value: Any) -> str | None:
    """Return a text, or None for what is none or holds a ``${…}`` that is not known yet."""
    return value if isinstance(value, str) and "${" not in value else None


def _items(definition: Mapping[str, Any], name: str) -> tuple[list[tuple[FieldPath, Mapping[str, Any]]], bool]:
    """Return the objects of a list with their paths, and whether that is all of it."""
    items = definition.get(name)
    if not isinstance(items, list):
        return [], False
    found: list[tuple[FieldPath, Mapping[str, Any]]] = [
        (("definition", name, index), item) for index, item in enumerate(items) if isinstance(item, Mapping)
    ]
    return found, len(found) == len(items)


def _read(definition: Mapping[str, Any]) -> _Graph:
    nodes, whole = _items(definition, "nodes")
    edges, listed = _items(definition, "edges")
    ends = [_known(edge.get(end)) for _, edge in edges for end in ("from", "to")]
    graph = _Graph(nodes, edges, {}, whole, listed and None not in ends)
    for _, node in nodes:
        name = _known(node.get("id"))
        if name is None:
            graph.whole = False
        else:
            graph.types.setdefault(name, _known(node.get("type")))
    return graph


def problems_of(spec: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield why the API would refuse the graph.

    SDK, WorkflowDefinition: "Checked on write (400 with details)": node ids are unique, the entry node is a
    conversation node, edges leave only conversation and tool nodes, not to the same node, "no two edges with the same
    ends", "a tool node has exactly one outgoing edge".
    """
    definition = spec.get("definition")
    if not isinstance(definition, Mapping):
        return
    graph = _read(definition)
    yield from _of_nodes(graph)
    yield from _of_entry(graph, definition)
    yield from _of_edges(graph)
    yield from _of_tool_nodes(graph)


def _of_nodes(graph: _Graph) -> Iterator[Problem]:
    first: dict[str, FieldPath] = {}
    for path, node in graph.nodes:
        name = _known(node.get("id"))
        if name is not None and first.setdefault(name, path) != path:
            detail = f"Another node is called {wording.shown(name)}. Edges could not tell the two apart."
            yield Problem((*path, "id"), "Duplicate node", detail, first[name])


def _of_entry(graph: _Graph, definition: Mapping[str, Any]) -> Iterator[Problem]:
    path, entry = ("definition", "entry_node"), _known(definition.get("entry_node"))
    if entry is None:
        return
    if entry not in graph.types:
        yield from _no_such_node(graph, path, entry)
    elif (kind := graph.types[entry]) not in (None, *_RULE["entry"]):
        begin = wording.either(_RULE["entry"])
        detail = f"{wording.shown(entry)} is a node of type {kind}; a call begins in a {begin} node."
        yield Problem(path, "Wrong entry node", detail)


def _of_edges(graph: _Graph) -> Iterator[Problem]:
    first: dict[tuple[str, str], FieldPath] = {}
    for path, edge in graph.edges:
        start, end = _known(edge.get("from")), _known(edge.get("to"))
        for key, name in (("from", start), ("to", end)):
            if name is not None and name not in graph.types:
                yield from _no_such_node(graph, (*path, key), name)
        if start is not None and start == end:
            detail = f"It leads from {wording.shown(start)} back to itself. A node keeps the call without an edge."
            yield Problem((*path, "to"), "Edge to its own node", detail)
        elif start is not None and end is not None and first.setdefault((start, end), path) != path:
            detail = f"Another edge leads from {start} to {end}. Say in one description when the call takes this way."
            yield Problem(path, "Duplicate edge", detail, first[start, end])
        kind = graph.types.get(start) if start is not None else None
        if kind is not None and kind not in _RULE["left"]:
            detail = f"{wording.shown(start)} is a node of type {kind}, which ends the call here: no edge may leave it."
            yield Problem((*path, "from"), "Edge from an ending node", detail)
        if kind in _RULE["described"] and edge.get("description") in (None, ""):
            detail = f"It leaves {wording.shown(start)}, and the model needs a description to know when to take it."
            yield Problem(path, "Missing field", detail)


def _of_tool_nodes(graph: _Graph) -> Iterator[Problem]:
    if not graph.listed:
        return
    leaving = Counter(edge["from"] for _, edge in graph.edges)
    for path, node in graph.nodes:
        name = _known(node.get("id"))
        if name is not None and node.get("type") in _RULE["one_way_on"] and (number := leaving[name]) != 1:
            many = f"{number} leave" if number else "none leaves"
            detail = f"One edge leaves a tool node, taken also when the call of the tool fails; {many} {name}."
            yield Problem((*path, "id"), "Tool node without one way on", detail)


def _no_such_node(graph: _Graph, path: FieldPath, name: str) -> Iterator[Problem]:
    if graph.whole:
        known = sorted(graph.types)
        guess = wording.did_you_mean(name, known) or f" There are: {wording.listed(known)}."
        yield Problem(path, "Unknown node", f"No node has the id {wording.shown(name)}.{guess if known else ''}")


WORKFLOWS: Final = Kind(
    name="workflows",
    singular="workflow",
    noun="workflow",
    path="/workflows",
    docs="SDK types Workflow, WorkflowCreate and WorkflowUpdate; WorkflowSummary for the list",
    collection=("workflows",),
    envelope=("workflow",),
    calls_through="numbers",
    is_summary=True,  # "List item: has no definition. No field is promised"
    identity="name",
    required=frozenset({"name", "definition"}),
    required_in={"definition": ("version", "entry_node", "nodes")},
    computed=STAMPS | {"entry_node", "node_count", "edge_count"},
    secrets=patterns("definition.nodes[].tools[].server.secret"),
    expands={pattern("definition.nodes[].tools[]"): "tool_templates"},
    switch="is_active",
    irretrievable="calls that went through the old one are not seen in it",
    atomic=patterns("definition.nodes[].tools[].parameters", "definition.nodes[].arguments"),
    keyed={
        pattern("definition.nodes"): node_name,
        pattern("definition.edges"): edge_name,
        pattern("definition.nodes[].tools"): tool_forms.tool_name,
        pattern("definition.nodes[].tools[].destinations"): tool_forms.destination_name,
    },
    distinct=patterns("definition.nodes[].tools"),
    described={pattern("definition.nodes[]"): "WorkflowConversationNode"},
    checks=problems_of,
    flow=Flow(
        nodes=pattern("definition.nodes"),
        edges=pattern("definition.edges"),
        entry=pattern("definition.entry_node"),
        node_id="id",
        node_type="type",
        ends=("from", "to"),
        label="description",
        position="ui",
    ),
    canonical={
        **NAME,
        pattern("definition.nodes[].destination"): normalise.phone_number,
        pattern("definition.nodes[].url"): normalise.url,
        pattern("definition.nodes[].tools[]"): tool_forms.tool,
        pattern("definition.nodes[].tools[].url"): normalise.url,
        pattern("definition.nodes[].tools[].destinations[].number"): normalise.phone_number,
    },
    sent_as={pattern("definition.nodes[].tools[]"): tool_forms.sent_tool},
    receivers={
        pattern("definition.nodes[].tools[].server.secret"): patterns(
            "definition.nodes[].tools[].url", "definition.nodes[].tools[].server.url"
        ),
    },
)
