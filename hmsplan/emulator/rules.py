"""What a schema cannot say of a request body: rules between the fields of an object, by the name of its schema."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Document = dict[str, Any]

REALTIME = frozenset({"google_realtime", "xai_realtime", "openai_live"})
"""Providers of assistants that speak by themselves, without a ``tts_config``."""


def problems(schema: Mapping[str, Any], value: Any) -> Iterator[tuple[str, str]]:
    """Yield field and problem of what the fields of an object do to each other; each by itself is right."""
    for name, part in schema.get("properties", {}).items():
        if value is not None and name in value and value.get("model") in part.get("x-refused-with-models", ()):
            yield name, f"cannot be set with model {value['model']}"
    for rule in _RULES.get(schema.get("x-name", ""), ()):
        yield from rule(value)


def _delays_in_order(speech: Document) -> Iterator[tuple[str, str]]:
    turns = speech.get("turn_taking", {})
    least, most = turns.get("endpointing_min_delay", 0.4), turns.get("endpointing_max_delay", 2)
    if most < least:
        yield "turn_taking.endpointing_max_delay", f"must not be below endpointing_min_delay ({least})"


def _phrases_can_be_heard(speech: Document) -> Iterator[tuple[str, str]]:
    for index, phrase in enumerate(speech.get("end_call_phrases") or ()):
        if sum(char.isalnum() for char in phrase) < 2:  # noqa: PLR2004 - "needs at least 2 letters or digits"
            yield f"end_call_phrases[{index}]", "needs at least 2 letters or digits"


def _content_goes_first(retention: Document) -> Iterator[tuple[str, str]]:
    if retention["content_retention_days"] > retention["metadata_retention_days"]:
        yield "content_retention_days", "must not exceed metadata_retention_days"


def _one_voice(node: Document) -> Iterator[tuple[str, str]]:
    if "voice" in node and "tts_config" in node:
        yield "voice", "cannot be set together with tts_config"


def _global_is_described(node: Document) -> Iterator[tuple[str, str]]:
    if node.get("global") and not node.get("global_description"):
        yield "global_description", "is required when global is true"


def _nodes_run_a_pipeline(node: Document) -> Iterator[tuple[str, str]]:
    provider = node.get("llm_config", {}).get("provider")
    if provider in REALTIME:
        yield "llm_config.provider", f"realtime_provider_not_allowed_per_node: {provider}"


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


_RULES: Mapping[str, tuple[Callable[[Document], Iterator[tuple[str, str]]], ...]] = {
    "SpeechConfig": (_delays_in_order, _phrases_can_be_heard),
    "OrganizationRetention": (_content_goes_first,),
    "WorkflowConversationNode": (_global_is_described, _one_voice, _nodes_run_a_pipeline),
    "WorkflowDefinition": (_entry_is_a_conversation, _node_ids_are_unique, _edges_fit, _tools_go_on),
}
