"""Workflows: the checks of the graph, summaries, deletes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from .helpers import DEFINITION, PHONE, Api

Change = Callable[[dict[str, Any]], object]


def test_a_workflow_is_listed_without_its_definition(api: Api) -> None:
    made = api.workflow()
    assert made["definition"] == DEFINITION
    assert made["is_active"] is True
    (summary,) = api.ok("GET", "/workflows")["workflows"]
    assert summary == {
        **{key: made[key] for key in ("id", "name", "is_active", "created_at", "updated_at")},
        "entry_node": "hello",
        "node_count": 4,
        "edge_count": 3,
    }


CHANGES: dict[str, Change] = {
    "definition.version": lambda d: d.update(version=2),
    "definition.entry_node": lambda d: d.update(entry_node="bye"),
    "definition.nodes[0].id": lambda d: d["nodes"][0].update(id="Hello"),
    "definition.nodes[0].global_description": lambda d: d["nodes"][0].update({"global": True}),
    "definition.nodes[0].voice": lambda d: d["nodes"][0].update(
        voice="x", tts_config={"provider": "xai", "voice_id": "ara"}
    ),
    "definition.nodes[0].llm_config.provider": lambda d: d["nodes"][0].update(llm_config={"provider": "openai_live"}),
    "definition.nodes[0].tools[0]": lambda d: d["nodes"][0].update(tools=[{"type": "mcp"}]),
    "definition.nodes[1].tool_name": lambda d: d["nodes"][1].pop("tool_name"),
    "definition.nodes[2].destination": lambda d: d["nodes"][2].update(destination="112"),
    "definition.nodes[3].type": lambda d: d["nodes"][3].update(type="stop"),
    "definition.nodes": lambda d: d["nodes"].append({"id": "bye", "type": "end"}),
    "definition.edges[0].description": lambda d: d["edges"][0].pop("description"),
    "definition.edges[3].to": lambda d: d["edges"].append({"from": "hello", "to": "nobody", "description": "x"}),
    "definition.edges[3]": lambda d: d["edges"].append({"from": "hello", "to": "hello", "description": "x"}),
    "definition.edges[3].from": lambda d: d["edges"].append({"from": "bye", "to": "hello"}),
    "definition.nodes[1]": lambda d: d["edges"].append({"from": "lookup", "to": "bye"}),
}


@pytest.mark.parametrize("path", CHANGES)
def test_a_graph_that_cannot_run_is_refused(api: Api, path: str) -> None:
    definition = copy.deepcopy(DEFINITION)
    CHANGES[path](definition)
    details = api.refused(400, "POST", "/workflows", {"name": "x", "definition": definition})["details"]
    assert [detail.split(":")[0] for detail in details] == [path]
    made = api.workflow()
    api.refused(400, "PATCH", f"/workflows/{made['id']}", {"definition": definition})


def test_two_edges_with_the_same_ends_are_refused(api: Api) -> None:
    definition = copy.deepcopy(DEFINITION)
    definition["edges"].append(definition["edges"][0])
    api.refused(400, "POST", "/workflows", {"name": "x", "definition": definition})


def test_a_realtime_provider_in_a_node_is_named(api: Api) -> None:
    definition = copy.deepcopy(DEFINITION)
    definition["nodes"][0]["llm_config"] = {"provider": "xai_realtime"}
    (detail,) = api.refused(400, "POST", "/workflows", {"name": "x", "definition": definition})["details"]
    assert "realtime_provider_not_allowed_per_node" in detail


def test_nodes_may_override_voices_models_and_tools(api: Api) -> None:
    definition = copy.deepcopy(DEFINITION)
    definition["nodes"][0] |= {
        "llm_config": {"provider": "mistral", "temperature": 0.1},
        "tts_config": {"provider": "xai", "voice_id": "ara"},
        "tools": [{"type": "end_call"}],
        "ui": {"x": 1, "y": 2.5},
        "global": True,
        "global_description": "asks for help",
    }
    assert api.workflow(definition=definition)["definition"] == definition


def test_a_new_definition_replaces_the_old_one(api: Api) -> None:
    made = api.workflow()
    definition = {**DEFINITION, "nodes": DEFINITION["nodes"][:1], "edges": []}
    changed = api.ok("PATCH", f"/workflows/{made['id']}", {"definition": definition, "is_active": False})["workflow"]
    assert (changed["definition"], changed["is_active"]) == (definition, False)


def test_a_workflow_that_numbers_run_cannot_be_deleted(api: Api) -> None:
    made = api.workflow()
    number = api.number(workflow_id=made["id"])
    assert api.refused(409, "DELETE", f"/workflows/{made['id']}")["details"] == [PHONE]
    api.ok("PATCH", f"/numbers/{number['id']}", {"workflow_id": None})
    api.ok("DELETE", f"/workflows/{made['id']}")
