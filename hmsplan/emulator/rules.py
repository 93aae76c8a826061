"""What a schema cannot say of a request body, by the name of its schema: ``hmsplan/openapi/rules.json``."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Document = dict[str, Any]
Rule = Document

SHARED: Mapping[str, Any] = orjson.loads((Path(__file__).parents[1] / "openapi" / "rules.json").read_bytes())
"""The rules, with where each is known from."""

_NODE: list[Rule] = SHARED["refused"]["WorkflowConversationNode"]
REALTIME = frozenset(next(rule["of"] for rule in _NODE if rule["field"] == "llm_config.provider"))
"""Providers of assistants that speak by themselves, without a ``tts_config``."""


def problems(schema: Mapping[str, Any], value: Any) -> Iterator[tuple[str, str]]:
    """Yield field and problem of what the fields of an object do to each other; each by itself is right."""
    for name, part in schema.get("properties", {}).items():
        if value is not None and name in value and value.get("model") in part.get("x-refused-with-models", ()):
            yield name, f"cannot be set with model {value['model']}"
    for rule in SHARED["refused"].get(schema.get("x-name", ""), ()):
        if rule["refuse"] == "graph":
            yield from _graph(rule, value)
        elif _holds(rule, value):
            yield from _broken(rule, value)


def _at(value: Document, path: str) -> Any:
    """Return what stands at a path; None for nothing."""
    found: Any = value
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _holds(rule: Rule, value: Document) -> bool:
    if "unless" in rule and _at(value, rule["unless"]) is not None:
        return False
    if "with" not in rule:
        return True
    given = _at(value, rule["with"])
    return given in rule["values"] if "values" in rule else given is not None


def _with_default(rule: Rule, value: Document, path: str) -> Any:
    found = _at(value, path)
    return rule["defaults"][path] if found is None else found


def _broken(rule: Rule, value: Document) -> Iterator[tuple[str, str]]:
    field, found = rule["field"], _at(value, rule["field"].removesuffix("[]"))
    match rule["refuse"]:
        case "above" | "below":
            given, limit = (_with_default(rule, value, name) for name in (field, rule["other"]))
            if (given > limit) if rule["refuse"] == "above" else (given < limit):
                word = "exceed" if rule["refuse"] == "above" else "be below"
                yield field, f"must not {word} {rule['other'].rpartition('.')[2]}"
        case "form":
            many = field.endswith("[]")
            texts = enumerate(found or ()) if many else [(0, found)]
            for index, text in texts:
                if not re.search(rule["pattern"], text):
                    yield f"{field[:-2]}[{index}]" if many else field, rule["says"]
        case "missing" if not found:
            yield field, f"is required when {rule['with']} is true"
        case "present" if field in value:
            yield field, f"cannot be set together with {rule['with']}"
        case "null" if field in value and found is None:
            yield field, "is required with a pipeline provider"
        case "value" if found in rule["of"]:
            yield field, f"{rule['says']}: {found}"


def _graph(rule: Rule, definition: Document) -> Iterator[tuple[str, str]]:
    nodes, edges = definition["nodes"], definition.get("edges", ())
    kinds = {node["id"]: node["type"] for node in nodes}
    if kinds.get(definition["entry_node"]) not in rule["entry"]:
        yield "entry_node", f"must be the id of a {' or '.join(rule['entry'])} node"
    for node_id, count in Counter(node["id"] for node in nodes).items():
        if count > 1:
            yield "nodes", f"id {node_id} occurs {count} times"
    seen: set[tuple[str, str]] = set()
    for index, edge in enumerate(edges):
        yield from _edge(rule, f"edges[{index}]", edge, kinds, seen)
    leaving = Counter(edge["from"] for edge in edges)
    for index, node in enumerate(nodes):
        if node["type"] in rule["one_way_on"] and leaving[node["id"]] != 1:
            yield f"nodes[{index}]", f"a {node['type']} node has one outgoing edge, not {leaving[node['id']]}"


def _edge(
    rule: Rule, at: str, edge: Document, kinds: Mapping[str, str], seen: set[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    ends = (edge["from"], edge["to"])
    for end in ("from", "to"):
        if edge[end] not in kinds:
            yield f"{at}.{end}", f"no node has the id {edge[end]}"
    if ends[0] == ends[1]:
        yield at, "leads back to its own node"
    if ends in seen:
        yield at, f"is a second edge from {ends[0]} to {ends[1]}"
    seen.add(ends)
    source = kinds.get(edge["from"])
    if source is not None and source not in rule["left"]:
        yield f"{at}.from", f"no edge may leave a {source} node"
    if source in rule["described"] and not edge.get("description"):
        yield f"{at}.description", "is required, except on an edge that leaves a tool node"
