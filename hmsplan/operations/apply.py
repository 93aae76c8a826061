"""Make an organization equal to its stack."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hmsplan.api.client import WriteClient
from hmsplan.api.refresh import read_organization, read_organization_name
from hmsplan.apply import executor
from hmsplan.apply.admission import CallWait, Conditions
from hmsplan.apply.executor import Stop
from hmsplan.errors import StalePlan, StaleStep, StateError, Unauthorized, UnsafePlan, UnsettledCreate
from hmsplan.formats.plan_validity import use_of
from hmsplan.model import UNKNOWN, Author, Digest, Report, Status
from hmsplan.operations.history import Performed, Reviewed, doubts, remember, remember_begun
from hmsplan.operations.plan import plan_live
from hmsplan.operations.promotion import about_to_change, applied_content, with_proof
from hmsplan.operations.rollback import gone_back
from hmsplan.operations.saved_plan import objections, refuse_other_place
from hmsplan.output.plan_difference import explain_difference
from hmsplan.planner.consent import in_force
from hmsplan.planner.planner import DEFAULTS, Options
from hmsplan.planner.rollback import memory_of
from hmsplan.planner.windows import closed_by
from hmsplan.state import edit
from hmsplan.state.journal import Began, Consented, OrganizationKnown, Remembered, Spent, WentBack
from hmsplan.state.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmsplan.model import Plan, Snapshot, State
    from hmsplan.operations.workspace import Workspace
    from hmsplan.state.journal import Entry

PARTIAL: Final = 6
FAILED: Final = 1
_HELD: Final = frozenset({Status.SKIPPED, Status.BLOCKED, Status.NOT_STARTED})
_LOOK_S: Final = 4.0


@dataclass(frozen=True, slots=True)
class Consent:
    """What was reviewed.

    Attributes:
        saved: the plan that was reviewed; None = whatever is planned now.
        digest: the digest that was reviewed, ``sha256:…`` or ``intent:…``; None = not given.
        author: who applies, for the history.
        whose: ask the API whose organization it is, also where its lists tell it: what was reviewed was made so.
        ask: asked about the plan once it is made, and told what the organization is called ("" when that is not told),
            before anything is written; what it raises ends the run. None = no question.
    """

    saved: Plan | None = None
    digest: str | None = None
    ask: Callable[[Plan, str], None] | None = None
    author: Author = UNKNOWN
    whose: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """How an apply ended.

    Attributes:
        plan: what was to be done.
        report: what was done.
        unstored: the state could not be stored, and this says where it is kept; None = it was stored.
    """

    plan: Plan
    report: Report
    unstored: StateError | None = None


def _uninterrupted(_stop: Stop) -> AbstractContextManager[None]:
    return nullcontext()


async def apply(
    workspace: Workspace,
    options: Options = DEFAULTS,
    consent: Consent = Consent(),
    *,
    calls: CallWait | None = None,
    owner: str = "hmsplan",
    interruptible: Callable[[Stop], AbstractContextManager[None]] = _uninterrupted,
) -> Applied:
    """Plan, and perform exactly that plan, under the lock of the state.

    A step that fails is in the report; it raises nothing.

    Args:
        workspace: the stack, its state and the API.
        options: targets, what is allowed, whether to destroy.
        consent: what was reviewed, and who is asked.
        calls: how steps wait until no call is on their object; None = they do not look.
        owner: shown to another run that wants the lock.
        interruptible: entered once the lock is held; may ask the ``Stop`` it is given to start nothing more.

    Raises:
        StateLocked: somebody else holds the lock.
        StalePlan: this is not the plan that was reviewed.
        UnsafePlan: something is refused that *options* do not allow, or denied by a policy.
        UnsettledCreate: a create of an earlier run is not decided.
        HmsplanError: nothing could be read or planned.
    """
    if consent.saved is not None:
        refuse_other_place(consent.saved, workspace.stack)
    stop = Stop()
    whose = consent.whose or consent.saved is not None
    with workspace.backend.lock(owner), interruptible(stop):
        state = workspace.state()
        workspace, options = gone_back(workspace, state, options)
        ledger = Ledger(workspace.backend, state)
        async with workspace.client(WriteClient) as client:
            plan, snapshot = await _settled_plan(client, workspace, state, options, stop, whose=whose)
            check_consent(plan, consent, state)
            workspace.reporter.planned(plan)
            if plan.is_refused:
                raise UnsafePlan(plan.refusals, plan.denials)
            known = _known(plan, snapshot, state, workspace)
            if not plan.steps and not plan.decided:
                content = applied_content(plan, Report(()), workspace.stack, state, state, snapshot.now)
                return Applied(plan, Report(()), await _remember(ledger, [*known, *content], workspace))
            for doubt in await asyncio.to_thread(doubts, workspace.backend, state):
                workspace.reporter.warning(doubt)
            if plan.pending and consent.ask is not None:
                consent.ask(plan, await read_organization_name(client))
                plan, snapshot = await _planned_again(client, workspace, state, options, stop, plan, whose=whose)
            begins: list[Entry] = [*await _ended(ledger, workspace), *known]
            if workspace.organization is not None and ledger.organization_id is None:
                begins.append(OrganizationKnown(await read_organization(client) or workspace.organization))
            begins += about_to_change(plan, state)
            await ledger.write(*begins, Began(consent.author, round(snapshot.now, 3), plan.digest))
            reviewed = Reviewed(plan, snapshot, state, options)
            conditions = Conditions(closed_by(workspace.stack.safety, plan, options.allowed), calls)
            return await _performed(workspace, reviewed, client, ledger, stop, consent, conditions)


async def _performed(
    workspace: Workspace,
    reviewed: Reviewed,
    client: WriteClient,
    ledger: Ledger,
    stop: Stop,
    consent: Consent,
    conditions: Conditions,
) -> Applied:
    plan, snapshot = reviewed.plan, reviewed.snapshot
    report = unstored = None
    try:
        async with workspace.reporter.performing(plan) as progress:
            grace_s = workspace.stack.safety.settle_grace_s
            report = await executor.apply(
                plan,
                snapshot,
                client,
                ledger,
                progress=progress,
                sleep=asyncio.sleep,
                grace_s=grace_s,
                stop=stop,
                resources=workspace.stack.resources,
                conditions=conditions,
            )
        ended = snapshot.now + report.elapsed_s
        content = applied_content(plan, report, workspace.stack, reviewed.state, ledger.state, ended)
        spent = [Spent(use_of(consent.saved))] if consent.saved is not None else []
        with suppress(StateError):  # memory knows it, and that is written when the ledger is closed
            await ledger.write(*content, *spent)
        run = Performed(workspace.stack, reviewed, report, ledger.state, consent.author)
        ledger.end(await asyncio.to_thread(remember, workspace, run))
    finally:
        unstored = await _close(ledger, workspace)
        if unstored is not None and report is None:
            workspace.reporter.failed(unstored)  # the error on its way is told after it
    return Applied(plan, report, unstored)


def _known(plan: Plan, snapshot: Snapshot, state: State, workspace: Workspace) -> list[Entry]:
    """Return what the state has to know of *plan* before its first step: limits, approvals, and of rollbacks."""
    consented, went_back = Consented(in_force(workspace.stack)), WentBack(memory_of(plan, state, snapshot.now))
    return [
        *([consented] if consented.in_force != state.in_force else []),
        *([went_back] if went_back.rolled_back != state.rolled_back else []),
    ]


async def _remember(ledger: Ledger, known: list[Entry], workspace: Workspace) -> StateError | None:
    """Write down what is *known* where nothing else is to be done, and that an apply before did not end."""
    entries: list[Entry] = [*await _ended(ledger, workspace), *known]
    if not entries:
        return None
    with suppress(StateError):  # as below, memory knows it
        await ledger.write(*entries)
    return await _close(ledger, workspace)


async def _ended(ledger: Ledger, workspace: Workspace) -> list[Entry]:
    """Remember an apply that was killed, which this one finds in the state; return what the state has to learn."""
    state = ledger.state
    return [Remembered(await asyncio.to_thread(remember_begun, workspace, state))] if state.begun is not None else []


async def _close(ledger: Ledger, workspace: Workspace) -> StateError | None:
    """Write the state; where that fails, keep it elsewhere, and give the error that says where."""
    try:
        await ledger.close()
    except StateError as error:
        return workspace.rescue(ledger.state, error)
    return None


async def _settled_plan(
    client: WriteClient, workspace: Workspace, state: State, options: Options, stop: Stop, *, whose: bool = False
) -> tuple[Plan, Snapshot]:
    """Read and plan; wait for the grace time of an earlier run's create, as long as it is not over.

    With *whose*, ask also whose organization it is.

    Raises:
        UnsettledCreate: the lists do not decide.
    """
    elsewhere, options = workspace.elsewhere(), with_proof(options, workspace)
    while True:
        async with workspace.reading(client):
            plan, snapshot = await plan_live(client, workspace.stack, state, options, elsewhere=elsewhere, whose=whose)
        state = edit.not_of_the_future(state, snapshot.now)
        waiting = [u for u in plan.unsettled if not u.candidates and u.remaining_s > 0]
        if len(waiting) < len(plan.unsettled) or (waiting and stop):
            raise UnsettledCreate(plan.unsettled)
        if not waiting:
            return workspace.check(plan, workspace.stack), snapshot
        left_s = max(u.remaining_s for u in waiting)
        workspace.reporter.looking(len(waiting), left_s)
        await asyncio.sleep(min(left_s + 0.01, _LOOK_S))


async def _planned_again(
    client: WriteClient,
    workspace: Workspace,
    state: State,
    options: Options,
    stop: Stop,
    asked: Plan,
    *,
    whose: bool = False,
) -> tuple[Plan, Snapshot]:
    """Read once more after the question: what was approved must still be what is done.

    Raises:
        StalePlan: something it touches moved meanwhile.
        UnsafePlan: what allowed it has expired meanwhile.
    """
    plan, snapshot = await _settled_plan(client, workspace, state, options, stop, whose=whose)
    if plan.digest != asked.digest:
        raise StalePlan("; ".join(explain_difference(asked, plan)) or "the plan changed while it was asked about")
    if plan.is_refused:
        raise UnsafePlan(plan.refusals, plan.denials)
    return plan, snapshot


def check_consent(plan: Plan, consent: Consent, state: State) -> None:
    """Refuse a plan that is not the reviewed one.

    Raises:
        StalePlan: naming the object and field that moved, as far as that can be known.
    """
    if consent.saved is not None and (reasons := objections(consent.saved, plan, state)):
        raise StalePlan("\n  ".join(reasons))
    if consent.digest is not None and not _is_expected(plan, consent.digest.strip()):
        kind = Digest.INTENT if consent.digest.strip().startswith("intent:") else Digest.STRICT
        whose = f" in organization {plan.organization}" if plan.organization is not None else ""
        raise StalePlan(
            f"what would be done now{whose} has another digest than the expected one:\n  {plan.digest_of(kind)}\n"
            "Review the new plan; if the expected one was reviewed for another organization, use its key.",
            summary="Digest differs",
        )


def _is_expected(plan: Plan, expected: str) -> bool:
    """Compare with a digest as it is written; one without a word in front is a strict one."""
    written = expected if ":" in expected else f"{Digest.STRICT}:{expected}"
    return written in {plan.digest_of(kind) for kind in Digest}


def exit_code(report: Report) -> int:  # noqa: PLR0911 -- a table
    """Choose the code of the table: the signal, then doubt, then how much was done."""
    if report.signal is not None:
        return 128 + report.signal
    if report.count(Status.UNSETTLED):
        return UnsettledCreate.exit_code
    done = report.count(Status.DONE)
    if done == len(report.outcomes):
        return 0
    if done:
        return PARTIAL
    if all(outcome.status in _HELD for outcome in report.outcomes) and not report.stopped:
        return UnsafePlan.exit_code  # it waits for its window, or for the end of a call
    if any(outcome.stale for outcome in report.outcomes):
        return StaleStep.exit_code
    return Unauthorized.exit_code if report.unauthorized else FAILED
