"""``hmsplan apply``."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hmsplan.apply.admission import CallWait
from hmsplan.cli.at import at_option, with_moment
from hmsplan.cli.author import author_of
from hmsplan.cli.failure import tell
from hmsplan.cli.options import Duration, format_option
from hmsplan.cli.parsing import Command
from hmsplan.cli.plan import as_saved, exclude_option, read_saved, resend_option, rollback_of, target_option
from hmsplan.cli.reporter import APPLY_FORMATS, reporter
from hmsplan.cli.session import open_workspace, unix_now, wait_for
from hmsplan.cli.terminal import ask, err, interactive, wrapped
from hmsplan.errors import (
    ApplyFailed,
    HmsplanError,
    StalePlan,
)
from hmsplan.model import Risk
from hmsplan.operations.apply import Consent, apply, exit_code
from hmsplan.output.words import plan_line
from hmsplan.planner.planner import Options
from hmsplan.secrets.sources import is_utf8
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.apply.executor import Stop
    from hmsplan.cli.options import Globals
    from hmsplan.model import Plan
    from hmsplan.operations.workspace import Workspace


def refuse_unknown_risks(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a word that no guard knows: it would allow nothing, and its author believe that it does."""
    for value in values:
        if not is_utf8(value):
            raise click.BadParameter(f"{value!r} is not UTF-8", ctx, param)
        risk, colon, address = value.partition(":")
        if value != "*" and (not colon or not address or not ("*" in risk or risk in set(Risk))):
            known = ", ".join(Risk)
            raise click.BadParameter(f"{value!r} is not RISK:ADDRESS; risks are {known}", ctx, param)
    return values


yes_option = click.option("-y", "--yes", "--auto-approve", "yes", is_flag=True, help="Do not ask.")
expect_option = click.option(
    "--expect-digest", metavar="DIGEST", help="Refuse any plan but the one with this digest, sha256:… or intent:…."
)
allow_option = click.option(
    "--allow",
    multiple=True,
    callback=refuse_unknown_risks,
    metavar="RISK:ADDRESS",
    help="Allow one risk, as a refusal names it.",
)


moment_option = at_option("Wait until then: 18:00, a time in ISO 8601, or window for when all may be done.")
wait_option = click.option(
    "--wait-for-calls",
    "patience_s",
    type=Duration(),
    metavar="TIME",
    help="Let a change of an assistant, number or workflow wait until no call is on it, at most this long: 10m.",
)
then_option = click.option(
    "--then", type=click.Choice(["skip", "proceed"]), help="What to do with it after that time; default: skip."
)


@click.command("apply", cls=Command)
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@yes_option
@expect_option
@allow_option
@click.option("--destroy", is_flag=True, help="Delete everything that the state knows.")
@moment_option
@wait_option
@then_option
@format_option(APPLY_FORMATS, "How to tell of it")
@target_option
@exclude_option
@resend_option
@click.pass_obj
def apply_command(
    options: Globals,
    file: Path | None,
    form: str,
    yes: bool,
    expect_digest: str | None,
    allow: tuple[str, ...],
    destroy: bool,
    at: str | None,
    patience_s: int | None,
    then: str | None,
    target: tuple[str, ...],
    excluded: tuple[str, ...],
    resend: tuple[str, ...],
) -> int:
    """Make the organization equal to the stack: create, update, and delete what was taken out.

    With FILE, perform the saved plan, without asking; refuse if it has expired or anything it touches has moved since.
    """
    calls = call_wait(patience_s, then)
    choice = Options(target, destroy, allow, resend, excluded=excluded)
    code, _ = perform(options, form, choice, yes=yes, file=file, expect_digest=expect_digest, at=at, calls=calls)
    return code


