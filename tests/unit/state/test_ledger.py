"""The ledger: durable before it returns, one write for many callers, and nothing lost when the storage fails."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

import pytest

from hmsplan.errors import StateError
from hmsplan.model import Address, Binding, Deposed, PendingCreate, Secret, State
from hmsplan.state.backend import Backend, new_state
from hmsplan.state.file.storage import FileStorage
from hmsplan.state.journal import Counted, DeposedGone, Entry, OrganizationKnown, Settled, Spent, Unbound, replay
from hmsplan.state.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

A, B, C = Address("assistants", "a"), Address("assistants", "b"), Address("campaigns", "c")
STEP = "assistants.a:create"


def intent(
    step: str = STEP, address: Address = A, parent: str | None = None, deposes: str | None = None
) -> PendingCreate:
    return PendingCreate(step, address, address.kind, ("A",), {"name": "A"}, frozenset(), 1.0, parent, deposes)


class Watched(Backend):
    """A file backend that remembers its batches, and can be made to wait or to fail."""

    def __init__(self, folder: Path) -> None:
        super().__init__(FileStorage(folder))
        self.batches: list[Sequence[Entry]] = []
        self.may_write = threading.Event()
        self.may_write.set()
        self.error: Exception | None = None
        self.questions = 0
        self.has_looked = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()

    def confirm_lock(self) -> None:
        self.questions += 1
        super().confirm_lock()
        self.has_looked.set()
        assert self.may_answer.wait(30)

    async def asked(self) -> None:
        """Wait until somebody looked whose the lock is; the answer is still on its way."""
        assert await asyncio.to_thread(self.has_looked.wait, 30)

    def append(self, entries: Sequence[Entry]) -> None:
        assert self.may_write.wait(30)
        if self.error is not None:
            raise self.error
        super().append(entries)
        self.batches.append(tuple(entries))


def run(folder: Path, work: Callable[[Ledger, Watched], Awaitable[None]], start: State | None = None) -> State | None:
    """Do *work* with a ledger in *folder* under its lock, and read what is stored then."""
    backend = Watched(folder)
    with backend.lock("test"):
        stored = backend.load()
        if start is not None:
            backend.save(start)
            stored = start
        ledger = Ledger(backend, stored or new_state())
        asyncio.run(_awaited(work(ledger, backend)))
    return Backend(FileStorage(folder)).load()


async def _awaited(work: Awaitable[None]) -> None:
    await work


def test_an_intent_is_on_the_disk_when_the_call_returns(tmp_path: Path) -> None:
    async def work(ledger: Ledger, _: Watched) -> None:
        await ledger.intend([intent(), intent("second")])
        assert Backend(FileStorage(tmp_path)).load() == ledger.state

    stored = run(tmp_path, work)
    assert stored is not None
    assert [i.step for i in stored.intents] == [STEP, "second"]


def test_each_method_does_to_the_state_what_it_says(tmp_path: Path) -> None:
    async def work(ledger: Ledger, _: Watched) -> None:
        await ledger.write(OrganizationKnown("org"))
        await ledger.intend([intent(), intent("refused"), intent("lead", C, parent="c-1")])
        await ledger.bind(Binding(A, "1", {"name": "A"}), settles=STEP, deposed=Deposed(A, "0"))
        await ledger.bind(Binding(C, "c-1"))
        await ledger.write(Counted(C, "f" * 16, settles="lead"))
        await ledger.write(Counted(C, "f" * 16))
        await ledger.write(Counted(C, "e" * 16))
        await ledger.write(Counted(C, "e" * 16, -1))
        await ledger.write(Settled("refused", "refused"))
        await ledger.bind(Binding(Address("numbers", "n"), "n-1"))
        await ledger.write(Unbound(Address("numbers", "n")))
        await ledger.move(A, B)
        assert ledger.state.deposed == (Deposed(B, "0"),)
        await ledger.write(DeposedGone("0"))
        await ledger.write(Spent("d" * 64))
        assert Backend(FileStorage(tmp_path)).load() == ledger.state
        await ledger.close()
        assert Backend(FileStorage(tmp_path)).load() == ledger.state

    stored = run(tmp_path, work)
    assert stored is not None
    assert stored.bindings == {B: Binding(B, "1", {"name": "A"}), C: Binding(C, "c-1", members={"f" * 16: 2})}
    assert (stored.intents, stored.deposed, stored.organization, stored.spent) == ((), (), "org", ("d" * 64,))


def test_a_single_binding_is_known_without_the_whole_state(tmp_path: Path) -> None:
    async def work(ledger: Ledger, _: Watched) -> None:
        assert ledger.binding(C) is None
        await ledger.write(OrganizationKnown("org"))
        await ledger.bind(Binding(C, "c-1"))
        assert ledger.binding(C) == Binding(C, "c-1")
        await ledger.write(Counted(C, "f" * 16))
        early = ledger.binding(C)
        await ledger.write(Counted(C, "f" * 16))
        assert early == Binding(C, "c-1", members={"f" * 16: 1})
        assert ledger.binding(C) == ledger.state.bindings[C]
        assert (ledger.lineage, ledger.organization_id) == (ledger.state.lineage, "org")

    run(tmp_path, work)


def test_a_bound_replacement_deposes_what_its_intent_named(tmp_path: Path) -> None:
    async def work(ledger: Ledger, _: Watched) -> None:
        await ledger.intend([intent(deposes="0")])
        await ledger.bind(Binding(A, "1"), settles=STEP)

    stored = run(tmp_path, work)
    assert stored is not None
    assert stored.deposed == (Deposed(A, "0"),)


def test_a_lost_campaign_takes_its_late_members_along(tmp_path: Path) -> None:
    async def work(ledger: Ledger, _: Watched) -> None:
        await ledger.intend([intent("lead", C, parent="c-1")])
        await ledger.write(Counted(C, "f" * 16, settles="lead"))

    stored = run(tmp_path, work)
    assert stored is not None
    assert (stored.bindings, stored.intents) == ({}, ())


def test_an_earlier_state_is_left_alone_by_later_calls(tmp_path: Path) -> None:
    async def work(ledger: Ledger, _: Watched) -> None:
        await ledger.bind(Binding(C, "c-1"))
        await ledger.write(Counted(C, "f" * 16))
        early = ledger.state
        await ledger.write(Counted(C, "f" * 16))
        await ledger.write(Unbound(C))
        assert early.bindings == {C: Binding(C, "c-1", members={"f" * 16: 1})}

    run(tmp_path, work)


def test_an_intent_that_is_still_open_cannot_be_opened_again(tmp_path: Path) -> None:
    async def work(ledger: Ledger, _: Watched) -> None:
        await ledger.intend([intent()])
        with pytest.raises(StateError, match="is open already"):
            await ledger.intend([intent()])
        await ledger.write(Settled(STEP, "refused"))
        await ledger.intend([intent()])

    run(tmp_path, work)


def test_an_intent_is_written_anew_when_its_post_had_to_wait(tmp_path: Path) -> None:
    """The grace time begins when the POST is sent; one that did not wait costs no second write."""

    async def work(ledger: Ledger, backend: Watched) -> None:
        await ledger.intend([intent()])
        await ledger.renew(STEP, 1.5)
        assert len(backend.batches) == 1
        await ledger.renew(STEP, 61.0)
        await ledger.renew(STEP, 61.5)
        assert len(backend.batches) == 2
        assert Backend(FileStorage(tmp_path)).load() == ledger.state

    stored = run(tmp_path, work)
    assert stored is not None
    assert [(i.step, i.started) for i in stored.intents] == [(STEP, 61.0)]


def test_calls_of_one_tick_share_one_write(tmp_path: Path) -> None:
    async def work(ledger: Ledger, backend: Watched) -> None:
        await asyncio.gather(*(ledger.intend([intent(str(number))]) for number in range(10)))
        assert list(map(len, backend.batches)) == [10]

    run(tmp_path, work)


def test_calls_that_come_during_a_write_share_the_next_one(tmp_path: Path) -> None:
    async def work(ledger: Ledger, backend: Watched) -> None:
        backend.may_write.clear()
        tasks = [asyncio.create_task(ledger.intend([intent("first")]))]
        await asyncio.sleep(0.01)
        tasks += [asyncio.create_task(ledger.intend([intent(str(number))])) for number in range(5)]
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in tasks)
        backend.may_write.set()
        await asyncio.gather(*tasks)
        assert list(map(len, backend.batches)) == [1, 5]

    run(tmp_path, work)


def test_a_cancelled_caller_stops_neither_the_write_nor_the_others(tmp_path: Path) -> None:
    async def work(ledger: Ledger, backend: Watched) -> None:
        backend.may_write.clear()
        first, second = (asyncio.create_task(ledger.intend([intent(step)])) for step in ("1", "2"))
        await asyncio.sleep(0.01)
        first.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await first
        backend.may_write.set()
        await second
        assert Backend(FileStorage(tmp_path)).load() == ledger.state

    stored = run(tmp_path, work)
    assert stored is not None
    assert len(stored.intents) == 2


def test_closing_waits_for_what_nobody_waits_for_any_more(tmp_path: Path) -> None:
    async def work(ledger: Ledger, backend: Watched) -> None:
        backend.may_write.clear()
        task = asyncio.create_task(ledger.bind(Binding(A, "1")))
        await asyncio.sleep(0.01)
        task.cancel()
        threading.Timer(0.02, backend.may_write.set).start()
        await ledger.close()

    stored = run(tmp_path, work)
    assert stored is not None
    assert A in stored.bindings


def test_a_run_that_changes_nothing_writes_nothing(tmp_path: Path) -> None:
    async def work(ledger: Ledger, _: Watched) -> None:
        await ledger.intend([])
        await ledger.close()

    assert run(tmp_path, work) is None
    assert not (tmp_path / "state.json").exists()


def test_closing_empties_the_journal_of_a_run_that_was_killed(tmp_path: Path) -> None:
    async def killed(ledger: Ledger, _: Watched) -> None:
        await ledger.bind(Binding(A, "1"))

    async def work(ledger: Ledger, _: Watched) -> None:
        await ledger.close()

    before = run(tmp_path, killed)
    assert run(tmp_path, work) == before
    assert (tmp_path / "journal.jsonl").read_bytes() == b""


@pytest.mark.parametrize("error", [StateError("disk full"), ValueError("disk full")])
def test_after_a_failed_write_nothing_is_created_and_nothing_forgotten(tmp_path: Path, error: Exception) -> None:
    async def work(ledger: Ledger, backend: Watched) -> None:
        await ledger.intend([intent()])
        backend.error = error
        with pytest.raises(StateError, match="disk full"):
            await ledger.bind(Binding(A, "1"), settles=STEP)
        with pytest.raises(StateError, match="disk full"):
            await ledger.intend([intent("second")])
        with pytest.raises(StateError, match="disk full"):
            await ledger.bind(Binding(B, "2"))
        assert set(ledger.state.bindings) == {A, B}
        assert ledger.state.intents == ()
        stored = Backend(FileStorage(tmp_path)).load()
        assert stored is not None
        assert [i.step for i in stored.intents] == [STEP]
        await ledger.close()
        assert Backend(FileStorage(tmp_path)).load() == ledger.state

    run(tmp_path, work)


def test_all_who_wait_hear_of_a_failed_write(tmp_path: Path) -> None:
    async def work(ledger: Ledger, backend: Watched) -> None:
        await ledger.write(OrganizationKnown("org"))
        backend.error = StateError("disk full")
        backend.may_write.clear()
        tasks = [asyncio.create_task(ledger.bind(Binding(A, "1")))]
        await asyncio.sleep(0.01)
        tasks += [asyncio.create_task(ledger.bind(Binding(B, str(number)))) for number in range(3)]
        await asyncio.sleep(0.01)
        backend.may_write.set()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(answer) for answer in answers] == [StateError] * 4

    run(tmp_path, work)


def test_the_lock_is_asked_for_each_time(tmp_path: Path) -> None:
    async def work(ledger: Ledger, backend: Watched) -> None:
        for _ in range(3):
            await ledger.confirm()
        assert backend.questions == 3

    run(tmp_path, work)


def test_writes_of_one_moment_share_a_question_that_begins_after_they_asked(tmp_path: Path) -> None:
    """An answer that was on its way already may be older than the one who asks, who gets the next one."""

    async def work(ledger: Ledger, backend: Watched) -> None:
        backend.may_answer.clear()
        early = [asyncio.create_task(ledger.confirm()) for _ in range(5)]
        await backend.asked()
        late = [asyncio.create_task(ledger.confirm()) for _ in range(20)]
        await asyncio.sleep(0.01)
        assert backend.questions == 1
        Backend(FileStorage(tmp_path)).unlock(force=True)
        backend.may_answer.set()
        assert await asyncio.gather(*early) == [None] * 5
        answers = await asyncio.gather(*late, return_exceptions=True)
        assert [type(answer) for answer in answers] == [StateError] * 20
        assert backend.questions == 2

    run(tmp_path, work)


def test_twenty_writes_cost_two_questions(tmp_path: Path) -> None:
    async def work(ledger: Ledger, backend: Watched) -> None:
        backend.may_answer.clear()
        first = asyncio.create_task(ledger.confirm())
        await backend.asked()
        others = [asyncio.create_task(ledger.confirm()) for _ in range(19)]
        await asyncio.sleep(0.01)
        backend.may_answer.set()
        await first
        assert not any(task.done() for task in others)
        await asyncio.gather(*others)
        assert backend.questions == 2

    run(tmp_path, work)


def test_a_cancelled_question_leaves_the_others_theirs(tmp_path: Path) -> None:
    async def work(ledger: Ledger, backend: Watched) -> None:
        backend.may_answer.clear()
        first, second = (asyncio.create_task(ledger.confirm()) for _ in range(2))
        await asyncio.sleep(0.01)
        first.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await first
        backend.may_answer.set()
        await second
        await ledger.confirm()

    run(tmp_path, work)


def test_after_the_lock_is_lost_nothing_is_sent_any_more(tmp_path: Path) -> None:
    """The answer is remembered: a lock that is there again is another run's, or was won without a new reading."""

    async def work(ledger: Ledger, backend: Watched) -> None:
        await ledger.confirm()
        note = (tmp_path / "lock.owner").read_bytes()
        (tmp_path / "lock.owner").unlink()
        with pytest.raises(StateError, match="taken away"):
            await ledger.confirm()
        (tmp_path / "lock.owner").write_bytes(note)
        asked = backend.questions
        with pytest.raises(StateError, match="taken away"):
            await ledger.confirm()
        with pytest.raises(StateError, match="taken away"):
            await ledger.intend([intent()])
        assert backend.questions == asked

    assert run(tmp_path, work) is None


