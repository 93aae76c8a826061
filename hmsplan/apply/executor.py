"""The executor: Plan -> Report. It performs exactly the steps it is given, and decides nothing but to refuse.

Independent branches go on after a failure; what needs a failed step is blocked. At the end one list of each kind that
was written is compared by value with what was planned. Every write is made in this folder: ``perform`` knows what each
verb does, and leaves ``updates``, ``removals`` and ``member_steps`` their own; all of them write on a ``fresh`` reading
and take ``turns``. ``settle`` makes an object once and only once within its ``grace`` time, ``verify`` compares an
answer with what was sent, ``readback`` the lists at the end.
"""

from __future__ import annotations

import asyncio
import graphlib
import logging
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol

from hmsplan.apply.admission import ANY_TIME, Admission, Conditions
from hmsplan.apply.complaints import complaints, placed
from hmsplan.apply.context import Context
from hmsplan.apply.create_once import CreateOnce, UnknownOutcome
from hmsplan.apply.fresh import FreshReadings, NotBegun
from hmsplan.apply.polling import Polling
from hmsplan.apply.read_back import ReadBack
from hmsplan.apply.turns import Turns
from hmsplan.errors import ApiError, HmsplanError, StaleStep, StateError, Unauthorized
from hmsplan.kinds import KINDS
from hmsplan.model import Outcome, Report, Status, Step, Verb
from hmsplan.planner.blast_radius import staying_users
from hmsplan.planner.members import gone_of
from hmsplan.state.journal import OrganizationKnown, Settled, StackKnown
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from hmsplan.api.client import WriteClient
    from hmsplan.model import Address, Plan, Resource, Snapshot
    from hmsplan.state.ledger import Ledger

_LOG: Final = logging.getLogger(__name__)

CONCURRENCY: Final = 20
"""Steps at once: twice the client's connections, so that one writes its journal while another waits for the API."""


_LOOK_S: Final = 0.5
"""How soon a step takes the place of one that waits."""

UNDECLARED: Final[Mapping[Address, Resource]] = MappingProxyType({})


class Progress(Protocol):
    """Is told while an apply runs: a progress bar or an event log in the command line."""

    def started(self, step: Step) -> None:
        """Say that *step* begins."""

    def finished(self, outcome: Outcome) -> None:
        """Say how a step ended."""

    def note(self, text: str) -> None:
        """Say something about the run that no step says."""


@dataclass(slots=True)
class Stop:
    """Asks a running apply to start nothing more.

    Attributes:
        signal: number of the signal that asked; None when none did.
        reason: why nothing more can succeed, when no signal asked.
        unauthorized: the API refused the key.
    """

    signal: int | None = None
    reason: str = ""
    unauthorized: bool = False

    def __bool__(self) -> bool:
        return self.signal is not None or bool(self.reason)


@dataclass(slots=True)
class _Run:
    """The steps of one apply on their way."""

    plan: Plan
    context: Context
    progress: Progress
    stop: Stop
    concurrency: int
    resources: Mapping[Address, Resource]
    admission: Admission
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    async def go(self) -> None:
        steps = {step.key: step for step in self.plan.steps}
        sorter = graphlib.TopologicalSorter({key: step.needs for key, step in steps.items()})
        sorter.prepare()
        ready: deque[str] = deque()
        running: dict[asyncio.Task[Outcome], str] = {}
        while True:
            ready.extend(sorter.get_ready())
            while ready and len(running) - len(self.admission.waiting) < self.concurrency and not self.stop:
                key = ready.popleft()
                running[asyncio.create_task(self._one(steps[key]))] = key
            if not running:
                break
            look_s = _LOOK_S if ready else None  # what waits for calls makes room for others
            finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED, timeout=look_s)
            for task in finished:
                key = running.pop(task)
                outcome = task.result()
                if outcome.status is Status.NOT_STARTED and not outcome.error:
                    continue  # the run was asked to stop before anything of it left
                self.outcomes[key] = outcome
                _LOG.debug("%s: %s", key, outcome.status)
                self.progress.finished(outcome)
                if outcome.status is Status.DONE:
                    sorter.done(key)  # releases whatever needed it; what failed never does
        self._block(steps)

    async def _one(self, step: Step) -> Outcome:
        try:
            return await self.admission.perform(step, self._begins)
        except NotBegun as error:
            return Outcome(step, error.status, error=str(error))
        except UnknownOutcome as error:
            return Outcome(step, Status.UNSETTLED, error=str(error))
        except (Unauthorized, StateError) as error:
            self.stop.unauthorized = isinstance(error, Unauthorized)
            self.stop.reason = str(error)  # no write gets through, or none could be written down
            return Outcome(step, Status.FAILED, error=str(error))
        except ApiError as error:
            found = complaints(error, step, KINDS[step.address.kind], self.resources.get(step.address))
            return Outcome(step, Status.FAILED, error=placed(error, found), complaints=found)
        except HmsplanError as error:
            return Outcome(step, Status.FAILED, error=str(error), stale=isinstance(error, StaleStep))

    def _begins(self, step: Step) -> None:
        self.progress.started(step)
        _LOG.debug("begins %s", step.key)

    def _block(self, steps: Mapping[str, Step]) -> None:
        """Name what waited, directly or not, for a step that did not end well. The steps come in order of need."""
        for key, step in steps.items():
            ended = {need: self.outcomes[need] for need in step.needs if need in self.outcomes}
            bad = tuple(sorted(need for need, outcome in ended.items() if outcome.status is not Status.DONE))
            if key not in self.outcomes and bad:
                self.outcomes[key] = Outcome(step, Status.BLOCKED, blockers=bad)


