"""What state remembers of the fields that were applied: ids, names of secrets, and nothing else that was not there."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from readings import at, bound, declared, ref, remembered, resource

from hmsplan.model import Secret
from hmsplan.recorded import record, share


def test_ids_stand_in_place_of_references_at_every_depth() -> None:
    spec = {"agent_id": ref("assistants.a"), "llm_config": {"tools": [{"mcp_server_id": ref("assistants.a")}]}}
    assert record(spec, {at("assistants.a"): "a1"}) == {
        "agent_id": "a1",
        "llm_config": {"tools": [{"mcp_server_id": "a1"}]},
    }


def test_a_reference_without_an_id_is_an_error_and_never_a_placeholder() -> None:
    with pytest.raises(KeyError):
        record({"agent_id": ref("assistants.a")})


def test_a_secret_is_remembered_by_name_and_fingerprint_only() -> None:
    spec = {"webhook_secret": Secret("hook", "hunter2-value", "f00"), "tools": [Secret("other", "hunter2-value")]}
    recorded = record(spec)
    assert recorded == {
        "webhook_secret": {"$secret": "hook", "fingerprint": "f00"},
        "tools": [{"$secret": "other", "fingerprint": None}],
    }
    assert "hunter2" not in repr(recorded)


def test_what_holds_neither_is_shared_not_copied() -> None:
    inner = {"messages": [{"role": "system", "content": "long"}]}
    spec = {"llm_config": inner, "webhook_secret": Secret("hook")}
    recorded = record(spec)
    assert recorded["llm_config"] is inner
    assert record(inner) is inner


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "text", [], {}, ["a"], {"a": None}])
def test_plain_values_stay_as_they_are(value: Any) -> None:
    assert record({"field": value}) == {"field": value}


def test_the_argument_is_left_alone() -> None:
    spec = MappingProxyType({"list": [ref("assistants.a"), 1]})
    record(spec, {at("assistants.a"): "a1"})
    assert spec == {"list": [ref("assistants.a"), 1]}


def test_lists_stand_in_place_of_tuples_and_plain_objects_in_place_of_read_only_ones() -> None:
    recorded = record(MappingProxyType({"a": ({"b": MappingProxyType({"c": 1})},)}))
    assert recorded == {"a": [{"b": {"c": 1}}]}
    assert (type(recorded), type(recorded["a"][0]["b"])) == (dict, dict)


def test_what_is_remembered_as_declared_becomes_one_object_with_it() -> None:
    stack = declared(resource("assistants.a", name="A", llm_config={"model": "m"}), resource("assistants.b", name="B"))
    state = remembered(
        bound("assistants.a", "a1", name="A", llm_config={"model": "m"}),
        bound("assistants.b", "b1", name="Old"),
        bound("assistants.c", "c1", name="C"),
    )
    shared = share(state, stack)
    assert shared == state
    assert shared.bindings[at("assistants.a")].applied is stack.resources[at("assistants.a")].spec
    assert shared.bindings[at("assistants.b")] is state.bindings[at("assistants.b")]
    assert shared.bindings[at("assistants.c")] is state.bindings[at("assistants.c")]
