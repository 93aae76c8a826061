"""The recorded form of a spec, and the state file: what is written, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jsonschema
import pytest
from referencing import Registry

from hmsplan.errors import StateError
from hmsplan.formats.state_file import dump, parse
from hmsplan.model import Address, Binding, Deposed, PendingCreate, Ref, Secret, State
from hmsplan.planner.last_applied import record

SCHEMA = Path(__file__).parents[3] / "schemas" / "state.schema.json"
SUPPORT, TRUNK, MAIN = Address("assistants", "support"), Address("sip_trunks", "trunk"), Address("numbers", "main")

STATE = State(
    lineage="0191d0c5-0000-7000-8000-000000000001",
    serial=7,
    organization="org-1",
    bindings={
        MAIN: Binding(MAIN, "n-1", {"phone_number": "+31850000000", "agent_id": "a-1"}, protected=True),
        SUPPORT: Binding(SUPPORT, "a-1", {"name": "Sup\u00f6rt", "temperature": 0.5, "tools": [], "voice": None}),
        Address("campaigns", "spring"): Binding(
            Address("campaigns", "spring"), "c-1", {"name": "Spring"}, members={"0123456789abcdef": 2}
        ),
    },
    deposed=(Deposed(TRUNK, "t-0"),),
    intents=(
        PendingCreate(
            "sip_trunks.trunk:create", TRUNK, "sip_trunks", ("T",), {"name": "T"}, frozenset({"t"}), 1.2, None, "t"
        ),
    ),
    spent=("f" * 64,),
)  # fmt: skip


def edited(change: Any) -> bytes:
    """The file of STATE, its JSON changed in place, in the layout of an editor."""
    document = json.loads(dump(STATE))
    change(document)
    return json.dumps(document, indent=4).encode()


def test_a_reference_is_recorded_as_its_id_and_a_secret_as_its_name() -> None:
    spec = {
        "agent_id": Ref(SUPPORT),
        "tools": ({"server": {"secret": Secret("hook", "hunter2", "ab12")}},),
        "auth_password": Secret("trunk", "hunter2"),
        "name": "A",
    }
    assert record(spec, {SUPPORT: "a-1"}) == {
        "agent_id": "a-1",
        "tools": [{"server": {"secret": {"$secret": "hook", "fingerprint": "ab12"}}}],
        "auth_password": {"$secret": "trunk", "fingerprint": None},
        "name": "A",
    }


def test_a_plain_spec_is_not_copied() -> None:
    spec = {"name": "A", "llm_config": {"tools": [{"name": "t"}]}, "x": None}
    assert record(spec) is spec


def test_only_what_holds_a_reference_is_copied() -> None:
    spec = {"block": {"list": [1, 2]}, "agent_id": Ref(SUPPORT)}
    assert record(spec, {SUPPORT: "a-1"})["block"] is spec["block"]
    assert isinstance(spec["agent_id"], Ref)


def test_read_only_mappings_are_recorded_as_objects() -> None:
    assert type(record(MappingProxyType({"a": MappingProxyType({"b": (1,)})}))["a"]) is dict


def test_a_reference_without_an_id_is_an_error() -> None:
    with pytest.raises(KeyError):
        record({"agent_id": Ref(SUPPORT)})


def test_a_state_comes_back_as_it_was() -> None:
    assert parse(dump(STATE)) == STATE
    assert dump(parse(dump(STATE))) == dump(STATE)


def test_the_order_of_the_bindings_in_memory_does_not_reach_the_file() -> None:
    turned = State(
        STATE.lineage, 7, "org-1", dict(reversed(list(STATE.bindings.items()))), STATE.deposed, STATE.intents
    )
    straight = State(STATE.lineage, 7, "org-1", STATE.bindings, STATE.deposed, STATE.intents)
    assert dump(turned) == dump(straight)


def test_a_file_has_one_line_for_each_binding() -> None:
    lines = dump(STATE).decode().splitlines()
    assert dump(STATE).endswith(b"}\n")
    assert [line.split('"')[1] for line in lines if '"applied"' in line and '"step"' not in line] == [
        "assistants.support",
        "campaigns.spring",
        "numbers.main",
    ]


def test_an_empty_state_comes_back_as_it_was() -> None:
    assert parse(dump(State("l"))) == State("l")


@pytest.mark.parametrize(
    "layout", [{"indent": 4}, {"separators": (",", ":")}, {"sort_keys": True}, {"ensure_ascii": False}]
)
def test_another_layout_of_the_same_json_is_as_good(layout: dict[str, Any]) -> None:
    text = json.dumps(json.loads(dump(STATE)), **layout)
    assert parse(text.encode()) == STATE
    assert parse(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) == STATE


def test_a_dumped_state_fulfils_the_schema() -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, registry=Registry())
    for state in (STATE, State("l")):
        validator.validate(json.loads(dump(state)))


def test_the_schema_describes_every_property_and_refuses_others() -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for name, child in node.get("properties", {}).items():
                assert child.get("description", "").endswith("."), name
            assert "properties" not in node or node["additionalProperties"] is False
            for child in node.values():
                walk(child)

    walk(json.loads(SCHEMA.read_text()))


@pytest.mark.parametrize("length", range(0, len(dump(STATE)) - 1, 23))
def test_a_file_that_was_cut_off_is_refused(length: int) -> None:
    with pytest.raises(StateError, match=r"state\.json") as caught:
        parse(dump(STATE)[:length])
    assert caught.value.summary == "State is damaged"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"[]", "not a JSON object"),
        (b"{}", "no format_version"),
        (b'{"format_version": true}', "no format_version"),
        (b'{"format_version": "1"}', "no format_version"),
        (b"\x80\x04", "JSON|utf-8|UTF-8|unexpected"),
        (dump(STATE).replace(b"0.5", b"NaN"), "state.json"),
        (dump(STATE).replace(b"\n  ", b"\n<<<<<<< HEAD\n  ", 1), "conflict markers"),
        (b"[" * 100_000, "state.json"),
    ],
)
def test_what_is_no_state_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(StateError, match=words):
        parse(data)


def test_a_newer_format_is_refused_with_the_way_out() -> None:
    with pytest.raises(StateError, match="pip install --upgrade hmsplan") as caught:
        parse(edited(lambda d: d.update(format_version=3, whatever=1)))
    assert caught.value.summary == "State is newer than this hmsplan"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.pop("lineage"), "'lineage' is missing"),
        (lambda d: d.update(lineage=""), "lineage is empty"),
        (lambda d: d.update(serial=-1), "serial negative"),
        (lambda d: d.update(serial=True), "state.serial cannot be true or false"),
        (lambda d: d.update(serial="7"), "state.serial cannot be a text"),
        (lambda d: d.update(bindings=[]), "state.bindings cannot be a list"),
        (lambda d: d.update(extra=1), "'extra' is unknown"),
        (lambda d: d.update(spent=[1]), r"state.spent\[0\] cannot be a number"),
        (lambda d: d["bindings"].update({"nonsense": d["bindings"]["numbers.main"]}), "not an address"),
        (lambda d: d["bindings"].update({"assistants.x": d["bindings"]["numbers.main"]}), "its kind says 'numbers'"),
        (lambda d: d["bindings"]["numbers.main"].update(id=""), "numbers.main: its id is empty"),
        (lambda d: d["bindings"]["numbers.main"].update(protected=1), "numbers.main.protected cannot be a number"),
        (lambda d: d["bindings"]["numbers.main"].update(id=5), "numbers.main.id cannot be a number"),
        (lambda d: d["bindings"]["numbers.main"].update(members={"a": 0}), "numbers.main: members must be counted"),
        (lambda d: d["bindings"].update({"numbers.main": None}), "numbers.main cannot be null"),
        (lambda d: d["deposed"].append({"id": "x"}), "'address' is missing"),
        (lambda d: d["intents"][0].update(before=[None]), r"intents\[0\].before\[0\] cannot be null"),
        (lambda d: d["intents"].append(d["intents"][0]), "intent sip_trunks.trunk:create stands there twice"),
    ],
)
def test_a_wrong_shape_is_refused_with_its_place(change: Any, words: str) -> None:
    with pytest.raises(StateError, match=words):
        parse(edited(change))


def test_applied_fields_that_are_not_those_of_the_digest_are_refused() -> None:
    data = edited(lambda d: d["bindings"]["assistants.support"]["applied"].update(name="Evil"))
    with pytest.raises(StateError, match=r'applied fields of assistants.support .+ take "digest" out'):
        parse(data)


def test_so_they_are_in_the_layout_of_the_file() -> None:
    with pytest.raises(StateError, match=r"applied fields of assistants.support are not those of its digest"):
        parse(dump(STATE).replace(b'"temperature":0.5', b'"temperature":0.7'))


@pytest.mark.parametrize(
    ("written", "doubled"),
    [
        (b'"id":"a-1"', b'"id":"a-0","id":"a-1"'),
        (b'"temperature":0.5', b'"temperature":0.7,"temperature":0.5'),
        (b'"serial": 7', b'"serial": 6,\n  "serial": 7'),
    ],
)
def test_a_key_that_stands_twice_is_refused_wherever_it_is(written: bytes, doubled: bytes) -> None:
    assert dump(STATE).count(written) == 1
    with pytest.raises(StateError, match="stands in one object twice"):
        parse(dump(STATE).replace(written, doubled))


def test_an_edit_on_purpose_is_taken_without_a_digest() -> None:
    def change(document: Any) -> None:
        document["bindings"]["assistants.support"] = {"kind": "assistants", "id": "a-2", "applied": {"name": "New"}}

    binding = Binding(SUPPORT, "a-2", {"name": "New"}, sent=frozenset({"name"}))
    assert parse(edited(change)).bindings[SUPPORT] == binding


def test_a_binding_that_a_merge_doubled_is_refused() -> None:
    lines = dump(STATE).splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if b'"assistants.support"' in line)
    with pytest.raises(StateError, match=r"key assistants.support stands in one object twice.+perhaps after a merge"):
        parse(b"".join([*lines[:place], lines[place], *lines[place:]]))


def test_an_id_that_is_no_text_is_refused_when_written() -> None:
    with pytest.raises(StateError, match="cannot be kept"):
        dump(State("l", deposed=(Deposed(SUPPORT, "\ud800"),)))


@pytest.mark.parametrize("value", [Secret("s", "hunter2"), Ref(SUPPORT), {1: 2}, 2**70, "\ud800", object()])
def test_what_has_no_place_in_json_is_refused(value: Any) -> None:
    with pytest.raises(StateError, match="cannot be kept") as caught:
        dump(State("l", bindings={SUPPORT: Binding(SUPPORT, "1", {"x": value})}))
    assert "hunter2" not in str(caught.value)
