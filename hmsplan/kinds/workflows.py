"""Workflows: a call goes from node to node, along the edges that the model chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.kinds import normalise, tool_forms
from hmsplan.kinds.kind import NAME, STAMPS, Kind, patterns
from hmsplan.model import pattern

if TYPE_CHECKING:
    from hmsplan.model import Value


def node_name(value: Value) -> str:
    """What tells one node from another: its id."""
    return str(value.get("id")) if isinstance(value, dict) else str(value)


def edge_name(value: Value) -> str:
    """What tells one edge from another: its ends ("no two edges with the same ends")."""
    return f"{value.get('from')} -> {value.get('to')}" if isinstance(value, dict) else str(value)


WORKFLOWS: Final = Kind(
    name="workflows",
    singular="workflow",
    noun="workflow",
    path="/workflows",
    docs="SDK types Workflow, WorkflowCreate and WorkflowUpdate; WorkflowSummary for the list",
    collection=("workflows",),
    envelope=("workflow",),
    is_summary=True,  # "List item: has no definition. No field is promised"
    identity="name",
    required=frozenset({"name", "definition"}),
    required_in={"definition": ("version", "entry_node", "nodes")},
    computed=STAMPS | {"entry_node", "node_count", "edge_count"},
    secrets=patterns("definition.nodes[].tools[].server.secret"),
    expands={pattern("definition.nodes[].tools[]"): "tool_templates"},
    switch="is_active",
    atomic=patterns("definition.nodes[].tools[].parameters", "definition.nodes[].arguments"),
    keyed={
        pattern("definition.nodes"): node_name,
        pattern("definition.edges"): edge_name,
        pattern("definition.nodes[].tools"): tool_forms.tool_name,
        pattern("definition.nodes[].tools[].destinations"): tool_forms.destination_name,
    },
    distinct=patterns("definition.nodes", "definition.edges", "definition.nodes[].tools"),
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
