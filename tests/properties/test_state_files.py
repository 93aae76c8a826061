"""For any state and any entries: what is written comes back, and the ledger and a replay agree."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hmsplan.formats.state_file import dump, parse
from hmsplan.model import Address, Binding, Content, Deposed, PendingCreate, Secret, State
from hmsplan.planner.last_applied import record
from hmsplan.state.backend import Backend
from hmsplan.state.file.storage import FileStorage
from hmsplan.state.journal import (
    Bound,
    ContentApplied,
    Counted,
    DeposedGone,
    Entry,
    Intended,
    Moved,
    OrganizationKnown,
    Sending,
    Settled,
    Spent,
    Unbound,
    decode,
    encode,
    replay,
)
from hmsplan.state.ledger import Ledger

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
WORDS = st.sampled_from(["one", "two", "three"])
ADDRESSES = st.builds(Address, st.sampled_from(["assistants", "sip_trunks"]), st.sampled_from(["a", "b-1", "C_2"]))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
FIELDS = st.dictionaries(TEXTS, VALUES, max_size=4)
MEMBERS = st.dictionaries(WORDS, st.integers(1, 5), max_size=3)
NAMES = st.frozensets(WORDS, max_size=2)
CONTENTS = st.none() | st.builds(Content, WORDS, st.floats(0, 2e9))
BINDINGS = st.builds(Binding, ADDRESSES, WORDS, FIELDS, st.booleans(), MEMBERS, unconfirmed=NAMES, content=CONTENTS)
DEPOSED = st.builds(Deposed, ADDRESSES, WORDS)
INTENTS = st.builds(
    PendingCreate,
    step=WORDS,
    address=ADDRESSES,
    kind=WORDS,
    identity=st.lists(TEXTS, min_size=1, max_size=2).map(tuple),
    applied=FIELDS,
    before=st.frozensets(TEXTS, max_size=3),
    started=st.floats(0, 4e9),
    parent=st.none() | WORDS,
    deposes=st.none() | WORDS,
    protected=st.booleans(),
)
STATES = st.builds(
    State,
    lineage=TEXTS.filter(bool),
    serial=st.integers(0, 2**40),
    organization=st.none() | TEXTS,
    bindings=st.lists(BINDINGS, max_size=4).map(lambda found: {binding.address: binding for binding in found}),
    deposed=st.lists(DEPOSED, max_size=3).map(tuple),
    intents=st.lists(INTENTS, max_size=3, unique_by=lambda intent: intent.step).map(tuple),
    spent=st.lists(WORDS, max_size=3).map(tuple),
)
ENTRIES = st.lists(
    st.builds(Intended, INTENTS)
    | st.builds(Bound, BINDINGS, st.none() | WORDS, st.none() | DEPOSED)
    | st.builds(Counted, ADDRESSES, WORDS, st.sampled_from([1, -1]), st.none() | WORDS)
    | st.builds(Sending, ADDRESSES, NAMES, FIELDS)
    | st.builds(Settled, WORDS, st.just("refused"))
    | st.builds(Unbound, ADDRESSES)
    | st.builds(Moved, ADDRESSES, ADDRESSES)
    | st.builds(DeposedGone, WORDS)
    | st.builds(OrganizationKnown, TEXTS)
    | st.builds(ContentApplied, st.dictionaries(ADDRESSES, CONTENTS, max_size=2))
    | st.builds(Spent, WORDS),
    max_size=12,
)
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(STATES)
def test_any_state_comes_back_from_its_file(state: State) -> None:
    assert parse(dump(state)) == state
    assert dump(parse(dump(state))) == dump(state)


@quick
@given(ENTRIES, st.integers(0, 2**40))
def test_any_entries_come_back_from_the_journal(entries: list[Entry], serial: int) -> None:
    half = len(entries) // 2
    lines = encode("l", serial, entries[:half]) + encode("l", serial + half, entries[half:])
    journal = decode(lines)
    assert (journal.lineage, journal.first, list(journal.entries), journal.end) == ("l", serial, entries, len(lines))


@quick
@given(ENTRIES.filter(bool), st.data())
def test_any_torn_batch_is_left_out_whole(entries: list[Entry], data: st.DataObject) -> None:
    first, second = encode("l", 1, entries), encode("l", 1 + len(entries), entries)
    length = data.draw(st.integers(0, len(second) - 1))
    journal = decode(first + second[:length])
    assert (list(journal.entries), journal.end) == (entries, len(first))


@quick
@given(STATES, ENTRIES, st.integers(0, 12))
def test_a_replay_can_be_interrupted_by_a_compaction_anywhere(state: State, entries: list[Entry], cut: int) -> None:
    whole = replay(state, entries)
    assert replay(parse(dump(replay(state, entries[:cut]))), entries[cut:]) == whole
    assert whole.serial == state.serial + len(entries)


@quick
@given(ENTRIES)
def test_the_ledger_agrees_with_a_replay_of_the_same_entries(entries: list[Entry]) -> None:
    async def work(backend: Backend) -> State:
        ledger = Ledger(backend, start)
        for entry in entries:
            await ledger.write(entry)
        return ledger.state

    start = State("lineage")
    with tempfile.TemporaryDirectory() as folder:
        backend = Backend(FileStorage(Path(folder)))
        with backend.lock("test"):
            backend.load()
            state = asyncio.run(work(backend))
            assert state == replay(start, entries)
            assert (Backend(FileStorage(Path(folder))).load() or start) == state


@quick
@given(FIELDS, TEXTS, st.none() | st.just("ab12"))
def test_no_secret_reaches_any_file(fields: dict[str, Any], name: str, fingerprint: str | None) -> None:
    value = "canary-4711-value"
    spec = {**fields, "deep": [{"secret": Secret(name, value, fingerprint)}], "top": Secret(name, value, fingerprint)}
    address = Address("assistants", "a")
    recorded = record(spec)
    intent = PendingCreate("s", address, "assistants", (name,), recorded, frozenset(), 1.0)
    binding = Binding(address, "1", recorded)
    written = dump(State("l", bindings={address: binding}, intents=(intent,)))
    written += encode("l", 1, [Intended(intent), Bound(binding)])
    assert value.encode() not in written
