"""Reading back what an apply wrote: one list of each kind, compared by value.

A list may lag behind or be capped, so an object that it lacks or shows with other values is looked up by its id before
anything is said of it, and gets the grace time to show up.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hmsplan.api.snapshot import read_list, read_members, read_one
from hmsplan.apply.verify import mismatches
from hmsplan.errors import HmsplanError
from hmsplan.kinds import KINDS
from hmsplan.members import member_key
from hmsplan.model import Status, Verb
from hmsplan.overlay import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hmsplan.api.client import ReadClient
    from hmsplan.apply.grace import Grace
    from hmsplan.kinds import Kind
    from hmsplan.model import Address, Outcome, RemoteObject, Spec

WRITES = frozenset({Verb.CREATE, Verb.UPDATE, Verb.DELETE})


@dataclass(frozen=True, slots=True)
class Readback:
    """Compares what is there with what was written.

    Attributes:
        ids: address to live id.
        note: told when a list could not be read; that alone fails no step.
        grace: how long a list may lag behind.
    """

    client: ReadClient
    ids: Mapping[Address, str]
    note: Callable[[str], None]
    grace: Grace

    async def check(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """Return the outcomes that have to be corrected: done by their own answer, and not there."""
        written: defaultdict[str, list[Outcome]] = defaultdict(list)
        adding: defaultdict[Address, list[Outcome]] = defaultdict(list)
        for outcome in outcomes:
            step = outcome.step
            if outcome.status is Status.DONE and step.verb in WRITES:
                if step.verb is Verb.CREATE and (step.member or step.members):
                    adding[step.address].append(outcome)
                if not step.member:
                    written[step.address.kind].append(outcome)
        work = [self._kind(KINDS[name], found) for name, found in written.items()]
        work += [self._members(KINDS[address.kind], self.ids[address], found) for address, found in adding.items()]
        return [outcome for found in await asyncio.gather(*work) for outcome in found]

    async def _kind(self, kind: Kind, outcomes: list[Outcome]) -> list[Outcome]:
        try:
            objects = await read_list(self.client, kind)
            wrong = [outcome for outcome in outcomes if self._judge(kind, outcome, objects.get(outcome.id or ""))]
            return [found for outcome in wrong if (found := await self._second_look(kind, outcome)) is not None]
        except HmsplanError as error:
            self.note(f"{kind.name}: written, but not read back: {error}")
            return []

    async def _second_look(self, kind: Kind, outcome: Outcome) -> Outcome | None:
        """Look the object up by its id until it is as written, or the grace time is over."""
        text = ""
        async for _ in self.grace.looks():
            text = self._judge(kind, outcome, await read_one(self.client, kind, outcome.id or ""))
            if not text:
                return None
        return replace(outcome, status=Status.FAILED, error=text)

    def _judge(self, kind: Kind, outcome: Outcome, live: RemoteObject | None) -> str:
        if outcome.step.verb is Verb.DELETE:
            return "it was deleted, and is still there" if live is not None else ""
        if live is None:
            return "it was written, and is not there"
        return mismatches(kind, resolve(outcome.step.spec, self.ids), live.fields)

    async def _members(self, kind: Kind, parent: str, outcomes: list[Outcome]) -> list[Outcome]:
        """Say which of the members that were added a list of them lacks."""
        if kind.members is None:
            return []
        lacking: list[tuple[Outcome, str]] = []
        async for _ in self.grace.looks():
            try:
                there = Counter(
                    member_key(kind.members, item.fields) for item in await read_members(self.client, kind, parent)
                )
            except HmsplanError as error:
                self.note(f"{kind.members.name} of {outcomes[0].step.address}: written, but not read back: {error}")
                return []
            lacking = [(o, missing) for o in outcomes if (missing := _lacking(kind, o, there))]
            if not lacking:
                break
        return [replace(outcome, status=Status.FAILED, error=text) for outcome, text in lacking]


def _lacking(kind: Kind, outcome: Outcome, there: Counter[str]) -> str:
    if kind.members is None:
        return ""
    specs: tuple[Spec, ...] = (outcome.step.spec,) if outcome.step.member else outcome.step.members or ()
    count = sum(there[member_key(kind.members, spec)] == 0 for spec in specs)
    noun = kind.members.singular if count == 1 else kind.members.name
    return f"{count} {noun} of {len(specs)} were sent and are not there; apply again adds them" if count else ""
