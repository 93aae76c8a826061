"""Reading back what an apply wrote: one list of each kind, compared by value.

A list may lag behind or be capped, so an object that it lacks or shows with other values is looked up by its id before
anything is said of it, and gets the grace time to show up. What the API's own answer had otherwise already needs no
time: the API did not store it as it was sent. That is said once and remembered, unless it is vital.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hmsplan.api.refresh import read_list, read_members, read_one
from hmsplan.apply.verify import is_vital, told, unkept
from hmsplan.errors import HmsplanError
from hmsplan.kinds import KINDS
from hmsplan.model import Status, Verb, dotted
from hmsplan.planner.diff import at_path
from hmsplan.planner.last_applied import seen
from hmsplan.planner.members import member_key
from hmsplan.planner.request_body import resolve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from hmsplan.api.client import ReadClient
    from hmsplan.apply.polling import Polling
    from hmsplan.kinds import Kind
    from hmsplan.model import Address, FieldChange, Outcome, RemoteObject, Spec

WRITES = frozenset({Verb.CREATE, Verb.UPDATE})


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Compares what is there with what was written.

    Attributes:
        ids: address to live id.
        note: told when a list could not be read; that alone fails no step.
        grace: how long a list may lag behind.
        answer: returns the newest answer about an object; None when this run has none.
        remember: writes down what the API has in place of a field, by address and dotted path.
    """

    client: ReadClient
    ids: Mapping[Address, str]
    note: Callable[[str], None]
    grace: Polling
    answer: Callable[[str], RemoteObject | None]
    remember: Callable[[Address, Mapping[str, str]], Awaitable[None]]

    async def check(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """Return the outcomes that have to be corrected: done by their own answer, and not there as they were sent."""
        written: defaultdict[str, list[Outcome]] = defaultdict(list)
        adding: defaultdict[Address, list[Outcome]] = defaultdict(list)
        for outcome in outcomes:
            step = outcome.step
            is_written = outcome.status is Status.DONE and step.verb in WRITES
            if is_written and not step.rests:
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
            wrong = [outcome for outcome in outcomes if self._differs(kind, outcome, objects.get(outcome.id or ""))]
            found = await asyncio.gather(*(self._second_look(kind, outcome) for outcome in wrong))
            return [outcome for outcome in found if outcome is not None]
        except HmsplanError as error:
            self.note(f"{kind.name}: written, but not read back: {error}")
            return []

    async def _second_look(self, kind: Kind, outcome: Outcome) -> Outcome | None:
        """Look the object up by its id until it is as written, the API has decided, or the grace time is over."""
        found: tuple[FieldChange, ...] | None = None
        async for _ in self.grace.looks():
            found = self._differs(kind, outcome, await read_one(self.client, kind, outcome.id or ""))
            if found == ():
                return None
            if found is not None and self._was_answered(kind, outcome, found):
                break
        if found is None:
            return replace(outcome, status=Status.FAILED, error="it was written, and is not there")
        if vital := [change for change in found if is_vital(kind, change)]:
            return replace(outcome, status=Status.FAILED, error=told(vital))
        notes = list(outcome.notes)
        edited = [change for change in found if self._was_kept(kind, outcome, change)]
        if edited:
            names = ", ".join(dotted(change.path) for change in edited)
            notes.append(f"{names}: stored as sent, and changed outside hmsplan since. The next plan shows it")
        if wont := [change for change in found if change not in edited]:
            await self.remember(outcome.step.address, {dotted(change.path): seen(change.before) for change in wont})
            notes.append(f"{told(wont)}. It is remembered, and not sent again until you change it")
        return replace(outcome, notes=tuple(notes))

    def _differs(self, kind: Kind, outcome: Outcome, live: RemoteObject | None) -> tuple[FieldChange, ...] | None:
        """Return the fields that are not as they were sent; None when the object is not there."""
        if live is None:
            return None
        step = outcome.step
        sent = {**resolve(step.spec, self.ids), **dict.fromkeys(step.clears)}
        return unkept(kind, sent, live.fields, whole=True)

    def _was_answered(self, kind: Kind, outcome: Outcome, found: tuple[FieldChange, ...]) -> bool:
        """Say whether the answer to the write had each of these fields in the same way: then it is no lag."""
        answer = self.answer(outcome.id or "")
        return answer is not None and all(
            seen(at_path(kind, answer.fields, change.path)) == seen(change.before) for change in found
        )

    def _was_kept(self, kind: Kind, outcome: Outcome, change: FieldChange) -> bool:
        """Say whether the answer to the write had a field as it was sent: if it has not now, it was changed since."""
        answer = self.answer(outcome.id or "")
        return answer is not None and seen(at_path(kind, answer.fields, change.path)) == seen(change.after)

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
