"""The graph of a workflow, checked without the API, whatever of it is not known yet."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.kinds import WORKFLOWS
from hmsplan.kinds.api_rules import refusals

if TYPE_CHECKING:
    from collections.abc import Callable

GRAPH: dict[str, Any] = {
    "version": 1,
    "entry_node": "hello",
    "nodes": [
        {"id": "hello", "type": "conversation", "instructions": "Greet."},
        {"id": "lookup", "type": "tool", "tool_name": "lookup"},
        {"id": "desk", "type": "transfer", "destination": "+31850000001"},
        {"id": "bye", "type": "end"},
    ],
    "edges": [
        {"from": "hello", "to": "lookup", "description": "wants to know something"},
        {"from": "lookup", "to": "desk"},
        {"from": "hello", "to": "bye", "description": "is done"},
    ],
}


def found(**changes: Any) -> list[tuple[str, str]]:
    """Return where something is wrong with the graph once *changes* are made, and what."""
    definition = {**copy.deepcopy(GRAPH), **changes}
    return [
        (".".join(map(str, each.path[1:])), each.summary)
        for each in refusals(WORKFLOWS, {"name": "Triage", "definition": definition})
    ]


def edges(*more: dict[str, Any], of: int = 3) -> list[dict[str, Any]]:
    return [*GRAPH["edges"][:of], *more]


def nodes(*more: dict[str, Any], of: int = 4) -> list[dict[str, Any]]:
    return [*GRAPH["nodes"][:of], *more]


def test_a_graph_that_runs_has_no_problem() -> None:
    assert found() == []


WRONG: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "entry that is no node": ({"entry_node": "hallo"}, ("entry_node", "Unknown node")),
    "entry that does not talk": ({"entry_node": "bye"}, ("entry_node", "Wrong entry node")),
    "one id twice": ({"nodes": nodes({"id": "bye", "type": "end"})}, ("nodes.4.id", "Duplicate node")),
    "edge to nothing": (
        {"edges": edges({"from": "hello", "to": "dask", "description": "x"})},
        ("edges.3.to", "Unknown node"),
    ),
    "edge from nothing": ({"edges": edges({"from": "gone", "to": "bye"})}, ("edges.3.from", "Unknown node")),
    "edge to itself": (
        {"edges": edges({"from": "hello", "to": "hello", "description": "x"})},
        ("edges.3.to", "Edge to its own node"),
    ),
    "same ends": (
        {"edges": edges({"from": "hello", "to": "bye", "description": "x"})},
        ("edges.3", "Duplicate edge"),
    ),
    "edge from an end": (
        {"edges": edges({"from": "bye", "to": "hello"})},
        ("edges.3.from", "Edge from an ending node"),
    ),
    "no description": ({"edges": edges({"from": "hello", "to": "desk"})}, ("edges.3", "Missing field")),
    "empty description": (
        {"edges": edges({"from": "hello", "to": "desk", "description": ""})},
        ("edges.3", "Missing field"),
    ),
    "two ways from a tool": (
        {"edges": edges({"from": "lookup", "to": "bye"})},
        ("nodes.1.id", "Tool node without one way on"),
    ),
    "no way from a tool": ({"edges": edges(of=1)}, ("nodes.1.id", "Tool node without one way on")),
    "global without a word": (
        {"nodes": nodes({"id": "help", "type": "conversation", "instructions": "x", "global": True})},
        ("nodes.4.global", "Missing field"),
    ),
    "two voices": (
        {
            "nodes": nodes(
                {
                    "id": "two",
                    "type": "conversation",
                    "instructions": "x",
                    "voice": "a",
                    "tts_config": {"provider": "xai"},
                }
            )
        },
        ("nodes.4.voice", "Fields exclude each other"),
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_the_api_would_refuse_is_told(case: str) -> None:
    changes, problem = WRONG[case]
    assert found(**changes) == [problem]


def test_everything_is_told_at_once() -> None:
    assert len(found(entry_node="bye", edges=edges({"from": "bye", "to": "nothing"}, of=1))) == 4


UNKNOWN: dict[str, dict[str, Any]] = {
    "entry": {"entry_node": "${var:entry}"},
    "all nodes": {"nodes": "${assistants.x.nodes}"},
    "all edges": {"edges": "${assistants.x.edges}"},
    "no edges managed": {"edges": None},
    "id of the node that an edge names": {"nodes": nodes({"id": "${var:last}", "type": "end"}, of=3)},
    "type of the entry": {"nodes": [{"id": "hello", "type": "${var:type}"}, *GRAPH["nodes"][1:]]},
    "end of an edge that leaves a tool": {"edges": edges({"from": "${var:x}", "to": "bye"}, of=1)},
    "both ends": {"edges": edges({"from": "${var:x}", "to": "${var:y}"}, {"from": "${var:x}", "to": "${var:y}"})},
    "description": {"edges": edges({"from": "hello", "to": "desk", "description": "${var:when}"})},
    "whether it is global": {
        "nodes": nodes({"id": "help", "type": "conversation", "instructions": "x", "global": "${var:global}"})
    },
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_is_not_known_yet_is_not_doubted(case: str) -> None:
    assert found(**UNKNOWN[case]) == []


@pytest.mark.parametrize(
    "break_",
    [
        lambda d: d.update(nodes=7, edges={}),
        lambda d: d.update(entry_node=["x"]),
        lambda d: d["nodes"].append("text"),
        lambda d: d["nodes"][0].update(id={}, type=[]),
        lambda d: d["edges"][0].update({"from": {}, "to": []}),
        lambda d: d["edges"].append(None),
    ],
)
def test_another_form_is_left_to_the_schema(break_: Callable[[dict[str, Any]], object]) -> None:
    definition = copy.deepcopy(GRAPH)
    break_(definition)
    list(refusals(WORKFLOWS, {"definition": definition}))
    list(refusals(WORKFLOWS, {"definition": []}))
