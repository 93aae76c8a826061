"""What every backend promises; ``support.stores`` says which there are."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from support.stores import STORES, begin

from hmsplan.errors import StateError, StateLocked
from hmsplan.formats.history_file import number_of
from hmsplan.model import (
    UNKNOWN,
    Address,
    Author,
    Begun,
    Binding,
    Content,
    Deposed,
    Head,
    HistoryEntry,
    LastEntry,
    PendingCreate,
    Retention,
    Secret,
    State,
)
from hmsplan.state.backend import new_state
from hmsplan.state.journal import (
    Began,
    Bound,
    ContentApplied,
    DeposedGone,
    Entry,
    Intended,
    Moved,
    OrganizationKnown,
    Remembered,
    Sending,
    Settled,
    Spent,
    Unbound,
)
from hmsplan.state.journal import replay as replayed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.stores import Store

A, B = Address("assistants", "a"), Address("assistants", "b")


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Store:
    made: Store = request.getfixturevalue(request.param)
    return made


def loaded(store: Store) -> State:
    state = store.open().load()
    assert state is not None
    return state


def intent(step: str = "assistants.a:create") -> PendingCreate:
    return PendingCreate(step, A, "assistants", ("A",), {"name": "A"}, frozenset({"x", "y"}), 12.5)


def test_there_is_no_state_before_the_first_save(store: Store) -> None:
    assert store.open().load() is None


def test_a_state_begins_with_a_save(store: Store) -> None:
    state = begin(store)
    assert store.open().load() == state


def test_what_is_read_ahead_is_what_is_loaded(store: Store) -> None:
    state = begin(store)
    backend = store.open()
    backend.look_ahead()
    assert backend.load() == state


def test_a_state_that_was_written_since_it_was_read_ahead_is_read_again(store: Store) -> None:
    begin(store)
    backend, other = store.open(), store.open()
    backend.look_ahead()
    with other.lock("test"):
        other.load()
        other.append([Spent("d")])
    state = backend.load()
    assert state is not None
    assert state.spent == ("d",)


def test_an_entry_cannot_come_before_the_state_it_belongs_to(store: Store) -> None:
    backend = store.open()
    with backend.lock("test"):
        backend.load()
        with pytest.raises(StateError, match="begins with save"):
            backend.append([Spent("d")])


def test_what_was_appended_is_loaded_by_everybody(store: Store) -> None:
    entries: list[Entry] = [
        OrganizationKnown("org"),
        Intended(intent()),
        Bound(Binding(A, "1", {"name": "A"}), "assistants.a:create", Deposed(A, "0")),
        Intended(intent("other")),
        Settled("other", "refused"),
        Sending(A, frozenset({"webhook_secret"}), {}),
        Spent("d" * 64),
        Moved(A, B),
    ]
    state = begin(store, entries)
    assert store.open().load() == state
    assert state.serial == len(entries)
    assert state.bindings == {B: Binding(B, "1", {"name": "A"}, unconfirmed=frozenset({"webhook_secret"}))}
    assert state.deposed == (Deposed(B, "0"),)
    assert (state.organization, state.intents, state.spent) == ("org", (), ("d" * 64,))


def test_the_last_entry_about_an_address_wins(store: Store) -> None:
    begin(store, [Bound(Binding(A, "1")), Unbound(A), Bound(Binding(A, "2"))])
    state = store.open().load()
    assert state is not None
    assert state.bindings[A].id == "2"


def test_batches_of_several_runs_continue_each_other(store: Store) -> None:
    begin(store, [Bound(Binding(A, "1"))])
    for number in range(3):
        backend = store.open()
        with backend.lock("test"):
            backend.load()
            backend.append([Spent(f"{number}a"), Spent(f"{number}b")])
            backend.append([DeposedGone("none")])
    state = store.open().load()
    assert state is not None
    assert state.serial == 10
    assert state.spent == ("0a", "0b", "1a", "1b", "2a", "2b")


def test_compaction_changes_nothing_that_can_be_loaded(store: Store) -> None:
    state = begin(store, [Bound(Binding(A, "1", {"name": "A"}, True, {"f" * 16: 2})), Intended(intent())])
    backend = store.open()
    with backend.lock("test"):
        backend.load()
        backend.save(state)
        assert store.open().load() == state
        backend.append([Spent("after")])
    assert store.open().load() == replayed(state, [Spent("after")])


def test_saving_twice_is_as_good_as_once(store: Store) -> None:
    state = begin(store, [Spent("1")])
    backend = store.open()
    with backend.lock("test"):
        backend.load()
        backend.save(state)
        backend.save(state)
    assert store.open().load() == state


def test_an_edited_state_takes_the_place_of_the_stored_one(store: Store) -> None:
    state = begin(store, [Bound(Binding(A, "1"))])
    edited = replayed(state, [Moved(A, B)])
    backend = store.open()
    with backend.lock("test"):
        backend.load()
        backend.save(edited)
    assert store.open().load() == edited


def test_an_older_or_foreign_state_cannot_be_saved(store: Store) -> None:
    state = begin(store, [Spent("1"), Spent("2")])
    backend = store.open()
    with backend.lock("test"):
        backend.load()
        for wrong in (replace(state, serial=1), replace(state, lineage="another"), new_state()):
            with pytest.raises(StateError, match="cannot take the place"):
                backend.save(wrong)
    assert store.open().load() == state


def test_a_write_is_refused_when_another_run_wrote_in_between(store: Store) -> None:
    state = begin(store, [Spent("1")])
    late, early = store.open(), store.open()
    late.load()
    with early.lock("early"):
        early.load()
        early.append([Spent("2")])
    with late.lock("late"):
        with pytest.raises(StateError, match="another run wrote"):
            late.append([Spent("3")])
        with pytest.raises(StateError, match="another run wrote"):
            late.save(replace(state, serial=9))
    assert store.open().load() == replayed(state, [Spent("2")])


def test_a_second_beginning_is_refused_when_another_run_began(store: Store) -> None:
    late = store.open()
    assert late.load() is None
    state = begin(store)
    with late.lock("late"), pytest.raises(StateError, match="another run wrote"):
        late.save(new_state())
    assert store.open().load() == state


def test_a_compaction_by_another_run_does_not_refuse_a_write(store: Store) -> None:
    state = begin(store, [Spent("1")])
    late, early = store.open(), store.open()
    late.load()
    with early.lock("early"):
        early.load()
        early.save(state)
    with late.lock("late"):
        late.append([Spent("2")])
    assert store.open().load() == replayed(state, [Spent("2")])


def test_nothing_is_written_without_the_lock(store: Store) -> None:
    state = begin(store)
    backend = store.open()
    backend.load()
    with pytest.raises(StateError, match="only under its lock"):
        backend.append([Spent("1")])
    with pytest.raises(StateError, match="only under its lock"):
        backend.save(state)
    with pytest.raises(StateError, match="only under its lock"):
        backend.push(state)
    assert store.open().load() == state


def test_nothing_is_written_before_it_is_known_what_is_stored(store: Store) -> None:
    state = begin(store)
    backend = store.open()
    with backend.lock("test"), pytest.raises(StateError, match="loaded before"):
        backend.save(state)


def test_the_content_of_what_is_applied_is_kept_until_it_is_about_to_change(store: Store) -> None:
    """It moves with its object and goes with it; of what is not bound there is none."""
    content = Content("a" * 64, 12.5)
    begin(store, [Bound(Binding(A, "1")), ContentApplied({A: content, B: content}), Moved(A, B)])
    assert store.open().load() == replace(loaded(store), bindings={B: Binding(B, "1", content=content)})
    backend = store.open()
    with backend.lock("test"):
        backend.load()
        backend.append([ContentApplied({B: None})])
        backend.save(loaded(store))
    assert loaded(store).bindings == {B: Binding(B, "1")}


def test_a_secret_is_refused_and_its_whole_batch_with_it(store: Store) -> None:
    state = begin(store)
    backend = store.open()
    with backend.lock("test"):
        backend.load()
        with pytest.raises(StateError) as caught:
            backend.append([Spent("1"), Bound(Binding(A, "1", {"auth_password": Secret("trunk", "hunter2")}))])
    assert "hunter2" not in str(caught.value)
    assert store.open().load() == state


def test_one_run_holds_the_lock_and_the_other_is_told_who(store: Store) -> None:
    first, second = store.open(), store.open()
    with first.lock("apply by alice"):
        words = r"apply by alice \(process \d+ on .+, since 2(?s:.+)unlock"
        with pytest.raises(StateLocked, match=words) as caught, second.lock("apply by bob"):
            pass
        assert caught.value.exit_code == 7
    with second.lock("apply by bob"):
        pass


def test_a_run_that_fails_lets_go_of_the_lock(store: Store) -> None:
    backend = store.open()

    def fail() -> None:
        with backend.lock("test"):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.open().lock("test"):
        pass


def test_reading_needs_no_lock(store: Store) -> None:
    state = begin(store)
    with store.open().lock("apply"):
        assert store.open().load() == state


def test_anybody_may_ask_who_holds_the_lock(store: Store) -> None:
    """Before there is a state, while somebody holds the lock, and afterwards."""
    assert store.open().holder() is None
    begin(store)
    with store.open().lock("a colleague"):
        owner = store.open().holder()
        assert owner is not None
        assert owner.owner == "a colleague"
    assert store.open().holder() is None


def test_there_is_nothing_to_unlock_when_nobody_died(store: Store) -> None:
    assert store.open().unlock() is None
    begin(store)
    assert store.open().unlock() is None


def test_the_lock_of_a_living_run_is_only_taken_by_force(store: Store) -> None:
    with store.open().lock("apply"), pytest.raises(StateLocked):
        store.open().unlock()


def test_a_run_whose_lock_was_taken_writes_nothing_more(store: Store) -> None:
    state = begin(store)
    first, second = store.open(), store.open()
    with first.lock("first"):
        first.load()
        owner = store.open().unlock(force=True)
        assert owner is not None
        assert owner.owner == "first"
        with second.lock("second"):
            second.load()
            with pytest.raises(StateError, match="taken away by second"):
                first.append([Spent("1")])
            with pytest.raises(StateError, match="taken away"):
                first.save(state)
            second.append([Spent("2")])
    assert store.open().load() == replayed(state, [Spent("2")])


def test_a_run_can_ask_whether_the_lock_is_still_its_own(store: Store) -> None:
    """Before it holds the lock, while it does, and when it gave it back."""
    begin(store)
    backend = store.open()
    with pytest.raises(StateError, match="only under its lock"):
        backend.confirm_lock()
    with backend.lock("first"):
        backend.confirm_lock()
        backend.load()
        backend.append([Spent("1")])
        backend.confirm_lock()
    with pytest.raises(StateError, match="only under its lock"):
        backend.confirm_lock()


def test_a_run_whose_lock_was_taken_hears_so_when_it_asks(store: Store) -> None:
    """By force alone, when another run has it, and when that one gave it back: it is never this run's again."""
    begin(store)
    first, second = store.open(), store.open()
    with first.lock("first"):
        first.load()
        first.confirm_lock()
        store.open().unlock(force=True)
        with pytest.raises(StateError, match="taken away") as caught:
            first.confirm_lock()
        assert caught.value.summary == "Lock lost"
        with second.lock("second"):
            second.confirm_lock()
            with pytest.raises(StateError, match="taken away by second"):
                first.confirm_lock()
        with pytest.raises(StateError, match="taken away"):
            first.confirm_lock()