async def apply(
    plan: Plan,
    snapshot: Snapshot,
    client: WriteClient,
    ledger: Ledger,
    *,
    progress: Progress,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[Any]],
    grace_s: float = 30.0,
    stop: Stop | None = None,
    concurrency: int = CONCURRENCY,
    resources: Mapping[Address, Resource] = UNDECLARED,
    conditions: Conditions = ANY_TIME,
) -> Report:
    """Perform every step of *plan* against the organization that *snapshot* was just read from.

    Never raises for a step that fails: the report says so. Clock and sleep are in seconds; the clock only grows.
    Before the first write the state learns whose it is: the organization's and the stack's. *resources* are what is
    declared: they only say on which line a field stands that the API refuses. *conditions* are what steps wait for.

    Raises:
        StateError: the state cannot be written. When it no longer can be, later on, nothing more is begun, and the
            report says why it stopped.
    """
    stop = stop if stop is not None else Stop()
    began, waited_s = clock(), client.waited_s
    grace = Polling(grace_s, clock, sleep, lambda: bool(stop))
    context = _context(plan, snapshot, client, ledger, progress, grace)
    if plan.organization is not None and ledger.organization_id != plan.organization:
        await ledger.write(OrganizationKnown(plan.organization))
    if ledger.stack_name is None:
        await ledger.write(StackKnown(plan.stack))
    await ledger.write(*(Settled(step, "decided by the lists") for step in plan.decided))
    await _still_there(ledger, snapshot)
    verbs = Counter(str(step.verb) for step in plan.steps)
    _LOG.info("performs %s, %d at once", wording.listed([f"{n:,} {verb}" for verb, n in verbs.items()]), concurrency)
    run = _Run(plan, context, progress, stop, concurrency, resources, Admission(context, conditions))
    await run.go()
    if not stop:
        _LOG.info("reads back what was written")
        readback = ReadBack(client, context.ids, progress.note, grace, context.fresh.last, ledger.remember)
        run.outcomes.update({o.step.key: o for o in await readback.check(run.outcomes.values())})
    outcomes = [run.outcomes.get(step.key) or Outcome(step, Status.NOT_STARTED) for step in plan.steps]
    return Report(
        tuple(outcomes),
        signal=stop.signal,
        stopped=stop.reason,
        unauthorized=stop.unauthorized,
        requests=MappingProxyType(dict(client.requests)),
        elapsed_s=clock() - began,
        waited_s=client.waited_s - waited_s,
    )


async def _still_there(ledger: Ledger, snapshot: Snapshot) -> None:
    """Forget the removals that an earlier run was about to send and did not: who goes later goes by another hand."""
    for address, bound in ledger.state.bindings.items():
        members, live = KINDS[address.kind].members, snapshot.members.get(bound.id)
        if members is not None and live is not None and bound.leaving:
            await ledger.stay(address, gone_of(members, live, bound.members, bound.leaving, ledger.lineage))


def _context(
    plan: Plan,
    snapshot: Snapshot,
    client: WriteClient,
    ledger: Ledger,
    progress: Progress,
    grace: Polling,
) -> Context:
    """Hand over what planning found out: which object is which address, and what each looked like."""
    made = {step.address for step in plan.steps if step.verb is Verb.CREATE and not step.member}
    ids = {c.address: c.id for c in plan.changes if c.id is not None and c.address not in made and not c.deposed}
    turns = Turns()
    creator = CreateOnce(
        client, ledger, grace, lambda kind: {i for a, i in ids.items() if a.kind == kind}, progress.note, turns
    )
    fresh = FreshReadings(client, client.clock, snapshot, client.server_now() - snapshot.now)
    staying = staying_users(plan.changes, snapshot)
    tolerated = {target: {live.id for live in users} for target, users in staying.items()}
    return Context(client, ledger, creator, snapshot, fresh, turns, grace, progress.note, ids, tolerated=tolerated)