def test_what_happened_before_the_lock_was_asked_for_in_vain_is_still_written(tmp_path: Path) -> None:
    """A question that failed for another reason than the loss of the lock must not lose what is known."""

    async def work(ledger: Ledger, _: Watched) -> None:
        await ledger.intend([intent()])
        note = (tmp_path / "lock.owner").read_bytes()
        (tmp_path / "lock.owner").unlink()
        with pytest.raises(StateError):
            await ledger.confirm()
        (tmp_path / "lock.owner").write_bytes(note)
        await ledger.bind(Binding(A, "1"), settles=STEP)

    stored = run(tmp_path, work)
    assert stored is not None
    assert set(stored.bindings) == {A}


def test_closing_waits_for_a_question_that_nobody_waits_for_any_more(tmp_path: Path) -> None:
    async def work(ledger: Ledger, backend: Watched) -> None:
        backend.may_answer.clear()
        task = asyncio.create_task(ledger.confirm())
        await backend.asked()
        task.cancel()
        closing = asyncio.create_task(ledger.close())
        await asyncio.sleep(0.02)
        assert not closing.done()
        backend.may_answer.set()
        await closing

    run(tmp_path, work)


def test_when_the_state_could_not_be_written_nothing_more_is_sent(tmp_path: Path) -> None:
    async def work(ledger: Ledger, backend: Watched) -> None:
        backend.error = StateError("disk full")
        with pytest.raises(StateError, match="disk full"):
            await ledger.bind(Binding(A, "1"))
        with pytest.raises(StateError, match="disk full"):
            await ledger.confirm()
        assert backend.questions == 0

    run(tmp_path, work)


