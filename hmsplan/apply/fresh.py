"""What a write is decided on: a reading that is a few seconds old at most, shared by the writes of those seconds.

People, other runs and calls change the organization between any two of our requests. So a write asks here for its
object, builds its body on the answer, and asks once more, right before it leaves, whether that answer still counts. One
list of a kind serves all of its writes, so that an apply of many changes costs one list a kind and ten seconds, or one
each time that the rate limit held it up.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hmsplan.api.rate_limit import LONGEST_WAIT_S
from hmsplan.api.refresh import read_list, read_members, read_one
from hmsplan.model import Status

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from hmsplan.api.client import ReadClient
    from hmsplan.kinds import Kind
    from hmsplan.model import RemoteObject, Snapshot

FRESH_S: Final = 10.0
"""The age up to which a reading may decide a write."""

RECENT_S: Final = 1.0
"""The same for what decides about people who may be called at any moment."""


class NotSent(Exception):
    """A write did not leave; what was written down for it is taken back."""


class Outdated(NotSent):
    """The reading was too old when the write was about to leave. Nothing was sent."""


class NotBegun(NotSent):
    """The run was asked to stop before the first write of a step left; a text says another reason.

    Attributes:
        status: of the step.
    """

    status = Status.NOT_STARTED


@dataclass(frozen=True, slots=True)
class Reading:
    """Objects by id, as one list showed them.

    Attributes:
        began: clock reading from which on the API may have made the answer.
        ended: clock reading when it was there.
        number: counts the readings of one list.
        waited_s: how long the run had waited for the rate limit when it was there.
    """

    objects: Mapping[str, RemoteObject]
    began: float
    ended: float
    number: int = 0
    waited_s: float = 0.0


@dataclass(slots=True)
class _Shared:
    """One list, which is read once for all who ask before that reading begins."""

    last: Reading | None = None
    begun: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class FreshReadings:
    """The readings of one apply.

    Args:
        client: to read with.
        clock: seconds that only grow.
        snapshot: what the plan was made from, a reading like any other.
        age_s: how long ago that reading began.
    """

    def __init__(self, client: ReadClient, clock: Callable[[], float], snapshot: Snapshot, age_s: float) -> None:
        self._client, self._clock = client, clock
        self._lists: defaultdict[str, _Shared] = defaultdict(_Shared)
        self._running = _Shared()
        self._objects: dict[str, Reading] = {}
        self._whole: dict[str, RemoteObject] = {}
        self._alone_since: float | None = None
        began = ended = clock() - age_s
        for name, objects in snapshot.objects.items():
            self._lists[name].last = Reading(objects, began, ended)
            self._whole |= objects
        for parent, members in snapshot.members.items():
            self._lists[parent].last = Reading({item.id: item for item in members}, began, ended)

    async def list(self, kind: Kind, *, new: bool = False) -> Reading:
        """Return all objects of *kind*, from a reading that still counts, or one that begins from now on."""
        return await self._shared(self._lists[kind.name], lambda: read_list(self._client, kind), new=new)

    async def running_calls(
        self, read: Callable[[], Awaitable[Mapping[str, RemoteObject]]], *, at_most_s: float, new: bool = False
    ) -> Reading:
        """Return the calls in progress as *read* gives them, from a reading of that age, or one that begins now."""
        return await self._shared(self._running, read, new=new, at_most_s=at_most_s)

    async def members(self, kind: Kind, parent: str, *, new: bool = False) -> Reading:
        """Return the members of one object in the same way."""

        async def read() -> Mapping[str, RemoteObject]:
            return {item.id: item for item in await read_members(self._client, kind, parent)}

        return await self._shared(self._lists[parent], read, new=new)

    async def object(self, kind: Kind, object_id: str) -> tuple[RemoteObject | None, Reading]:
        """Return one object, None when it is not there, and the reading that says so.

        What a list lacks, or shows with fewer fields than it is known to have, is looked up by its id.
        """
        own = self._objects.get(object_id)
        listed = self._lists[kind.name].last
        if own is not None and self.counts(own) and (listed is None or listed.began <= own.began):
            return own.objects.get(object_id), own
        if kind.is_summary:
            return await self.look_up(kind, object_id)
        reading = await self.list(kind)
        live, whole = reading.objects.get(object_id), self._whole.get(object_id)
        if live is not None and (whole is None or whole.fields.keys() <= live.fields.keys()):
            return live, reading
        return await self.look_up(kind, object_id)

    async def look_up(self, kind: Kind, object_id: str) -> tuple[RemoteObject | None, Reading]:
        """Return one object by its id, read now."""
        asked = self._clock()
        live = await read_one(self._client, kind, object_id)
        began, waited_s = max(asked, self._client.held_until), self._client.waited_s
        reading = Reading({} if live is None else {object_id: live}, began, self._clock(), waited_s=waited_s)
        self._objects[object_id] = reading
        if live is not None:
            self._whole[object_id] = live
        return live, reading

    def learn(self, live: RemoteObject) -> None:
        """Take the answer to a write, which has to be the API's own, for a reading of its object."""
        now = self._clock()
        self._objects[live.id] = Reading({live.id: live}, now, now, waited_s=self._client.waited_s)

    def last(self, object_id: str) -> RemoteObject | None:
        """Return what was last known of one object, however old."""
        own = self._objects.get(object_id)
        return own.objects.get(object_id) if own is not None else self._whole.get(object_id)

    def counts(self, reading: Reading, *, at_most_s: float = FRESH_S) -> bool:
        """Say whether *reading* may still decide a write.

        It may not once the rate limit has held us up: much may happen while nothing can be sent. Its age counts from
        its end, or an API that is slow to answer would never be written to.
        """
        age_s = self._clock() - reading.ended
        if self._alone_since is not None:
            unavoidable_s = min(self._client.waited_s - reading.waited_s, LONGEST_WAIT_S)
            return reading.began >= self._alone_since and age_s - unavoidable_s <= at_most_s
        return age_s <= at_most_s and reading.began >= self._client.held_until

    @contextmanager
    def alone(self) -> Iterator[None]:
        """From here on only what is read from here on counts, and waiting for the rate limit does not make it old.

        For a write that follows its reading at once, with nothing else of ours in between: where the limit lets
        a request through every few seconds only, no reading could be younger.
        """
        before, self._alone_since = self._alone_since, self._clock()
        try:
            yield
        finally:
            self._alone_since = before

    def still(self, reading: Reading, *, at_most_s: float = FRESH_S) -> Callable[[], None]:
        """Return what raises ``Outdated`` unless *reading* counts at the moment it is called."""

        def check() -> None:
            if not self.counts(reading, at_most_s=at_most_s):
                raise Outdated

        return check

    async def _shared(
        self,
        shared: _Shared,
        read: Callable[[], Awaitable[Mapping[str, RemoteObject]]],
        *,
        new: bool,
        at_most_s: float = FRESH_S,
    ) -> Reading:
        before = shared.begun
        while True:
            async with shared.turn:
                last = shared.last
                if last is not None and (last.number > before if new else self.counts(last, at_most_s=at_most_s)):
                    return last
                asked, shared.begun = self._clock(), shared.begun + 1
                objects = await read()
                began = max(asked, self._client.held_until)
                shared.last = Reading(objects, began, self._clock(), shared.begun, self._client.waited_s)
                if new or self.counts(shared.last, at_most_s=at_most_s):
                    return shared.last
