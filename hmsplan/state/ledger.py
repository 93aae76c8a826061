"""The state while an apply runs: many tasks change it, and one fsync serves all that wait.

Whatever returns from here is on the disk. Calls that come while a batch is being written gather in the next one, so
that ten tasks cost about as many fsyncs as one.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from hmsplan.errors import StateError
from hmsplan.model import Address, Binding, Deposed, LastEntry, PendingCreate, State
from hmsplan.state import edit, journal
from hmsplan.state.log import LOG
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hmsplan.state.backend import Backend
    from hmsplan.state.journal import Entry

T = TypeVar("T")

FRESH_S: Final = 1.0
"""How long an intent may be written before its POST is sent."""


class Turns(Generic[T]):
    """One call in a thread serves all who came before it began; who comes while it is under way shares the next one.

    Args:
        call: takes what was put since the call before; raises on failure.
        what: names the call for people.

    Attributes:
        failure: why a call failed; no further one is made while it stands.
    """

    def __init__(self, call: Callable[[Sequence[T]], None], what: str) -> None:
        self._call: Final = call
        self._what: Final = what
        self._waiting: list[T] = []
        self._next: asyncio.Future[None] | None = None  # done when all of _waiting is served
        self._calling: asyncio.Task[None] | None = None
        self.failure: StateError | None = None

    async def put(self, items: Sequence[T] = ()) -> None:
        """Wait until a call that began after this one was made has taken *items*.

        Raises:
            StateError: that call failed, or one before it.
        """
        if self.failure is not None:
            raise self.failure
        self._waiting += items
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        served = self._next
        if self._calling is None or self._calling.done():
            self._calling = asyncio.create_task(self._go_on())
        await asyncio.shield(served)  # one caller that is cancelled must not cancel the others

    async def end(self) -> None:
        """Wait until no thread is at work any more."""
        if self._calling is not None:
            await asyncio.wait([self._calling])  # not awaited itself: being cancelled here must not cancel it

    async def _go_on(self) -> None:
        while self._next is not None:
            served, self._next = self._next, None
            items, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(self._call, items)
            except Exception as error:  # noqa: BLE001 -- whatever it is, no caller may wait for ever
                self._fail(served, error)
                return
            served.set_result(None)

    def _fail(self, served: asyncio.Future[None], error: Exception) -> None:
        self.failure = error if isinstance(error, StateError) else StateError(f"cannot {self._what}: {error!r}")
        for future in (served, self._next):
            if future is not None:
                future.set_exception(self.failure)
                future.exception()  # seen, even if every caller was cancelled meanwhile
        self._waiting, self._next = [], None


class Ledger:
    """The state of one run, under the lock that the caller holds.

    Memory comes first: when the storage fails, the call raises and ``state`` still knows what happened, so that it can
    be kept elsewhere (``errored.state.json``). After a failure ``intend`` and ``confirm`` refuse, hence nothing more is
    sent; so they do once the lock is not this run's any more.

    Args:
        backend: from which *state* was loaded.
        state: what it loaded; ``new_state()`` when there was none. It is stored with the first entry.
    """

    def __init__(self, backend: Backend, state: State) -> None:
        self._backend: Final = backend
        self._draft = journal.Draft(state)
        self._state: State | None = state
        self._begin: State | None = state if state.serial == 0 else None
        self._writer: Final = Turns(self._append, "write the journal")
        self._lock: Final = Turns[None](lambda _: backend.confirm_lock(), "ask for the lock")

    @property
    def state(self) -> State:
        """The state as of now; a value that later calls leave alone."""
        if self._state is None:
            self._state = self._draft.freeze()
        return self._state

    @property
    def lineage(self) -> str:
        """The lineage of the state, which keys the fingerprints of members."""
        return self._draft.lineage

    @property
    def organization_id(self) -> str | None:
        """The organization that the state belongs to; None until an answer told it."""
        return self._draft.organization

    @property
    def stack_name(self) -> str | None:
        """The stack whose state this is; None until an apply wrote it down."""
        return self._draft.stack

    def binding(self, address: Address) -> Binding | None:
        """Return what is known of one address now; None when it is not bound."""
        return self._draft.binding(address)

    async def write(self, *entries: Entry) -> None:
        """Write down *entries*; ``intend``, ``bind`` and ``move`` are for those that need a look first."""
        for entry in entries:
            journal.encode("", 0, [entry])  # what cannot be written fails here, alone, and not its whole batch
        for entry in entries:
            self._draft.apply(entry)
        self._state = None
        if entries or self._writer.failure is not None:
            await self._writer.put(entries)

    async def intend(self, intents: Iterable[PendingCreate]) -> None:
        """Write down the POSTs that are about to be sent. Send none of them unless this returns.

        An intent of a member has the member's fingerprint as its ``identity`` and no ``applied``: no phone number is
        stored.

        Raises:
            StateError: they are not on the disk; or an intent of the same step is still open.
        """
        self._refuse_after_failure()
        entries = [journal.Intended(intent) for intent in intents]
        for entry in entries:
            if entry.intent.step in self._draft.intents:
                raise StateError(f"{entry.intent.step} is open already: its result is not known yet")
        await self.write(*entries)

    def intent(self, step_key: str) -> PendingCreate | None:
        """Return the open create of one step; None when there is none."""
        return self._draft.intents.get(step_key)

    async def confirm(self) -> None:
        """Ask whether the lock is still this run's. Right before every write to the API; send nothing if it raises.

        Writes that go out in parallel share a question that begins after all of them asked.

        Raises:
            StateError: it was taken away, the storage does not answer, or the state could not be written before.
        """
        self._refuse_after_failure()
        await self._lock.put()

    async def renew(self, step_key: str, now: float) -> None:
        """Write an intent down again when its POST is about to be sent, if it had to wait since it was written.

        The grace time of a create begins when it is sent, and the rate limit may keep it for minutes.

        Raises:
            StateError: it is not on the disk, and must not be sent.
        """
        intent = self._draft.intents[step_key]
        if now - intent.started > FRESH_S:
            await self.write(journal.Intended(replace(intent, started=now)))

    async def bind(self, binding: Binding, *, settles: str | None = None, deposed: Deposed | None = None) -> None:
        """Bind an address to an object, as of now with these applied fields, protection and members.

        Args:
            binding: replaces the earlier one of its address whole, members included.
            settles: key of the step whose intent this answers.
            deposed: the object that was bound before; by default the one that the intent says it deposes.
        """
        intent = self._draft.intents.get(settles or "")
        if deposed is None and intent is not None and intent.deposes:
            deposed = Deposed(binding.address, intent.deposes)
        await self.write(journal.Bound(binding, settles, deposed))

    async def remember(self, address: Address, unkept: Mapping[str, str]) -> None:
        """Write down what the API has in place of fields that it did not store as sent (``Binding.unkept``)."""
        binding = self.binding(address)
        if binding is not None:
            await self.bind(replace(binding, unkept={**binding.unkept, **unkept}))

    async def stay(self, address: Address, leaving: Mapping[str, int]) -> None:
        """Write down that no removals are under way but *leaving*: what was about to be sent was not done."""
        binding = self.binding(address)
        if binding is not None and dict(binding.leaving) != dict(leaving):
            await self.bind(replace(binding, leaving=leaving))

    async def move(self, origin: Address, target: Address) -> None:
        """Bind the object of *origin* to *target* instead."""
        edit.refuse_move(self._draft.bindings, origin, target)
        await self.write(journal.Moved(origin, target))

    def end(self, last: LastEntry | None) -> None:
        """Take it that the apply has ended, and that *last* is the last entry of the history; ``close`` stores it."""
        self._draft.apply(journal.Remembered(last))
        self._state = None

    async def close(self) -> None:
        """Write the whole state and empty the journal; a state that never began stays unwritten.

        Tried even after a failure: if the disk has room again, nothing is lost.
        """
        await self._lock.end()
        await self._writer.end()
        if self.state.serial > 0:
            await asyncio.to_thread(self._save)

    def _save(self) -> None:
        self._backend.save(self.state)
        self._begin = self._writer.failure = None

    def _refuse_after_failure(self) -> None:
        if failure := self._writer.failure or self._lock.failure:
            raise failure

    def _append(self, batch: Sequence[Entry]) -> None:
        if self._begin is not None:
            self._backend.save(self._begin)
            self._begin = None
        self._backend.append(batch)
        if LOG.isEnabledFor(logging.DEBUG):
            LOG.debug("wrote down: %s", wording.listed(map(journal.told, batch)))