def test_what_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    async def work(ledger: Ledger, _: Watched) -> None:
        bad, good = await asyncio.gather(
            ledger.bind(Binding(A, "1", {"auth_password": Secret("trunk", "hunter2")})),
            ledger.bind(Binding(B, "2")),
            return_exceptions=True,
        )
        assert isinstance(bad, StateError)
        assert "hunter2" not in str(bad)
        assert good is None
        assert set(ledger.state.bindings) == {B}

    stored = run(tmp_path, work)
    assert stored is not None
    assert set(stored.bindings) == {B}


def test_a_move_onto_a_bound_address_is_refused(tmp_path: Path) -> None:
    async def work(ledger: Ledger, _: Watched) -> None:
        await ledger.bind(Binding(A, "1"))
        await ledger.bind(Binding(B, "2"))
        with pytest.raises(StateError, match="bound already"):
            await ledger.move(A, B)

    run(tmp_path, work)


def test_the_state_is_what_a_replay_of_the_written_entries_gives(tmp_path: Path) -> None:
    start = State("lineage", 4, "org", {C: Binding(C, "c-1", members={"e" * 16: 1})})

    async def work(ledger: Ledger, backend: Watched) -> None:
        async def create(number: int) -> None:
            address = Address("assistants", f"a{number}")
            await ledger.intend([intent(str(number), address)])
            await ledger.bind(Binding(address, str(number)), settles=str(number))
            await ledger.write(Counted(C, f"{number % 3:016x}"))

        await asyncio.gather(*(create(number) for number in range(30)))
        assert replay(start, [entry for batch in backend.batches for entry in batch]) == ledger.state

    assert run(tmp_path, work, start) is not None
