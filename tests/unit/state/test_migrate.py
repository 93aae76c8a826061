"""A state moves between any two storages: whole, with its lineage and serial, or not at all."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from support.stores import STORES, UrlStore

from hmsplan.errors import StateError, StateLocked
from hmsplan.model import UNKNOWN, Address, Binding, Deposed, Head, HistoryEntry, PendingCreate, State
from hmsplan.state.backend import new_state
from hmsplan.state.journal import Bound, Entry, Intended, OrganizationKnown, Spent, replay
from hmsplan.state.migrate import migrate

if TYPE_CHECKING:
    from pathlib import Path

    from support.stores import Store

A = Address("assistants", "a")
ENTRIES: list[Entry] = [
    OrganizationKnown("org"),
    Bound(Binding(A, "1", {"name": "A"}, True, {"f" * 16: 2}), None, Deposed(A, "0")),
    Intended(
        PendingCreate(
            "assistants.b:create", Address("assistants", "b"), "assistants", ("B",), {}, frozenset({"x"}), 1.5
        )
    ),
    Spent("d" * 64),
]
"""Something of everything that a state holds, the last of it still in the journal."""


def fill(store: Store, *, begun: State | None = None) -> State:
    state = begun or new_state()
    backend = store.open()
    with backend.lock("test"):
        backend.load()
        backend.save(state)
        backend.append(ENTRIES)
    return replay(state, ENTRIES)


def put(store: Store, state: State) -> None:
    backend = store.open()
    with backend.lock("test"):
        backend.push(state, force=True)


@pytest.fixture(params=permutations(STORES, 2), ids="-".join)
def two(request: pytest.FixtureRequest) -> tuple[Store, Store]:
    source, target = (request.getfixturevalue(name) for name in request.param)
    return source, target


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Store, Store]:
    return UrlStore("file", tmp_path), UrlStore("file:other", tmp_path)


def test_a_state_arrives_whole_and_its_source_stays(two: tuple[Store, Store]) -> None:
    """With lineage and serial, open creates and everything; and it can be written on where it is now."""
    source, target = two
    state = fill(source)
    assert migrate(source.open(), target.open(), "test") == state
    assert target.open().load() == state
    assert source.open().load() == state
    backend = target.open()
    with backend.lock("apply"):
        backend.load()
        backend.append([Spent("after")])
    assert target.open().load() == replay(state, [Spent("after")])


def test_a_second_time_changes_nothing(two: tuple[Store, Store]) -> None:
    """Whoever was interrupted does it again."""
    source, target = two
    state = fill(source)
    for _ in range(2):
        migrate(source.open(), target.open(), "test")
    assert target.open().load() == state


def test_a_target_that_is_behind_is_brought_up(two: tuple[Store, Store]) -> None:
    """The copy of an earlier migration, after which the source went on."""
    source, target = two
    state = fill(source)
    put(target, replace(state, serial=state.serial - 1, spent=()))
    migrate(source.open(), target.open(), "test")
    assert target.open().load() == state


@pytest.mark.parametrize("change", [{"serial": 99}, {"lineage": "another"}, {"organization": "another"}])
def test_a_target_that_holds_anything_else_is_left_alone(two: tuple[Store, Store], change: dict[str, object]) -> None:
    """A newer state, another lineage, or the same serial with another content."""
    source, target = two
    other = replace(fill(source), **change)  # type: ignore[arg-type]  # fields of a State
    put(target, other)
    with pytest.raises(StateError, match="does not continue"):
        migrate(source.open(), target.open(), "test")
    assert target.open().load() == other


def test_a_target_that_was_only_begun_is_taken(folders: tuple[Store, Store]) -> None:
    source, target = folders
    state = fill(source)
    put(target, new_state())
    migrate(source.open(), target.open(), "test")
    assert target.open().load() == state


@pytest.mark.parametrize("held", [0, 1])
def test_a_state_that_somebody_writes_is_not_moved(two: tuple[Store, Store], held: int) -> None:
    source, target = two
    fill(source)
    with two[held].open().lock("apply"), pytest.raises(StateLocked, match="apply"):
        migrate(source.open(), target.open(), "test")
    assert target.open().load() is None


def test_nothing_cannot_be_moved(folders: tuple[Store, Store], tmp_path: Path) -> None:
    source, target = folders
    with pytest.raises(StateError, match="there is no state in"):
        migrate(source.open(), target.open(), "test")
    assert list(tmp_path.iterdir()) == []


def test_a_state_is_not_moved_onto_itself(folders: tuple[Store, Store]) -> None:
    source, _ = folders
    fill(source)
    with pytest.raises(StateError, match="is where the state is already"):
        migrate(source.open(), source.open(), "test")


def test_the_history_comes_along_once(two: tuple[Store, Store]) -> None:
    source, target = two
    fill(source)
    backend = source.open()
    with backend.lock("test"):
        backend.load()
        for _ in range(3):
            backend.remember(lambda number: HistoryEntry(Head(number, 1, 1.0, UNKNOWN, "production", None, "d" * 64)))
    for _ in range(2):
        migrate(source.open(), target.open(), "test")
        assert list(target.open().storage.history()) == list(source.open().storage.history())