def test_asking_for_the_lock_disturbs_no_write_beside_it(store: Store) -> None:
    """Each write to the API asks, in a thread of its own, while the journal is written in another."""
    state = begin(store)
    backend = store.open()
    over, failures = threading.Event(), list[BaseException]()

    def ask() -> None:
        try:
            while not over.is_set():
                backend.confirm_lock()
        except BaseException as error:
            failures.append(error)
            raise

    with backend.lock("apply"):
        backend.load()
        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(10):
            backend.append([Spent(str(number))])
        state = replayed(state, [Spent(str(number)) for number in range(10)])
        backend.save(state)
        over.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert store.open().load() == state


def test_a_pushed_state_continues_the_stored_one(store: Store) -> None:
    state = begin(store, [Spent("1")])
    errored = replayed(state, [Bound(Binding(A, "1")), Spent("2")])
    backend = store.open()
    with backend.lock("state push"):
        backend.push(errored)
    assert store.open().load() == errored


def test_a_push_always_raises_the_serial(store: Store) -> None:
    state = begin(store, [Spent("1")])
    backend = store.open()
    with backend.lock("state push"):
        backend.push(replace(state, organization="org"))
    assert store.open().load() == replace(state, organization="org", serial=state.serial + 1)


def test_an_older_or_foreign_state_is_pushed_only_by_force(store: Store) -> None:
    begin(store, [Spent("1"), Spent("2")])
    foreign = State("foreign", serial=1)
    backend = store.open()
    with backend.lock("state push"):
        with pytest.raises(StateError, match="--force"):
            backend.push(foreign)
        backend.push(foreign, force=True)
        backend.append([Spent("3")])
    assert store.open().load() == State("foreign", serial=4, spent=("3",))


