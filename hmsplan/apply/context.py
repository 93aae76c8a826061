"""What the steps of one apply share: where they write, what they read, and what they have learned."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hmsplan.apply.fresh import NotBegun

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from hmsplan.api.client import Before, WriteClient
    from hmsplan.apply.create_once import CreateOnce
    from hmsplan.apply.fresh import FreshReadings
    from hmsplan.apply.polling import Polling
    from hmsplan.apply.turns import Turns
    from hmsplan.model import Address, RemoteObject, Snapshot, Spec
    from hmsplan.state.ledger import Ledger


@dataclass(slots=True)
class Index:
    """The objects of one list by what tells them apart, built once a reading: each of many writes looks one up."""

    built: dict[str, tuple[object, dict[str, list[RemoteObject]]]] = field(default_factory=dict)

    def find(
        self, place: str, reading: Mapping[str, RemoteObject], key: str, of: Callable[[RemoteObject], str]
    ) -> Sequence[RemoteObject]:
        """Return the objects of *reading*, the newest one of *place*, that have *key*; *of* gives that of an object."""
        if place not in self.built or self.built[place][0] is not reading:
            found: dict[str, list[RemoteObject]] = {}
            for item in reading.values():
                found.setdefault(of(item), []).append(item)
            self.built[place] = reading, found
        return self.built[place][1].get(key, ())


TOGETHER: Final = 2
"""Attempts at a write beside others."""


@dataclass(slots=True)
class Context:
    """One apply on its way.

    Attributes:
        snapshot: what the plan was made from.
        fresh: what a write may be decided on.
        turns: who may write.
        note: tells people something that no step says.
        ids: address to live id, as far as known; grows as creates are done.
        made: id of an object that this run created to what its answer held.
        added: id of a parent to the ids of the members that this run added.
        planned: id of a parent to its members when the plan was made.
        index: what the newest readings hold, by name or person.
        people: id of a member to the person behind it.
        removed: id of a parent to the ids of the members that this run took off its list.
        begun: the tasks of the steps of which a write was sent; the others are not begun once the run is to stop.
        conditions: what else has to hold until the first write of a task's step was sent; raises what says that it
            does not.
        tolerated: id of an object that goes away to the ids of those that go on using it: the plan named them, and
            somebody allowed it.
    """

    client: WriteClient
    ledger: Ledger
    creator: CreateOnce
    snapshot: Snapshot
    fresh: FreshReadings
    turns: Turns
    grace: Polling
    note: Callable[[str], None]
    ids: dict[Address, str] = field(default_factory=dict)
    made: dict[str, Spec] = field(default_factory=dict)
    added: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    people: dict[str, str] = field(default_factory=dict)
    planned: dict[str, Mapping[str, RemoteObject]] = field(default_factory=dict)
    index: Index = field(default_factory=Index)
    removed: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    tolerated: Mapping[str, Collection[str]] = field(default_factory=dict)
    begun: set[asyncio.Task[object] | None] = field(default_factory=set)
    conditions: dict[asyncio.Task[object] | None, Callable[[], None]] = field(default_factory=dict)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Read and write with nothing else of ours in between."""
        async with self.turns.alone():
            with self.fresh.alone():
                yield

    def attempt(self, number: int) -> AbstractAsyncContextManager[None]:
        """Return the room for the n-th attempt, from 0, at a write that was too late for its reading: beside others.

        After two of them it goes alone, or the others would make it too late for ever.
        """
        return nullcontext() if number < TOGETHER else self.alone()

    def before(self, *checks: Callable[[], None]) -> Before:
        """Return what the client awaits right before it sends a write: is the lock ours, do the readings count?"""

        async def ask() -> None:
            if self.grace.stopping() and asyncio.current_task() not in self.begun:
                raise NotBegun
            await self.ledger.confirm()
            for check in checks:
                check()
            task = asyncio.current_task()
            if task not in self.begun and task in self.conditions:
                self.conditions[task]()
            self.begun.add(task)

        return ask

    @contextmanager
    def until_begun(self, check: Callable[[], None]) -> Iterator[None]:
        """Have *check* asked right before the first write of this task leaves."""
        task = asyncio.current_task()
        self.conditions[task] = check
        try:
            yield
        finally:
            del self.conditions[task]
