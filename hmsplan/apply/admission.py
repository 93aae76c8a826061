"""Whether a step may begin: inside its window, and with no call on its object. Nothing here ends a call.

Both are looked at again right before the first write of a step leaves (``Context.before``); once something of it was
sent, it is finished. One list of the calls in progress serves all steps that wait.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.api.calls import RunningCalls, led_by, parties, takes_calls
from hmsplan.apply.actions import perform_step
from hmsplan.apply.fresh import NotBegun, NotSent
from hmsplan.errors import ApiError, Unauthorized
from hmsplan.kinds import KINDS
from hmsplan.model import RemoteObject, Status, Verb
from hmsplan.text import wording
from hmsplan.text.timestamps import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hmsplan.apply.context import Context
    from hmsplan.apply.fresh import Reading
    from hmsplan.model import Address, Outcome, Step

POLL_S: Final = 5.0
"""Between two looks at the calls: of 100 requests a minute, the looks take no more than a quarter."""
_SLICE_S: Final = 0.5
"""How soon a signal ends the waiting."""


@dataclass(frozen=True, slots=True)
class CallWait:
    """How a step waits for calls.

    Attributes:
        patience_s: for how long, until no call is on its object.
        proceeds: after that it is performed all the same; else it is skipped.
    """

    patience_s: float
    proceeds: bool = False


@dataclass(frozen=True, slots=True)
class Conditions:
    """What has to hold for a step to begin.

    Attributes:
        closed: says why an address may not be changed at a moment, in Unix seconds; "" when it may.
        calls: None = no step looks whether calls are on its object.
    """

    closed: Callable[[Address, float], str] = lambda _address, _now: ""
    calls: CallWait | None = None


ANY_TIME: Final = Conditions()


class Skipped(NotBegun):
    """Calls were on its object to the end."""

    status = Status.SKIPPED


class _Busy(NamedTuple):
    """Why a step waits.

    Attributes:
        what: what it waits for.
        still: the same once it has waited for too long.
    """

    what: str
    still: str


class _LookAgain(NotSent):
    """The calls were looked at too long ago when the write was about to leave. Nothing was sent."""


@dataclass(slots=True)
class Admission:
    """Lets the steps of one apply begin.

    Attributes:
        waiting: keys of the steps that wait for calls.
    """

    context: Context
    conditions: Conditions
    waiting: set[str] = field(default_factory=set)
    _calls: RunningCalls = field(init=False)

    def __post_init__(self) -> None:
        """Begin without a list."""
        self._calls = RunningCalls(self.context.client)

    async def perform(self, step: Step, begins: Callable[[Step], None]) -> Outcome:
        """Perform *step* once it may begin; *begins* is told when it does.

        Raises:
            NotBegun: it may not, or the run was asked to stop before.
            HmsplanError: it was not done.
        """
        if step.verb in {Verb.BIND, Verb.FORGET}:
            begins(step)
            return await perform_step(self.context, step)
        told, calls = False, self._waits(step)
        for number in itertools.count():
            self._refuse_closed(step)
            if calls is not None and not await self._until_free(step, calls):
                calls = None
            if not told:
                begins(step)
                told = True
            try:
                async with self.context.attempt(number if calls is not None else 0):
                    reading = await self._look(step) if calls is not None else None
                    if reading is not None and self._on(step, reading):
                        continue
                    with self.context.until_begun(lambda: self._check(step, reading)):  # noqa: B023 -- called inside
                        return await perform_step(self.context, step)
            except _LookAgain:
                continue
        raise AssertionError

    def _waits(self, step: Step) -> CallWait | None:
        """Say how *step* waits; None where no call can be on its object, as on one that does not exist yet."""
        changes = step.verb in {Verb.UPDATE, Verb.DELETE} and not step.member
        return self.conditions.calls if changes and takes_calls(step.address.kind) else None

    def _refuse_closed(self, step: Step) -> None:
        if reason := self.conditions.closed(step.address, self.context.client.server_now()):
            raise NotBegun(f"{reason}. Nothing was sent")

    def _check(self, step: Step, reading: Reading | None) -> None:
        self._refuse_closed(step)
        if reading is not None and not self.context.fresh.counts(reading):
            raise _LookAgain

    async def _until_free(self, step: Step, calls: CallWait) -> bool:
        """Wait until no call is on the object of *step*, and return True; False = it is to proceed all the same.

        Raises:
            Skipped: calls were on it to the end, or it is not known whether any were.
        """
        clock = self.context.grace.clock
        end, told = clock() + calls.patience_s, ""
        try:
            while busy := await self._busy(step):
                self.waiting.add(step.key)
                if clock() >= end:
                    return self._give_up(step, busy, calls)
                if busy.what != told:
                    self.context.note(f"waiting for {busy.what}")
                    told = busy.what
                await self._pause(min(POLL_S, end - clock()))
                self._refuse_closed(step)
            return True
        finally:
            self.waiting.discard(step.key)

    def _give_up(self, step: Step, busy: _Busy, calls: CallWait) -> bool:
        after = f"after {duration(calls.patience_s)} {busy.still}"
        if not calls.proceeds:
            raise Skipped(f"{after}. Nothing was sent")
        self.context.note(f"{step.address}: {after}; it is changed all the same")
        return False

    async def _busy(self, step: Step) -> _Busy | None:
        """Say what is waited for; None when no call is on the object of *step*."""
        try:
            number = self._on(step, await self._look(step))
        except Unauthorized:
            raise
        except ApiError as error:
            unknown = f"the calls on {step.address}, which are not known: {error.detail}"
            return _Busy(unknown, f"it is not known which calls are on it: {error.detail}")
        calls, verb = wording.count(number, "call"), "is" if number == 1 else "are"
        return _Busy(f"{calls} on {step.address}", f"{calls} {verb} still on it") if number else None

    async def _look(self, step: Step) -> Reading:
        """Return the calls in progress; before a delete, from a reading that begins from now on."""
        return await self.context.fresh.running_calls(self._read, at_most_s=POLL_S, new=step.verb is Verb.DELETE)

    async def _read(self) -> Mapping[str, RemoteObject]:
        """Read them, each with those who take part in it."""
        calls = await self._calls.read()
        leading: dict[tuple[str, str], RemoteObject] = {}
        if calls:
            for name in sorted(led_by(KINDS)):
                reading = await self.context.fresh.list(KINDS[name])
                leading |= {(name, i): live for i, live in reading.objects.items()}
        return {
            name: RemoteObject("calls", name, {"parties": [list(party) for party in parties(call, leading)]})
            for name, call in calls.items()
        }

    def _on(self, step: Step, reading: Reading) -> int:
        """Count the calls that are on the object of *step*."""
        party = [step.address.kind, step.id or self.context.ids.get(step.address, "")]
        return sum(party in call.fields["parties"] for call in reading.objects.values())

    async def _pause(self, pause_s: float) -> None:
        clock = self.context.grace.clock
        end = clock() + pause_s
        while (left_s := end - clock()) > 0:
            if self.context.grace.stopping():
                raise NotBegun
            await self.context.grace.sleep(min(left_s, _SLICE_S))