def test_a_state_is_pushed_where_there_was_none(store: Store) -> None:
    backend = store.open()
    with backend.lock("state push"):
        backend.push(State("one", serial=5))
    assert store.open().load() == State("one", serial=5)


def test_a_backend_says_where_it_is(store: Store) -> None:
    assert "production" in store.open().describe()


# The history of applies


def remembered(number: int, at: float = 1.0, oldest: int = 0) -> HistoryEntry:
    return HistoryEntry(Head(number, number, at, UNKNOWN, "production", None, "d" * 64, oldest=oldest))


def test_a_history_begins_with_the_first_apply_and_is_read_without_the_lock(store: Store) -> None:
    assert list(store.open().history()) == []
    begin(store)
    backend = store.open()
    with backend.lock("test"):
        backend.load()
        for _ in range(3):
            backend.remember(remembered)
    found = store.open().history()
    assert [(line.head.number, line.problem, line.entry()) for line in found] == [
        (number, "", remembered(number, oldest=1)) for number in (1, 2, 3)
    ]


def test_a_history_outlives_the_state_it_was_written_beside(store: Store) -> None:
    begin(store)
    backend = store.open()
    with backend.lock("test"):
        state = backend.load()
        assert state is not None
        backend.remember(remembered)
        backend.save(replace(state, serial=state.serial + 1))
        backend.append([Spent("d")])
        backend.remember(remembered)
    assert [line.head.number for line in store.open().history()] == [1, 2]


