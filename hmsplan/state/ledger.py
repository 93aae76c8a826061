"""The state while an apply runs: many tasks change it, and one fsync serves all that wait.

Whatever returns from here is on the disk. Calls that come while a batch is being written gather in the next one, so
that ten tasks cost about as many fsyncs as one.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hmsplan.errors import StateError
from hmsplan.model import Address, Binding, Deposed, PendingCreate, State
from hmsplan.state import edit, journal
from hmsplan.state.log import LOG
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hmsplan.state.backend import Backend
    from hmsplan.state.journal import Entry

FRESH_S: Final = 1.0
"""How long an intent may be written before its POST is sent."""


class Question:
    """One question in a thread answers all who came before it began; who comes while it is under way gets the next.

    Args:
        ask: raises when the answer is no. Once it did, nobody is answered otherwise.
    """

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask: Final = ask
        self._next: asyncio.Future[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self.failure: StateError | None = None

    async def put(self) -> None:
        """Put the question, or share one that has not begun yet.

        Raises:
            StateError: the answer is no, or was.
        """
        if self.failure is not None:
            raise self.failure
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        answer = self._next
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._go_on())
        await asyncio.shield(answer)  # one caller that is cancelled must not cancel the others

    async def end(self) -> None:
        """Wait until no thread asks any more."""
        if self._asking is not None:
            await asyncio.wait([self._asking])

    async def _go_on(self) -> None:
        while self._next is not None:
            answer, self._next = self._next, None
            try:
                await asyncio.to_thread(self._ask)
            except Exception as error:  # noqa: BLE001 -- whatever it is, nobody may wait for ever
                self._fail(answer, error)
                return
            answer.set_result(None)

    def _fail(self, answer: asyncio.Future[None], error: Exception) -> None:
        self.failure = error if isinstance(error, StateError) else StateError(f"cannot ask for the lock: {error!r}")
        for future in (answer, self._next):
            if future is not None:
                future.set_exception(self.failure)
                future.exception()  # seen, even if every caller was cancelled meanwhile
        self._next = None


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
        self._waiting: list[Entry] = []
        self._stored: asyncio.Future[None] | None = None  # done when all of _waiting is
        self._writer: asyncio.Task[None] | None = None
        self._failure: StateError | None = None
        self._lock: Final = Question(backend.confirm_lock)

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
        await self._put(entries)

    def intent(self, step_key: str) -> PendingCreate | None:
        """Return the open create of one step; None when there is none."""
        return self._draft.intents.get(step_key)

    async def confirm(self) -> None:
        """Ask whether the lock is still this run's. Right before every write to the API; send nothing if it raises.

        Writes that go out in parallel share a question that begins after all of them asked.

        Raises:
            StateError: it was taken away, nobody can say, or the state could not be written before.
        """
        self._refuse_after_failure()
        await self._lock.put()

    async def renew(self, step_key: str, now: float) -> None:
        """Write an intent down anew when its POST is about to be sent, if it had to wait since it was written.

        The grace time of a create begins when it is sent, and the rate limit may keep it for minutes.

        Raises:
            StateError: it is not on the disk, and must not be sent.
        """
        intent = self._draft.intents[step_key]
        if now - intent.started > FRESH_S:
            await self._put([journal.Intended(replace(intent, started=now))])

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
        await self._put([journal.Bound(binding, settles, deposed)])

    async def remember(self, address: Address, unkept: Mapping[str, str]) -> None:
        """Write down what the API has in place of fields that it did not store as sent (``Binding.unkept``)."""
        binding = self.binding(address)
        if binding is not None:
            await self.bind(replace(binding, unkept={**binding.unkept, **unkept}))

    async def count(self, address: Address, member: str, by: int = 1, *, settles: str | None = None) -> None:
        """Count a member of *address*, named by its fingerprint, as added (1) or removed (-1)."""
        await self._put([journal.Counted(address, member, by, settles)])

    async def leave(self, address: Address, member: str) -> None:
        """Write down that the removal of a member is about to be sent, so that it is ours whatever comes after."""
        await self._put([journal.Leaving(address, member)])

    async def stay(self, address: Address, leaving: Mapping[str, int]) -> None:
        """Write down that no removals are under way but *leaving*: what was about to be sent was not done."""
        binding = self.binding(address)
        if binding is not None and dict(binding.leaving) != dict(leaving):
            await self.bind(replace(binding, leaving=leaving))

    async def unbind(self, address: Address) -> None:
        """Forget the object of *address*: it is deleted, gone, or let go."""
        await self._put([journal.Unbound(address)])

    async def settle(self, step_key: str, why: str = "refused") -> None:
        """Close an intent that made nothing.

        Args:
            step_key: key of its step.
            why: fixed words for whoever reads the journal; nothing that an API said.
        """
        await self._put([journal.Settled(step_key, why)])

    async def drop_deposed(self, object_id: str) -> None:
        """Forget a replaced object that is deleted by now."""
        await self._put([journal.DeposedGone(object_id)])

    async def organization(self, organization_id: str) -> None:
        """Remember which organization this is."""
        await self._put([journal.OrganizationKnown(organization_id)])

    async def stack(self, name: str) -> None:
        """Remember whose state this is."""
        await self._put([journal.StackKnown(name)])

    async def spend(self, use: str) -> None:
        """Remember that a saved plan was applied; *use* is ``saved.use_of`` it."""
        await self._put([journal.Spent(use)])

    async def move(self, origin: Address, target: Address) -> None:
        """Bind the object of *origin* to *target* instead."""
        edit.refuse_move(self._draft.bindings, origin, target)
        await self._put([journal.Moved(origin, target)])

    async def close(self) -> None:
        """Write the whole state and empty the journal; a state that never began stays unwritten.

        Tried even after a failure: if the disk has room again, nothing is lost.
        """
        await self._lock.end()
        if self._writer is not None:
            await asyncio.wait([self._writer])  # not awaited itself: being cancelled here must not cancel it
        if self.state.serial > 0:
            await asyncio.to_thread(self._save)

    def _save(self) -> None:
        self._backend.save(self.state)
        self._begin = self._failure = None

    def _refuse_after_failure(self) -> None:
        if failure := self._failure or self._lock.failure:
            raise failure

    async def _put(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            journal.encode("", 0, [entry])  # what cannot be written fails here, alone, and not its whole batch
        for entry in entries:
            self._draft.apply(entry)
        self._state = None
        if self._failure is not None:
            raise self._failure
        if not entries:
            return
        self._waiting += entries
        if self._stored is None:
            self._stored = asyncio.get_running_loop().create_future()
        stored = self._stored
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await asyncio.shield(stored)  # one caller that is cancelled must not cancel the others

    async def _write(self) -> None:
        while self._stored is not None:
            batch, self._waiting = self._waiting, []
            stored, self._stored = self._stored, None
            try:
                await asyncio.to_thread(self._append, batch)
            except Exception as error:  # noqa: BLE001 -- whatever it is, nobody may wait for ever
                self._fail(stored, error)
                return
            stored.set_result(None)

    def _fail(self, stored: asyncio.Future[None], error: Exception) -> None:
        self._failure = error if isinstance(error, StateError) else StateError(f"cannot write the journal: {error!r}")
        for future in (stored, self._stored):
            if future is not None:
                future.set_exception(self._failure)
                future.exception()  # seen, even if every caller was cancelled meanwhile
        self._waiting, self._stored = [], None

    def _append(self, batch: Sequence[Entry]) -> None:
        if self._begin is not None:
            self._backend.save(self._begin)
            self._begin = None
        self._backend.append(batch)
        if LOG.isEnabledFor(logging.DEBUG):
            LOG.debug("wrote down: %s", wording.listed(map(journal.told, batch)))
