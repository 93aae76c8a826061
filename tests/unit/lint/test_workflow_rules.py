"""What lint finds in workflows, and what it leaves alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.lint import linted

from hmsplan.lint.rules import all_rules

if TYPE_CHECKING:
    from pathlib import Path


def found(root: Path, rule: str, example: str) -> list[str]:
    """Return where *rule* finds something, in order, each with its detail."""
    return [f"{each.path} {each.detail}" for each in linted(root, example, all_rules()[rule])]


def talk(name: str, instructions: str = "Ask what the caller needs.", **fields: Any) -> dict[str, Any]:
    return {"id": name, "type": "conversation", "instructions": instructions, **fields}


BYE: dict[str, Any] = {"id": "bye", "type": "end"}
DESK: dict[str, Any] = {"id": "desk", "type": "transfer", "destination": "+31850000012"}
HANG_UP: dict[str, Any] = {"tools": [{"type": "endCall"}]}


def look(tool: str = "lookup_order", **fields: Any) -> dict[str, Any]:
    return {"id": "look", "type": "tool", "tool_name": tool, **fields}


def way(start: str, end: str, description: str | None = None) -> dict[str, Any]:
    return {"from": start, "to": end, "description": description or f"the caller wants {end}"}


def flow(*parts: dict[str, Any], more: str = "", **fields: Any) -> str:
    """Return a workflow of nodes and edges, which begins at its first node."""
    nodes, edges = [each for each in parts if "id" in each], [each for each in parts if "from" in each]
    definition = {"version": 1, "entry_node": nodes[0]["id"], "nodes": nodes, "edges": edges, **fields}
    return f"workflows:\n  triage:\n    name: Triage\n    definition: {json.dumps(definition)}\n{more}"


# dead-end-node, unreachable-node, endless-loop

RULES = ("dead-end-node", "unreachable-node", "endless-loop")


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ((talk("a"), talk("b"), way("a", "b")), {"dead-end-node": "No edge leaves b"}),
        ((talk("a"),), {"dead-end-node": "No edge leaves a"}),
        ((talk("a"), talk("b"), BYE, way("b", "bye")), {"unreachable-node": "No edge leaves a, so b, bye"}),
        ((talk("a"), talk("b"), BYE, way("a", "bye"), way("b", "bye")), {"unreachable-node": "No edge leads to b."}),
        ((talk("a"), BYE, DESK, way("a", "bye")), {"unreachable-node": "No edge leads to desk."}),
        ((talk("a"), talk("b"), way("a", "b"), way("b", "a")), {"endless-loop": "From a, b no edge"}),
        ((talk("a"), look(), way("a", "look"), way("look", "a")), {"endless-loop": "From a, look no edge"}),
        (
            (talk("a"), BYE, talk("b"), talk("c"), *(way("a", "bye"), way("a", "b"), way("b", "c"), way("c", "b"))),
            {"endless-loop": "From b, c no edge"},
        ),
    ],
)
def test_a_call_that_cannot_go_on_or_come_is_told(
    tmp_path: Path, parts: tuple[dict[str, Any], ...], told: dict[str, str]
) -> None:
    for rule in RULES:
        details = found(tmp_path, rule, flow(*parts))
        assert len(details) == (rule in told), rule
        assert all(told[rule] in detail for detail in details)


GLOBAL: dict[str, Any] = {"global": True, "global_description": "the caller wants to stop"}


@pytest.mark.parametrize(
    "parts",
    [
        (talk("a"), BYE, way("a", "bye")),
        (talk("a"), DESK, way("a", "desk")),
        (talk("a", **HANG_UP),),
        (talk("a", tools=["${tool_templates.hang_up}"]),),
        (talk("a"), talk("b"), BYE, way("a", "b"), way("b", "a"), way("b", "bye")),
        (talk("a"), talk("b", **HANG_UP), way("a", "b"), way("b", "a")),
        (talk("a"), talk("stop", **GLOBAL, **HANG_UP)),
        (talk("a"), talk("b"), talk("stop", **GLOBAL), BYE, way("a", "b"), way("stop", "bye")),
        (talk("a"), look(), BYE, way("a", "look"), way("look", "bye")),
    ],
    ids=["end", "transfer", "tool", "template", "loop with an end", "loop with a tool", "global", "global end", "look"],
)
def test_a_call_that_comes_to_an_end_is_right(tmp_path: Path, parts: tuple[dict[str, Any], ...]) -> None:
    hang_up = "tool_templates: {hang_up: {name: Hang up, tool_type: end_call, tool_config: {}}}\n"
    for rule in RULES:
        assert found(tmp_path, rule, flow(*parts, more=hang_up)) == [], rule


def test_what_only_unreachable_nodes_lead_to_is_told_after_them(tmp_path: Path) -> None:
    parts = (talk("a"), BYE, talk("b"), talk("c"), way("a", "bye"), way("b", "c"), way("c", "bye"))
    first, second = found(tmp_path, "unreachable-node", flow(*parts))
    assert "No edge leads to b." in first
    assert "Only b leads to c" in second


# node-without-instructions, edges-described-alike, edge-never-taken


@pytest.mark.parametrize("text", ["", "  ", "TODO", "[Instructions]", "...", "-", "tbd."])
def test_a_node_without_instructions_is_told(tmp_path: Path, text: str) -> None:
    assert len(found(tmp_path, "node-without-instructions", flow(talk("a", text, **HANG_UP)))) == 1


@pytest.mark.parametrize("text", ["Ask.", "Vraag de naam.", "名前を聞く", "TODO: nothing, ask the name."])
def test_short_instructions_are_some(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, "node-without-instructions", flow(talk("a", text), BYE, way("a", "bye"))) == []


def test_two_ways_with_one_description_are_told_where_the_second_is(tmp_path: Path) -> None:
    nodes = (talk("a"), DESK, BYE, talk("b", **HANG_UP))
    (told,) = found(tmp_path, "edges-described-alike", flow(*nodes, way("a", "desk", "Help"), way("a", "bye", "help.")))
    assert told.startswith("('definition', 'edges', 1, 'description') The way to desk")
    apart = (way("a", "b", "help"), way("b", "bye", "help"))
    assert found(tmp_path, "edges-described-alike", flow(*nodes, *apart)) == []


def test_two_global_nodes_with_one_description_are_told(tmp_path: Path) -> None:
    (told,) = found(tmp_path, "edges-described-alike", flow(talk("a"), talk("b", **GLOBAL), talk("c", **GLOBAL)))
    assert "The global node b" in told


@pytest.mark.parametrize("description", ["never", "Nooit.", "TODO", "-", "n/a", "???"])
def test_a_way_that_is_never_taken_is_told(tmp_path: Path, description: str) -> None:
    assert len(found(tmp_path, "edge-never-taken", flow(talk("a"), BYE, way("a", "bye", description)))) == 1


def test_a_way_that_is_always_taken_keeps_calls_from_the_others(tmp_path: Path) -> None:
    both = (talk("a"), BYE, DESK, way("a", "bye", "Always"), way("a", "desk"))
    (told,) = found(tmp_path, "edge-never-taken", flow(*both))
    assert "no call goes to desk" in told
    assert found(tmp_path, "edge-never-taken", flow(talk("a"), BYE, way("a", "bye", "always"))) == []


@pytest.mark.parametrize("description", ["the caller never called before", "otherwise", "ja", "否"])
def test_a_way_that_may_be_taken_is_right(tmp_path: Path, description: str) -> None:
    assert found(tmp_path, "edge-never-taken", flow(talk("a"), BYE, way("a", "bye", description))) == []


def test_the_one_way_from_a_tool_node_needs_no_description(tmp_path: Path) -> None:
    parts = (talk("a"), look(), BYE, way("a", "look"), way("look", "bye", "always"))
    assert found(tmp_path, "edge-never-taken", flow(*parts)) == []
    assert found(tmp_path, "edges-described-alike", flow(*parts)) == []


# node-repeats-global-prompt, node-sent-to-without-edge

RULE = "You are the assistant of the practice, friendly and brief at all times."


def test_a_paragraph_of_the_global_prompt_is_told_once_a_node(tmp_path: Path) -> None:
    prompt = f"{RULE}\nNever give medical advice, whatever the caller asks of you, and say so."
    nodes = (talk("a", prompt, **HANG_UP), talk("b", "Be brief.", **HANG_UP))
    (told,) = found(tmp_path, "node-repeats-global-prompt", flow(*nodes, global_prompt=f"{prompt}\nBe brief."))
    assert told.startswith("('definition', 'nodes', 0, 'instructions')")
    for other in ("", None, "Be brief.", f"{RULE} And polite."):
        assert found(tmp_path, "node-repeats-global-prompt", flow(*nodes, global_prompt=other)) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("For help, go to `desk`.", 1),
        ("Then proceed to the node 'desk'.", 1),
        ("Then move on to order_status.", 1),
        ("Go to `bye`.", 0),
        ("Go to `a`.", 0),
        ("Go to the desk.", 0),
        ("Go to `elsewhere`.", 0),
        ("If they want to go to order_status_page, let them.", 0),
    ],
)
def test_instructions_that_name_a_node_need_an_edge(tmp_path: Path, text: str, count: int) -> None:
    parts = (talk("a", text), DESK, BYE, talk("order_status"), way("a", "bye"))
    assert len(found(tmp_path, "node-sent-to-without-edge", flow(*parts))) == count


# tool-node-misspelled, tool-node-without-receiver

TEMPLATE = (
    "tool_templates:\n  lookup:\n    name: Look up\n    tool_type: function\n"
    "    tool_config: {name: lookup_order, description: Finds an order by its number.}\n"
)


@pytest.mark.parametrize(
    ("tool", "count"), [("lookup_ordr", 1), ("lookupOrder", 1), ("lookup_order", 0), ("order", 0), ("log_call", 0)]
)
def test_a_tool_node_that_nearly_names_a_tool_is_told(tmp_path: Path, tool: str, count: int) -> None:
    example = flow(talk("a"), look(tool), BYE, way("a", "look"), way("look", "bye"), more=TEMPLATE)
    assert len(found(tmp_path, "tool-node-misspelled", example)) == count


def number(agent: str = "${assistants.desk}", **fields: Any) -> str:
    main = {"phone_number": "+31850000010", "agent_id": agent, "workflow_id": "${workflows.triage}"}
    return f"numbers: {json.dumps({'main': main})}\nassistants: {json.dumps({'desk': {'name': 'Desk', **fields}})}\n"


@pytest.mark.parametrize(
    ("more", "fields", "count"),
    [
        (number(), {}, 1),
        (number(webhook_url=None), {"url": None}, 1),
        (number(webhook_url="https://api.acme.example/voice"), {}, 0),
        (number(), {"url": "https://api.acme.example/orders"}, 0),
        (number("3f0c0d5e-0000-4000-8000-000000000000"), {}, 0),
        ("", {}, 0),
    ],
    ids=["no address", "null", "of the assistant", "of the node", "an assistant of others", "no number"],
)
def test_a_tool_node_needs_an_address(tmp_path: Path, more: str, fields: dict[str, Any], count: int) -> None:
    example = flow(talk("a"), look(**fields), BYE, way("a", "look"), way("look", "bye"), more=more)
    assert len(found(tmp_path, "tool-node-without-receiver", example)) == count
