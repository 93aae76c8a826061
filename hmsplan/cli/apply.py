"""``hmsplan apply``."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hmsplan.api.client import WriteClient
from hmsplan.api.refresh import read_organization
from hmsplan.apply.executor import Stop, apply
from hmsplan.cli.embedded import KEY as EMULATOR_KEY
from hmsplan.cli.failure import tell
from hmsplan.cli.options import Globals, common_options, pass_globals
from hmsplan.cli.parsing import Command
from hmsplan.cli.plan import read_saved, resend_option, target_option, tell_wait
from hmsplan.cli.progress import progress_for
from hmsplan.cli.reporter import APPLY_FORMATS, Audience, audience
from hmsplan.cli.rescue import rescue
from hmsplan.cli.session import Workspace, connect, open_workspace, wait_for
from hmsplan.cli.terminal import ask, color_of_progress, err, interactive
from hmsplan.errors import (
    ApplyFailed,
    HmsplanError,
    StalePlan,
    StaleStep,
    StateError,
    Unauthorized,
    UnsafePlan,
    UnsettledCreate,
)
from hmsplan.formats.plan_validity import use_of
from hmsplan.model import Digest, Report, Risk, Status
from hmsplan.operations.refresh import plan_live
from hmsplan.operations.saved_plan import objections
from hmsplan.output.plan_difference import explain_difference
from hmsplan.planner.planner import Options
from hmsplan.state import edit
from hmsplan.state.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.model import Address, Plan, Snapshot, State

PARTIAL: Final = 6
FAILED: Final = 1


@dataclass(frozen=True, slots=True)
class Consent:
    """What the command line says about whether to go on.

    Attributes:
        saved: the plan that was reviewed; None = whatever is planned now.
        digest: the digest that was reviewed; None = not given. An empty one is never right.
        yes: do not ask.
    """

    saved: Plan | None
    digest: str | None
    yes: bool


def _risks(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a word that no guard knows: it would allow nothing, and its author believe that it does."""
    for value in values:
        risk, colon, address = value.partition(":")
        if value != "*" and (not colon or not address or not ("*" in risk or risk in set(Risk))):
            known = ", ".join(Risk)
            raise click.BadParameter(f"{value!r} is not RISK:ADDRESS; risks are {known}", ctx, param)
    return values


@click.command("apply", cls=Command)
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("-y", "--yes", "--auto-approve", "yes", is_flag=True, help="Do not ask.")
@click.option(
    "--expect-digest", metavar="DIGEST", help="Refuse any plan but the one with this digest, sha256:… or intent:…."
)
@click.option(
    "--allow", multiple=True, callback=_risks, metavar="RISK:ADDRESS", help="Allow one risk, as a refusal names it."
)
@click.option("--destroy", is_flag=True, help="Delete everything that the state knows.")
@click.option("--format", "form", type=click.Choice(APPLY_FORMATS), default="text", help="How to tell of it.")
@target_option
@resend_option
@common_options
@pass_globals
def apply_command(
    options: Globals,
    file: Path | None,
    form: str,
    yes: bool,
    expect_digest: str | None,
    allow: tuple[str, ...],
    destroy: bool,
    target: tuple[Address, ...],
    resend: tuple[str, ...],
) -> int:
    """Make the organization equal to the stack: create, update, and delete what was taken out.

    With FILE, perform the saved plan, without asking; refuse if it has expired or anything it touches has moved since.
    """
    yes = yes or file is not None  # it was reviewed, and nothing else is done
    with audience(options, form) as told:
        if not yes and not interactive():
            raise HmsplanError("there is no terminal to ask on; add -y to apply without asking", summary="Not applied")
        saved = read_saved(options, file) if file is not None else None
        if saved is not None:
            options.saved = file
            target, destroy, resend = target or saved.targets, destroy or saved.destroy, resend or saved.resend
        consent = Consent(saved, expect_digest, yes)
        _check_digest(consent)
        workspace = open_workspace(options, need_secrets=True)
        return wait_for(_apply(options, workspace, Options(target, destroy, allow, resend), consent, told))


def _check_digest(consent: Consent) -> None:
    if consent.digest is not None and not consent.digest.strip():
        raise StalePlan("--expect-digest is empty: no plan was reviewed, so none is applied", summary="No digest")


async def _apply(options: Globals, workspace: Workspace, choice: Options, consent: Consent, told: Audience) -> int:
    stop = Stop()
    with workspace.backend.lock(_owner()), _signals(stop):
        state = workspace.state()
        ledger = Ledger(workspace.backend, state)
        async with connect(options, WriteClient, on_wait=tell_wait) as client:
            plan, snapshot = await _settled_plan(
                client, workspace, state, choice, stop, whose=consent.saved is not None
            )
            _check_consent(plan, consent, state)
            told.planned(plan, workspace.stack)
            if plan.refusals:
                raise UnsafePlan(plan.refusals)
            if not plan.steps and not plan.decided:
                if told.events is not None:
                    told.ended(Report(()), plan, workspace.stack)
                return 0
            if plan.pending and not consent.yes:
                _ask()
                plan, snapshot = await _again(client, workspace, state, choice, stop, plan)
            if options.emulator and ledger.organization_id is None:  # or a real key would take its objects for deleted
                await ledger.organization(await read_organization(client) or EMULATOR_KEY)
            gc.freeze()
            gc.enable()  # from here on the run may be long
            report = None
            try:
                report = await _perform(options, plan, snapshot, client, ledger, stop, workspace, told)
                if consent.saved is not None:
                    with suppress(StateError):  # memory knows it, and that is written when the ledger is closed
                        await ledger.spend(use_of(consent.saved))
            finally:
                unstored = await _close(ledger, options)
                if unstored is not None and report is None:
                    tell(unstored, commands=options.commands)  # the error on its way is told after it
    if unstored is None:
        told.ended(report, plan, workspace.stack)
        return _exit_code(report)
    told.failed(unstored)  # for machines, the report is the last event
    told.ended(report, plan, workspace.stack)
    code = tell(unstored, commands=options.commands)
    return _exit_code(report) or code


