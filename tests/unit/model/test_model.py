"""The values that every stage speaks in: addresses, paths, secrets, and what counts as something to do."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, is_dataclass

import pytest
from support.readings import at, live, remote

from hmsplan import model
from hmsplan.model import (
    MISSING,
    Action,
    Address,
    Binding,
    Outcome,
    Plan,
    Ref,
    Refusal,
    Report,
    ResourceChange,
    Risk,
    Secret,
    Severity,
    Snapshot,
    SourceLine,
    Status,
    Step,
    Verb,
    dotted,
    is_pending,
    matches,
    pattern,
    tree_of,
    values_at,
    values_in,
)

SUPPORT = Address("assistants", "support")


@pytest.mark.parametrize("text", ["assistants.support", "sip_trunks.a", "numbers.A-1_b"])
def test_an_address_reads_as_it_is_written(text: str) -> None:
    assert str(Address.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "assistants", "assistants.", ".support", "a.b.c", "assistants.1", "assistants.a b", "Assistants.a", "a.b\n"],
)
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it as kind\.key, such as assistants\.support"):
        Address.parse(text)


def test_addresses_are_ordered_by_kind_then_key() -> None:
    assert sorted(map(at, ["numbers.a", "assistants.b", "assistants.a"])) == [
        at("assistants.a"),
        at("assistants.b"),
        at("numbers.a"),
    ]


def test_a_source_line_reads_as_editors_write_it() -> None:
    assert str(SourceLine("a/b.yaml", 3, 5)) == "a/b.yaml:3:5"


def test_missing_is_not_null_and_survives_copies() -> None:
    assert MISSING is not None
    assert repr(MISSING) == "MISSING"
    assert copy.deepcopy(MISSING) is MISSING
    assert pickle.loads(pickle.dumps(MISSING)) is MISSING


def test_a_reference_shows_as_it_is_written() -> None:
    assert str(Ref(SUPPORT)) == "${assistants.support}"


def test_a_secret_is_shown_nowhere() -> None:
    secret = Secret("webhook", "hunter2-value", "f00")
    shown = [str(secret), repr(secret), f"{secret}", f"{secret:>30}", f"{secret!r}", str([secret]), str({"a": secret})]
    assert not [text for text in shown if "hunter2" in text]
    assert f"{secret:>30}" == "             (sensitive value)"
    assert secret.reveal() == "hunter2-value"


def test_a_copy_of_a_secret_that_leaves_the_process_has_no_value() -> None:
    secret = Secret("webhook", "hunter2-value", "f00")
    for other in (pickle.loads(pickle.dumps(secret)), copy.deepcopy(secret)):
        assert other == secret
        assert other.reveal() is None
    assert b"hunter2" not in pickle.dumps(secret)


def test_secrets_are_compared_by_name_and_fingerprint_never_by_value() -> None:
    assert Secret("a", "one", "f") == Secret("a", "two", "f")
    assert hash(Secret("a", "one", "f")) == hash(Secret("a", "two", "f"))
    assert Secret("a", "one", "f") != Secret("a", "one", "g")
    assert Secret("a", "one") != Secret("b", "one")
    assert Secret("a") != "a"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("llm_config", "model"), "llm_config.model"),
        (("llm_config", "messages", 0, "content"), "llm_config.messages[0].content"),
        (("llm_config", "tools", "look up", "url"), 'llm_config.tools["look up"].url'),
        (("llm_config", "tools", "mcp:1"), 'llm_config.tools["mcp:1"]'),
        (("0",), '["0"]'),
    ],
)
def test_a_path_is_written_as_people_do(path: tuple[str | int, ...], text: str) -> None:
    assert dotted(path) == text


@pytest.mark.parametrize(
    ("path", "dotted_pattern", "is_one"),
    [
        (("tools", 0, "name"), "tools[].name", True),
        (("tools", "look up", "name"), "tools[].name", True),
        (("headers", "X-Key"), "headers.**", True),
        (("headers", 0), "headers.**", False),
        (("headers",), "headers.**", False),
        (("headers", "a", "b"), "headers.**", False),
        (("other", "X-Key"), "headers.**", False),
    ],
)
def test_a_pattern_names_items_of_lists_and_keys_of_maps(
    path: tuple[str | int, ...], dotted_pattern: str, is_one: bool
) -> None:
    assert matches(path, pattern(dotted_pattern)) is is_one


def test_values_are_found_under_any_key_of_a_map() -> None:
    value = {"servers": [{"headers": {"A": "1", "B": "2"}}, {"headers": ["no map"]}, {}]}
    assert list(values_at(value, pattern("servers[].headers.**"))) == [
        (("servers", 0, "headers", "A"), "1"),
        (("servers", 0, "headers", "B"), "2"),
    ]


def test_several_patterns_are_looked_for_in_one_walk() -> None:
    value = {"name": None, "servers": [{"url": "x", "headers": {"A": "1", "B": "2"}}, "no map", {"headers": ["C"]}]}
    patterns = [pattern(each) for each in ("servers[].headers.**", "name", "servers[].url")]
    found = values_in(value, tree_of(patterns))
    alone = [(number, *at) for number, each in enumerate(patterns) for at in values_at(value, each)]
    assert sorted(found, key=str) == sorted(alone, key=str)
    assert len(found) == 4


def test_severities_are_ordered_from_the_worst_on() -> None:
    assert sorted(Severity, key=lambda each: each.rank) == [Severity.ERROR, Severity.WARNING, Severity.INFO]


def test_a_refusal_prints_the_exact_flag_that_allows_it() -> None:
    assert Refusal(Risk.START, at("campaigns.spring"), "dials").flag == "--allow start:campaigns.spring"


@pytest.mark.parametrize(
    ("change", "does"),
    [
        (ResourceChange(SUPPORT, Action.NO_OP, "1"), False),
        (ResourceChange(SUPPORT, Action.NO_OP, "1", notes=("a note",), reason="because"), False),
        (ResourceChange(SUPPORT, Action.NO_OP, "1", moved_from=at("assistants.help")), True),
        (ResourceChange(SUPPORT, Action.NO_OP, "1", released=(("stt_config",),)), True),
        (ResourceChange(SUPPORT, Action.ADOPT, "1"), True),
        (ResourceChange(SUPPORT, Action.FORGET, "1"), True),
    ],
)
def test_a_change_is_pending_when_it_does_something_if_only_to_the_state(change: ResourceChange, does: bool) -> None:
    assert is_pending(change) is does
    assert Plan("s", "e", (change,)).pending == ((change,) if does else ())


def test_a_snapshot_tells_an_object_that_is_not_there_from_a_kind_that_was_not_read() -> None:
    snapshot = live(remote("assistants", "a1"), kinds=["assistants"])
    assert snapshot.get("assistants", "a1") == remote("assistants", "a1")
    assert snapshot.get("assistants", "a2") is None
    assert snapshot.get("numbers", "a1") is None
    assert "numbers" not in snapshot.objects


def test_a_report_counts_outcomes_by_how_they_ended() -> None:
    step = Step("k", Verb.CREATE, SUPPORT)
    report = Report((Outcome(step, Status.DONE), Outcome(step, Status.FAILED), Outcome(step, Status.DONE)))
    assert (report.count(Status.DONE), report.count(Status.BLOCKED)) == (2, 0)


def test_every_value_of_the_model_is_frozen() -> None:
    classes = [each for each in vars(model).values() if isinstance(each, type) and is_dataclass(each)]
    assert len(classes) > 20
    for each in classes:
        assert each.__dataclass_params__.frozen, each  # type: ignore[attr-defined]  # known to dataclasses only
        assert hasattr(each, "__slots__"), each
    with pytest.raises(FrozenInstanceError):
        live().requests = 1  # type: ignore[misc]  # that is the point


def test_no_default_is_a_mutable_value_that_plans_could_share() -> None:
    change, step, binding = (
        ResourceChange(SUPPORT, Action.NO_OP, None),
        Step("k", Verb.BIND, SUPPORT),
        Binding(SUPPORT, "1"),
    )
    for value in (change.before, change.after, step.spec, Snapshot({}).members, binding.applied, binding.members):
        with pytest.raises(TypeError):
            value["x"] = 1  # type: ignore[index]  # that is the point
