"""What a change does to the graph inside an object, in JSON: names of nodes and ends of edges, no other value. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hmsplan.planner.flow import Fate

if TYPE_CHECKING:
    from hmsplan.planner.flow import EdgeChange, FlowChange


def flow_json(flow: FlowChange) -> dict[str, Any]:
    """Return the nodes and edges by what becomes of them; those that stay as they are only counted."""
    fates = (Fate.ADDED, Fate.REMOVED, Fate.CHANGED)
    nodes: dict[str, Any] = {str(fate): [node.id for node in flow.nodes if node.fate is fate] for fate in fates}
    edges: dict[str, Any] = {str(f): [_ends(edge) for edge in flow.edges if edge.fate is f] for f in fates}
    return {
        "nodes": {
            **nodes,
            "moved": [node.id for node in flow.nodes if node.is_moved],
            "unchanged": sum(node.fate in {Fate.UNCHANGED, Fate.MOVED} for node in flow.nodes),
        },
        "edges": {
            **edges,
            "rewired": [
                {"before": list(edge.before or ()), "after": list(edge.after or ())}
                for edge in flow.edges
                if edge.fate is Fate.REWIRED
            ],
            "unchanged": sum(edge.fate is Fate.UNCHANGED for edge in flow.edges),
        },
    }


def _ends(edge: EdgeChange) -> list[str]:
    return list(edge.after or edge.before or ())