async def _settled_plan(
    client: WriteClient, workspace: Workspace, state: State, choice: Options, stop: Stop, *, whose: bool = False
) -> tuple[Plan, Snapshot]:
    """Read and plan; wait for the grace time of an earlier run's create, as long as it is not over.

    With *whose*, ask also whose organization it is.

    Raises:
        UnsettledCreate: the lists do not decide.
    """
    elsewhere = workspace.elsewhere()
    while True:
        plan, snapshot = await plan_live(client, workspace.stack, state, choice, elsewhere=elsewhere, whose=whose)
        state = edit.not_of_the_future(state, snapshot.now)
        waiting = [u for u in plan.unsettled if not u.candidates and u.remaining_s > 0]
        if len(waiting) < len(plan.unsettled) or (waiting and stop):
            raise UnsettledCreate(plan.unsettled)
        if not waiting:
            return plan, snapshot
        left_s = max(u.remaining_s for u in waiting)
        err(f"Looking for {len(waiting)} create(s) of an earlier run whose answer was lost; {left_s:.0f} s left ...")
        await asyncio.sleep(min(left_s + 0.01, 4.0))


async def _again(
    client: WriteClient, workspace: Workspace, state: State, choice: Options, stop: Stop, asked: Plan
) -> tuple[Plan, Snapshot]:
    """Read once more after the question: what was approved must still be what is done.

    Raises:
        StalePlan: something it touches moved while nobody answered.
    """
    plan, snapshot = await _settled_plan(client, workspace, state, choice, stop)
    if plan.digest != asked.digest:
        raise StalePlan("; ".join(explain_difference(asked, plan)) or "the plan changed while it was asked about")
    return plan, snapshot


def _check_consent(plan: Plan, consent: Consent, state: State) -> None:
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
            f"the digest of what would be done now{whose} is {plan.digest_of(kind)}, not the expected one. "
            "Review the new plan; if the expected one was reviewed for another organization, use its key.",
            summary="Digest differs",
        )


def _is_expected(plan: Plan, expected: str) -> bool:
    """Compare with a digest as it is written; one without a word in front is a strict one."""
    written = expected if ":" in expected else f"{Digest.STRICT}:{expected}"
    return written in {plan.digest_of(kind) for kind in Digest}


def _ask() -> None:
    if ask("\nDo you want to perform these actions? Only 'yes' is taken for yes.") != "yes":
        raise HmsplanError("nothing was changed", summary="Not applied")


async def _perform(
    options: Globals,
    plan: Plan,
    snapshot: Snapshot,
    client: WriteClient,
    ledger: Ledger,
    stop: Stop,
    workspace: Workspace,
    told: Audience,
) -> Report:
    async with AsyncExitStack() as around:
        if told.events is not None:
            await around.enter_async_context(told.events.alive())
        shown = progress_for(len(plan.steps), plain=not color_of_progress(options.color))
        progress = told.events or around.enter_context(shown)
        return await apply(
            plan,
            snapshot,
            client,
            ledger,
            progress=progress,
            sleep=asyncio.sleep,
            grace_s=workspace.stack.safety.settle_grace_s,
            stop=stop,
        )


async def _close(ledger: Ledger, options: Globals) -> StateError | None:
    """Write the state; where that fails, keep it elsewhere, and give the error that says where."""
    try:
        await ledger.close()
    except StateError as error:
        return rescue(ledger.state, options, error)
    return None


def _exit_code(report: Report) -> int:
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
    if any(outcome.stale for outcome in report.outcomes):
        return StaleStep.exit_code
    return Unauthorized.exit_code if report.stopped.startswith(Unauthorized.summary) else FAILED


def _owner() -> str:
    run = os.environ.get("GITHUB_RUN_ID")
    where = f" in GitHub Actions run {run}" if run else ""
    return f"hmsplan apply by {os.environ.get('USER') or os.environ.get('GITHUB_ACTOR') or 'somebody'}{where}"


@contextmanager
def _signals(stop: Stop) -> Iterator[None]:
    """The first SIGINT or SIGTERM starts nothing more and finishes what is in flight; the second stops."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def caught(number: int) -> None:
        if stop.signal is None:
            stop.signal = number
            err("\nStopping: what is in flight is finished, nothing more is started. Once more stops at once.")
        elif task is not None:
            task.cancel()

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, caught, int(number))
    try:
        yield
    except asyncio.CancelledError:
        raise Stopped(stop.signal or signal.SIGINT) from None
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


class Stopped(ApplyFailed):
    """A second signal came; what was in flight stays written down as an intent."""

    def __init__(self, number: int) -> None:
        HmsplanError.__init__(self, "stopped at once; the next run looks what became of what was in flight")
        self.code = 128 + number
