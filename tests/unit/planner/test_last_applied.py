"""What state remembers of the fields that were applied: ids, names of secrets, and nothing else that was not there."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from support.readings import at, bound, declared, ref, remembered, resource

from hmsplan.kinds import ASSISTANTS, BYOK_KEYS
from hmsplan.kinds.kind import patterns
from hmsplan.model import Secret
from hmsplan.planner.last_applied import blind, record, share, unsent


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


def known(name: str, mark: str | None, **more: Any) -> dict[str, Any]:
    return {"$secret": name, "fingerprint": mark, **more}


def tools(**secrets: Any) -> dict[str, Any]:
    return {"tools": [{"name": name, "server": {"url": "u", "secret": each}} for name, each in secrets.items()]}


@pytest.mark.parametrize(
    ("had", "want", "kept"),
    [
        (known("s", "f1"), Secret("s", "v"), known("s", "f1")),  # this run has no key
        (known("s", "f1"), Secret("s", "v", "f2"), known("s", "f1")),  # it was not sent, so the old value is live
        (known("s", "f1", version=3), Secret("s", "v", "f2"), known("s", "f1", version=3)),
        (known("s", None), Secret("s", "v", "f2"), known("s", "f2")),  # taken for the one that was sent
        (known("s", None, version=3), Secret("s", "v"), known("s", None, version=3)),
        (known("other", "f1"), Secret("s", "v", "f2"), known("s", "f2")),
        (None, Secret("s", "v", "f2"), known("s", "f2")),
    ],
)
def test_of_a_secret_that_is_not_sent_what_was_known_stays_known(had: Any, want: Secret, kept: Any) -> None:
    spec = {"webhook_secret": want, "llm_config": tools(a=want)}
    before = {"webhook_secret": had, "llm_config": tools(a=had)}
    assert record(unsent(ASSISTANTS, spec, before)) == {"webhook_secret": kept, "llm_config": tools(a=kept)}


def test_of_a_secret_that_is_sent_only_this_run_can_tell() -> None:
    spec = {"webhook_secret": Secret("s", "v"), "llm_config": tools(a=Secret("s", "v"))}
    before = {"webhook_secret": known("s", "f1"), "llm_config": tools(a=known("s", "f1"))}
    assert record(unsent(ASSISTANTS, spec, before, sent=["llm_config"])) == {
        "webhook_secret": known("s", "f1"),
        "llm_config": tools(a=known("s", None)),
    }


def test_the_secrets_of_tools_are_known_by_their_names_wherever_they_stand() -> None:
    before = {"llm_config": tools(a=known("s", "f1"), b=known("s", "f2"))}
    spec = {"llm_config": tools(b=Secret("s"), a=Secret("s"), c=Secret("s"))}
    assert record(unsent(ASSISTANTS, spec, before)) == {
        "llm_config": tools(b=known("s", "f2"), a=known("s", "f1"), c=known("s", None))
    }


def test_a_header_that_is_not_sent_stays_known_by_its_fingerprint() -> None:
    kind = replace(ASSISTANTS, secrets=patterns("headers.**"), receivers={})
    known = {"headers": {"X-Key": {"$secret": "crm", "fingerprint": "f00"}}}
    kept = unsent(kind, {"headers": {"X-Key": Secret("crm"), "X-New": Secret("new")}}, known)
    assert record(kept)["headers"] == {**known["headers"], "X-New": {"$secret": "new", "fingerprint": None}}


@pytest.mark.parametrize(
    ("body", "applied", "expected"),
    [
        ({"name": "B"}, {"name": "A"}, ()),
        ({"webhook_secret": Secret("hook", "x", "f0")}, {"webhook_secret": Secret("hook", "x", "f0")}, ()),
        (
            {"webhook_secret": Secret("hook", "x", "f1")},
            {"webhook_secret": Secret("hook", "x", "f0")},
            "webhook_secret",
        ),
        ({"webhook_secret": Secret("hook", "x")}, {"webhook_secret": Secret("hook", "x")}, "webhook_secret"),
        ({"webhook_secret": None}, {"webhook_secret": Secret("hook", "x", "f0")}, "webhook_secret"),
        ({"llm_config": {"model": "m"}}, {"llm_config": {"model": "n"}}, ()),
        ({"webhook_secret": Secret(Secret.LIVE, "x")}, {}, ()),
    ],
)
def test_only_what_may_be_new_and_cannot_be_seen_is_written_down_before_it_is_sent(
    body: dict[str, Any], applied: dict[str, Any], expected: str
) -> None:
    """A secret whose fingerprint stays has one value, whichever way the request ends."""
    fields, kept = blind(ASSISTANTS, body, {}, record(applied))
    assert fields == ({expected} if expected else set())
    assert kept == {}


def test_of_settings_that_are_merged_all_are_kept_that_may_be_there_by_then() -> None:
    applied, sent = {"config": {"region": "eu", "zone": "b"}}, {"config": {"region": "us", "zone": None, "tier": "x"}}
    kept = {"config": {"region": "us", "zone": "b", "tier": "x"}}
    assert blind(BYOK_KEYS, sent, {}, applied) == (frozenset({"config"}), kept)
    assert blind(BYOK_KEYS, sent, sent, applied) == (frozenset(), {})
    assert blind(BYOK_KEYS, applied, {}, applied) == (frozenset(), {})