def test_nothing_is_remembered_without_the_lock(store: Store) -> None:
    begin(store)
    with pytest.raises(StateError):
        store.open().remember(remembered)
    assert list(store.open().history()) == []


def test_old_applies_are_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hmsplan.state.file.storage._WORTH_FORGETTING", 1)
    begin(store)
    backend = store.open()
    with backend.lock("test"):
        backend.load()
        for _ in range(4):
            backend.remember(remembered, keep=Retention(2))
    found = store.open().history()
    assert [(line.head.number, line.problem) for line in found] == [(3, ""), (4, "")]


def remember_all(store: Store, times: Sequence[float], keep: Retention) -> list[int]:
    """Remember an apply at each of *times*; return the numbers that are there then, each after one that was checked."""
    begin(store)
    backend = store.open()
    with backend.lock("test"):
        backend.load()
        for at in times:
            backend.remember(partial(remembered, at=at), keep=keep)
    found = list(store.open().history())
    assert [line.problem for line in found] == [""] * len(found)
    assert found[-1].head.oldest == found[0].number
    return [line.number for line in found]


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        (Retention(10), [1, 2, 3, 4, 5]),
        (Retention(10, 250), [3, 4, 5]),
        (Retention(2, 250), [4, 5]),
        (Retention(10, 1), [5]),
        (Retention(1), [5]),
    ],
)
def test_applies_are_forgotten_by_number_and_age(
    store: Store, keep: Retention, left: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hmsplan.state.file.storage._WORTH_FORGETTING", 1)
    assert remember_all(store, [100, 200, 300, 400, 500], keep) == left


def test_what_was_forgotten_is_not_expected_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack that keeps more from now on has only what is left."""
    monkeypatch.setattr("hmsplan.state.file.storage._WORTH_FORGETTING", 1)
    remember_all(store, [100, 200, 300], Retention(2))
    backend = store.open()
    with backend.lock("test"):
        backend.load()
        backend.remember(remembered)
    assert [(line.number, line.head.oldest) for line in store.open().history()] == [(2, 1), (3, 2), (4, 2)]


def test_a_history_is_read_from_a_number_on_and_from_its_end(store: Store) -> None:
    remember_all(store, [1, 2, 3, 4], Retention())
    storage = store.open().storage
    assert [number_of(line) for line in storage.history(3)] == [3, 4]
    assert [number_of(line) for line in storage.history(9)] == []
    last = store.open().last_line()
    assert last is not None
    assert (last.number, last.data) == (4, list(storage.history())[-1])


def test_an_entry_that_no_apply_wrote_is_named(store: Store) -> None:
    """By its number or line, so that it can be brought back, or be taken out."""
    remember_all(store, [1], Retention())
    backend = store.open()
    with backend.lock("test"):
        backend.load()
        backend.storage.remember(2, b"damaged\n", 0)
    for read in (lambda: list(store.open().history()), lambda: store.open().last_line()):
        with pytest.raises(StateError, match=r"(line 2|/0*2\.json|@2 of .*): no apply wrote it\. ") as caught:
            read()
        assert caught.value.summary == "History is damaged"


def test_an_entry_after_a_lost_one_goes_on_from_what_the_state_knows(store: Store) -> None:
    begin(store)
    backend = store.open()
    with backend.lock("test"):
        backend.load()
        last = backend.remember(remembered)
        assert backend.remember(remembered, LastEntry(7, "c" * 64)).number == 8
        assert backend.remember(remembered, last).number == 9
    assert [(line.number, line.problem) for line in store.open().history()] == [
        (1, ""),
        (8, "it does not follow the one before"),
        (9, ""),
    ]


def test_the_last_entry_and_an_apply_that_began_are_kept_in_the_state(store: Store) -> None:
    begin(store)
    backend = store.open()
    author = Author("ann", "host", "", "c" * 40, is_clean=True)
    with backend.lock("test"):
        state = backend.load()
        assert state is not None
        backend.append([Began(author, 1.5, "d" * 64), Bound(Binding(A, "1")), Unbound(B)])
    found = store.open().load()
    assert found is not None
    assert found.begun == Begun(author, 1.5, "d" * 64, state.serial + 1, (A, B))
    backend = store.open()
    with backend.lock("test"):
        backend.load()
        backend.save(replace(found, serial=found.serial + 1))
        assert store.open().load() == replace(found, serial=found.serial + 1)
        backend.append([Remembered(LastEntry(3, "e" * 64))])
    ended = store.open().load()
    assert ended is not None
    assert (ended.last, ended.begun) == (LastEntry(3, "e" * 64), None)


def test_a_state_from_elsewhere_knows_no_less_of_the_history(store: Store) -> None:
    begin(store)
    backend = store.open()
    with backend.lock("test"):
        old = backend.load()
        assert old is not None
        backend.append([Remembered(LastEntry(3, "e" * 64))])
        backend.push(old, force=True)
    pushed = store.open().load()
    assert pushed is not None
    assert pushed.last == LastEntry(3, "e" * 64)
