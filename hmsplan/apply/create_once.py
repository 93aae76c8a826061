"""The create protocol: never two objects from one create, though the API knows no idempotency key.

Write the intent down, POST once, and when the outcome is unknown, look: list until the object shows up or the
grace time is over. One object that is new, has the natural key and equals what was sent is it. None is proof that it
was not made. Anything else a person has to decide (``hmsplan resolve``), and the intent stays open.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hmsplan.api.objects import create_object
from hmsplan.api.refresh import parse_member, read_list, read_members, read_one
from hmsplan.api.urls import segments
from hmsplan.apply.fresh import NotSent
from hmsplan.apply.turns import Turns
from hmsplan.errors import Ambiguous, ApiError, HmsplanError
from hmsplan.planner.absence import is_whole, proves_absence
from hmsplan.planner.matching import matches, same_identity
from hmsplan.planner.members import fingerprint
from hmsplan.state.journal import Settled
from hmsplan.state.ledger import FRESH_S

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hmsplan.api.client import Before, WriteClient
    from hmsplan.apply.polling import Polling
    from hmsplan.kinds import Kind
    from hmsplan.model import PendingCreate, RemoteObject
    from hmsplan.state.ledger import Ledger


_TRIES: Final = 2


class UnknownOutcome(HmsplanError):
    """A POST may have made an object, and the lists do not decide; its intent stays open."""

    summary = "Unknown outcome"


@dataclass(frozen=True, slots=True)
class CreateOnce:
    """Sends POSTs under the create protocol.

    Attributes:
        grace: how long an object may take to show up in a list.
        bound: returns the ids of a kind that addresses are bound to by now; they are not lost creates.
        note: told when an answer is lost and when its object is found.
        turns: who may write.
        one_by_one: creates with one natural key. Only one of them looks at a time, or two would find the same object.
        lost: by step, how many answers were lost in this run, also when it was decided on again in between.
    """

    client: WriteClient
    ledger: Ledger
    grace: Polling
    bound: Callable[[str], set[str]]
    note: Callable[[str], None]
    turns: Turns = field(default_factory=Turns)
    lost: Counter[str] = field(default_factory=Counter)
    one_by_one: defaultdict[tuple[str, str | None, tuple[str, ...]], asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )

    def one_at_a_time(self, kind: Kind, parent: str | None, identity: tuple[str, ...]) -> asyncio.Lock:
        """Return what to hold around ``create``, and around what it is decided on. Take it before a turn to write."""
        return self.one_by_one[kind.name, parent, identity]

    def sent_by(self) -> float:
        """Return when a POST whose intent is written now is sent at the latest, by the API's clock.

        The grace time counts from there: were it to begin earlier, it would end before the POST has had all of it.
        """
        return self.client.server_latest() + FRESH_S

    async def create(self, kind: Kind, intent: PendingCreate, body: Mapping[str, Any], before: Before) -> RemoteObject:
        """Make one object, or one member when the intent has a parent, exactly once.

        *before* is awaited right before each POST; what it raises is raised here, and nothing was sent. The caller
        holds ``one_at_a_time``.

        Raises:
            ApiError: the API refused, which proves that nothing was made.
            UnknownOutcome: it may have been made.
            HmsplanError: it was proven twice not to have been made.
        """
        await self.ledger.intend([intent])
        doubt = "its answer was lost"
        while self.lost[intent.step] < _TRIES:
            try:
                if (live := await self._post(kind, intent, body, before)) is not None:
                    return live
                doubt = "its answer holds no object"
            except Ambiguous as error:
                doubt = str(error)
            except ApiError:
                await self.ledger.write(Settled(intent.step, "refused"))
                raise
            except NotSent:
                await self.ledger.write(Settled(intent.step, "not sent"))
                raise
            self.lost[intent.step] += 1
            self.note(f"{intent.address}: {doubt}. Looking whether it was made ...")
            try:
                found = await self._look(kind, intent)
            except ApiError as error:
                raise UnknownOutcome(f"{doubt}; nor can it be looked for: {error}. {_way_out(intent)}") from error
            if found is not None:
                self.note(f"{intent.address}: it was made, as {found.id}")
                return found
        await self.ledger.write(Settled(intent.step, "proven absent"))
        raise HmsplanError(f"{doubt}; tried twice, and it was not made", summary="Not created")

    async def _post(
        self, kind: Kind, intent: PendingCreate, body: Mapping[str, Any], before: Before
    ) -> RemoteObject | None:
        async def ask() -> None:
            await self.ledger.renew(intent.step, self.sent_by())
            await before()

        async with self.turns.together():
            if intent.parent is None or kind.members is None:
                return await create_object(self.client, kind, body, ask)
            where = segments(kind.path, intent.parent, kind.members.path)
            return parse_member(kind, await self.client.post(where, body, before=ask))

    async def _look(self, kind: Kind, intent: PendingCreate) -> RemoteObject | None:
        """Look until one object is it; None when the grace time is over and nothing showed up."""
        async for is_last in self.grace.looks():
            candidates = await self._candidates(kind, intent)
            certain = [live for live in candidates if intent.parent is not None or matches(kind, intent, live)]
            if len(certain) == 1 or (certain and intent.parent is not None):
                return certain[0]
            if candidates:
                ids = ", ".join(live.id for live in candidates)
                raise UnknownOutcome(f"{len(candidates)} live objects may be it: {ids}. {_way_out(intent)}")
            if is_last:
                await self._prove_whole(kind, intent)
                return None
        raise UnknownOutcome(f"stopped before it showed up. The next run looks again. {_way_out(intent)}")

    async def _prove_whole(self, kind: Kind, intent: PendingCreate) -> None:
        """Make sure that the list may be believed when it lacks the object: it has to have all that we know of.

        Raises:
            UnknownOutcome: it is incomplete, so it proves nothing.
        """
        if intent.parent is not None:
            await self._prove_members_whole(kind, intent.parent, intent)
            return
        listed = await read_list(self.client, kind)
        started = self.ledger.intent(intent.step) or intent
        if self.bound(kind.name) - listed.keys() or not proves_absence(kind, listed.values(), started.started):
            raise UnknownOutcome(f"the list of {kind.name} may be incomplete and proves nothing. {_way_out(intent)}")

    async def _prove_members_whole(self, kind: Kind, parent: str, intent: PendingCreate) -> None:
        """Make sure that a list of members shows as many as its parent counts.

        Raises:
            UnknownOutcome: it is capped, or lags behind.
        """
        if kind.members is None:
            return
        listed, owner = await read_members(self.client, kind, parent), await read_one(self.client, kind, parent)
        if owner is not None and not is_whole(kind.members, owner, listed):
            total = owner.fields.get(kind.members.total) or "perhaps more"
            text = f"the list shows {len(listed)} of {total} {kind.members.name}, and proves nothing"
            raise UnknownOutcome(f"{text}. {_way_out(intent)}")

    async def _candidates(self, kind: Kind, intent: PendingCreate) -> Sequence[RemoteObject]:
        if intent.parent is None or kind.members is None:
            mine = self.bound(kind.name)
            objects = (await read_list(self.client, kind)).values()
            return same_identity(kind, intent, [live for live in objects if live.id not in mine])
        found = await read_members(self.client, kind, intent.parent)
        mark, lineage = intent.identity[0], self.ledger.lineage
        new = [live for live in found if live.id not in intent.before]
        return [live for live in new if fingerprint(kind.members, live.fields, lineage) == mark]


def _way_out(intent: PendingCreate) -> str:
    return f"To decide: hmsplan resolve {intent.address} --adopt ID, or --none"
