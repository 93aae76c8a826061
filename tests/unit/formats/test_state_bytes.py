"""The bytes of a state file and of a journal: what users have on their disks is read, and written the same again."""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import replace

import pytest

from hmsplan.errors import StateError
from hmsplan.formats.state_file import dump, parse
from hmsplan.model import (
    Address,
    Binding,
    Content,
    Deposed,
    Freeze,
    Hours,
    InForce,
    PendingCreate,
    RolledBack,
    State,
    TakenBack,
    Window,
)
from hmsplan.state.journal import (
    Bound,
    Consented,
    ContentApplied,
    Counted,
    DeposedGone,
    Entry,
    Intended,
    Leaving,
    Moved,
    OrganizationKnown,
    Sending,
    Settled,
    Spent,
    StackKnown,
    Unbound,
    WentBack,
    decode,
    encode,
    replay,
)

A, B = Address("assistants", "a"), Address("assistants", "b")
FULL = Binding(
    A, "1", {"$hmsplan": "mine", "z": {"a": [1.5], "b": None}}, True, {"f2": 1, "f1": 2}, 12, {"z": "ab"}, {"f1": 1},
    frozenset({"z", "$hmsplan"}),
)  # fmt: skip
INTENT = PendingCreate("s", B, "assistants", ("B",), {"b": {"d": 1, "c": 2}}, frozenset({"y", "x"}), 12.5, "p", "0")
STATE = State(
    "l", 9, "org", {Address("future_kinds", "x"): Binding(Address("future_kinds", "x"), "3"), A: FULL},
    (Deposed(B, "0"),), (INTENT,), ("d", "e"), "acme",
)  # fmt: skip
ENTRIES: tuple[Entry, ...] = (
    Intended(INTENT), Bound(FULL, "s", Deposed(B, "0")), Counted(A, "f", -1), Leaving(A, "f"), Settled("s", "refused"),
    Unbound(A), Moved(A, B), DeposedGone("0"), OrganizationKnown("org"), StackKnown("acme"), Spent("d"),
)  # fmt: skip

FILE = (
    b"{\n"
    b'  "format_version": 2,\n'
    b'  "lineage": "l",\n'
    b'  "serial": 9,\n'
    b'  "organization": "org",\n'
    b'  "stack": "acme",\n'
    b'  "bindings": {\n'
    b'    "assistants.a": {"kind":"assistants","id":"1","applied":{"$hmsplan":"mine","z":{"a":[1.5],"b":nu'
    b'll}},"digest":"fba0846e2a13dde5f383bbf1de04885e5a9c621a8f93f56461d8b02243a0a67d","protected":true,"m'
    b'embers":{"f1":2,"f2":1},"made":12,"unkept":{"z":"ab"},"leaving":{"f1":1},"sent":["$hmsplan","z"]},\n'
    b'    "future_kinds.x": {"kind":"future_kinds","id":"3","applied":{},"digest":"44136fa355b3678a1146ad1'
    b'6f7e8649e94fb4fc21fe77e8310c060f61caaff8a","protected":false,"members":{},"made":0.0,"unkept":{},"le'
    b'aving":{},"sent":[]}\n'
    b"  },\n"
    b'  "deposed": [\n'
    b'    {"address":"assistants.b","id":"0"}\n'
    b"  ],\n"
    b'  "intents": [\n'
    b'    {"step":"s","address":"assistants.b","kind":"assistants","identity":["B"],"applied":{"b":{"c":2,'
    b'"d":1}},"before":["x","y"],"started":12.5,"parent":"p","deposes":"0","protected":false,"members":{}}'
    b"\n"
    b"  ],\n"
    b'  "spent": [\n'
    b'    "d",\n'
    b'    "e"\n'
    b"  ]\n"
    b"}\n"
)
JOURNAL = (
    b'{"sum":"c7d33497","lineage":"l","serial":1,"entries":[{"op":"intended","intent":{"step":"s","address'
    b'":"assistants.b","kind":"assistants","identity":["B"],"applied":{"b":{"c":2,"d":1}},"before":["x","y'
    b'"],"started":12.5,"parent":"p","deposes":"0","protected":false,"members":{}}},{"op":"bound","address'
    b'":"assistants.a","binding":{"kind":"assistants","id":"1","applied":{"$hmsplan":"mine","z":{"a":[1.5]'
    b',"b":null}},"digest":"fba0846e2a13dde5f383bbf1de04885e5a9c621a8f93f56461d8b02243a0a67d","protected":'
    b'true,"members":{"f1":2,"f2":1},"made":12,"unkept":{"z":"ab"},"leaving":{"f1":1},"sent":["$hmsplan","'
    b'z"]},"settles":"s","deposes":{"address":"assistants.b","id":"0"}},{"op":"counted","address":"assista'
    b'nts.a","member":"f","by":-1,"settles":null},{"op":"leaving","address":"assistants.a","member":"f"},{'
    b'"op":"settled","step":"s","why":"refused"},{"op":"unbound","address":"assistants.a"},{"op":"moved","'
    b'origin":"assistants.a","target":"assistants.b"},{"op":"deposed-gone","id":"0"},{"op":"organization",'
    b'"id":"org"},{"op":"stack","name":"acme"},{"op":"spent","digest":"d"}]}\n'
)
VERSION_1 = b"""{"format_version":1,"lineage":"l","serial":2,"organization":null,"bindings":{"assistants.a":{
"kind":"assistants","id":"1","applied":{"name":"A"},"protected":true,"members":{"f":1}}},"deposed":[],"intents":[{"step":"s","address":
"assistants.b","kind":"assistants","identity":["B"],"applied":{},"before":[],"started":1,"parent":null,"deposes":null,
"protected":false}],"spent":[]}"""