def call_wait(patience_s: int | None, then: str | None) -> CallWait | None:
    """Return how to wait for calls; None = not at all."""
    if then is not None and patience_s is None:
        raise click.UsageError("--then says what to do after --wait-for-calls. Add that, as in --wait-for-calls 10m.")
    return CallWait(patience_s, proceeds=then == "proceed") if patience_s is not None else None


def perform(
    options: Globals,
    form: str,
    choice: Options,
    *,
    yes: bool,
    file: Path | None = None,
    expect_digest: str | None = None,
    at: str | None = None,
    calls: CallWait | None = None,
    rollback: int | None = None,
) -> tuple[int, Plan]:
    """Apply, as the options say; with *rollback* back to that apply. Returns the exit code, and what was planned.

    Raises:
        HmsplanError: nothing was written.
    """
    yes = yes or file is not None  # it was reviewed, and nothing else is done
    with reporter(options, form) as told:
        if not yes and not interactive():
            raise HmsplanError("there is no terminal to ask on; add -y to apply without asking", summary="Not applied")
        saved = read_saved(options, file) if file is not None else None
        if saved is not None:
            options.saved = file
            choice, rollback = as_saved(choice, saved), rollback_of(saved)
        if expect_digest is not None and not expect_digest.strip():
            raise StalePlan("--expect-digest is empty: no plan was reviewed, so none is applied", summary="No digest")
        workspace = open_workspace(options, need_secrets=True, rollback=rollback)
        workspace = replace(workspace, reporter=told)
        told.zone = workspace.stack.safety.zone
        told.stack = None if rollback is not None else workspace.stack  # the lines of the files are not what is planned
        author = author_of(options.directory, os.environ)
        consent = Consent(saved, expect_digest, None if yes else _ask, author)
        if at is not None:
            later = with_moment(choice, at, workspace.stack, unix_now())
            consent = wait_for(_later(workspace, later, consent))
        applied = wait_for(apply(workspace, choice, consent, calls=calls, owner=_owner(), interruptible=_signals))
        if applied.unstored is not None:
            told.ended_by(applied.unstored)  # for machines, the report is the last event
        if applied.report.outcomes or told.events is not None:
            told.ended(applied.report, applied.plan)
        code = tell(applied.unstored, options) if applied.unstored is not None else 0
        return exit_code(applied.report) or code, applied.plan


async def _later(workspace: Workspace, options: Options, consent: Consent) -> Consent:
    """Wait for the moment of *options*; SIGINT and SIGTERM end it at once, for nothing is in flight."""
    from hmsplan.operations.later import wait_for_moment  # noqa: PLC0415 -- most applies are done now

    loop, task, caught = asyncio.get_running_loop(), asyncio.current_task(), []
    numbers = (signal.SIGINT, signal.SIGTERM)

    def end(number: int) -> None:
        caught.append(number)
        if task is not None:
            task.cancel()

    for number in numbers:
        loop.add_signal_handler(number, end, int(number))
    try:
        return await wait_for_moment(workspace, options, consent)
    except asyncio.CancelledError:
        err("Stopped before anything was begun.")
        raise Stopped(caught[0] if caught else signal.SIGINT) from None
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _ask(plan: Plan, organization: str) -> None:
    """Ask for a yes to a plan, and say once more for whom it is: its head has scrolled away."""
    whose = " ".join(filter(None, [organization and f'"{plain(organization)}"', plain(plan.organization or "")]))
    where = f"{plain(plan.stack)}, environment {plain(plan.environment)}, organization {whose or 'not told'}"
    err("\n" + wrapped(where) + f"\n{plan_line(plan)}")
    if ask("Do you want to perform these actions? Only 'yes' is accepted.") != "yes":
        raise HmsplanError("nothing was changed", summary="Not applied")


def _owner() -> str:
    run = os.environ.get("GITHUB_RUN_ID")
    where = f" in GitHub Actions run {run}" if run else ""
    return f"hmsplan apply by {os.environ.get('USER') or os.environ.get('GITHUB_ACTOR') or 'an unknown user'}{where}"


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