CONSENT = InForce(
    {"max_deletes": 9, "max_delete_share": 0.5},
    ("0a",),
    (Window("Mon 18:00-08:00", (Hours(frozenset({0}), 1080, 480),), "UTC", ("assistants.*",)),),
    (
        Freeze(
            dt.datetime.fromisoformat("2026-12-24"),
            dt.datetime.fromisoformat("2026-12-28"),
            "UTC",
            "holidays",
            "from 2026-12-24 to 2026-12-27",
        ),
    ),
)


def test_what_was_in_force_is_kept_and_left_out_where_there_is_nothing() -> None:
    """An older hmsplan reads the state of a stack that has neither raised a limit nor approved anything."""
    state = replace(STATE, in_force=CONSENT)
    assert b'"in_force": {"limits":{"max_delete_share":0.5,"max_deletes":9},"approvals":["0a"],' in dump(state)
    assert parse(dump(state)) == state
    assert replay(STATE, decode(encode("l", 10, [Consented(CONSENT)])).entries).in_force == CONSENT
    assert b"in_force" not in dump(STATE)


def test_a_rollback_is_kept_until_the_files_are_applied_and_left_out_where_there_is_none() -> None:
    taken = (TakenBack((), "0a"), TakenBack(("tools", 0, "name"), "0b"))
    back = RolledBack(12, 1_800_000_000.5, {Address("assistants", "a"): taken}, "git revert --no-edit 1..2")
    state = replace(STATE, rolled_back=back)
    assert parse(dump(state)) == state
    assert b"rolled_back" not in dump(STATE)
    entries = decode(encode("l", 10, [WentBack(back), WentBack(None)])).entries
    assert replay(STATE, entries[:1]).rolled_back == back
    assert replay(STATE, entries).rolled_back is None


def test_what_another_environment_wants_to_know_is_left_out_where_none_does() -> None:
    """An older hmsplan reads the state of a stack without ``require:``."""
    content = ContentApplied({A: Content("ab" * 32, 12.5), B: None})
    line = b'"contents":{"assistants.a":{"digest":"' + b"ab" * 32 + b'","since":12.5},"assistants.b":null}}]}\n'
    assert encode("l", 10, [content]).endswith(line)
    state = replay(STATE, decode(encode("l", 10, [content])).entries)
    assert state.bindings == {**STATE.bindings, A: replace(FULL, content=content.contents[A])}
    assert parse(dump(state)) == state
    assert b'"content"' not in dump(STATE)


SENDING = Sending(A, frozenset({"z", "hook"}), {"z": {"a": 1, "b": 2}})


def test_what_is_about_to_be_sent_is_not_confirmed_until_its_address_is_bound_again() -> None:
    """What was applied stays remembered, joined with what more may be stored by then."""
    line = (
        b'"lineage":"l","serial":10,"entries":[{"op":"sending","address":"assistants.a","fields":["hook","z"],'
        b'"kept":{"z":{"a":1,"b":2}}}]}\n'
    )
    assert encode("l", 10, [SENDING]).partition(b",")[2] == line
    assert decode(encode("l", 10, [SENDING])).entries == (SENDING,)
    sent = replay(STATE, [SENDING]).bindings[A]
    assert sent == replace(FULL, applied={**FULL.applied, "z": {"a": 1, "b": 2}}, unconfirmed=frozenset({"hook", "z"}))
    again = replay(STATE, [SENDING, Sending(A, frozenset({"$hmsplan"}), {})]).bindings[A]
    assert again.unconfirmed == {"hook", "z", "$hmsplan"}
    assert replay(STATE, [SENDING, Bound(FULL)]).bindings[A] == FULL
    assert replay(STATE, [SENDING, Moved(A, B)]).bindings[B].unconfirmed == {"hook", "z"}
    assert B not in replay(STATE, [replace(SENDING, address=B)]).bindings


def test_what_is_not_confirmed_is_kept_and_left_out_where_there_is_nothing() -> None:
    """An older hmsplan reads the state of an apply that came to its end, and refuses another one as newer."""
    state = replay(STATE, [SENDING])
    assert b'"sent":["$hmsplan","z"],"unconfirmed":["hook","z"]},\n' in dump(state)
    assert parse(dump(state)) == state
    assert dump(parse(dump(state))) == dump(state)
    assert b"unconfirmed" not in dump(replay(state, [Bound(FULL)]))


def test_an_entry_or_a_field_of_a_newer_version_is_no_damage() -> None:
    """So an older hmsplan takes what this one has written of a field that is not confirmed."""
    entry = b'{"lineage":"l","serial":1,"entries":[{"op":"sending-2","address":"assistants.a"}]}'
    for read in (
        lambda: decode(b'{"sum":"%08x",' % zlib.crc32(entry[1:]) + entry[1:] + b"\n"),
        lambda: parse(dump(replay(STATE, [SENDING])).replace(b'"unconfirmed"', b'"unconfirmed-2"')),
    ):
        with pytest.raises(StateError) as caught:
            read()
        assert caught.value.summary == "State is newer than this hmsplan"


def test_a_state_is_written_as_it_always_was() -> None:
    assert dump(STATE) == FILE
    assert parse(FILE) == STATE
    assert dump(parse(FILE)) == FILE


def test_a_journal_is_written_as_it_always_was() -> None:
    assert encode("l", 1, ENTRIES) == JOURNAL
    assert decode(JOURNAL).entries == ENTRIES


def test_a_state_of_version_1_is_read() -> None:
    assert parse(VERSION_1) == State(
        "l",
        2,
        bindings={A: Binding(A, "1", {"name": "A"}, True, {"f": 1}, sent=frozenset({"name"}))},
        intents=(PendingCreate("s", B, "assistants", ("B",), {}, frozenset(), 1.0),),
    )
