"""``hmsplan fleet apply``: wave by wave, what was reviewed and nothing else."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from hmsplan.cli.apply import refuse_unknown_risks
from hmsplan.cli.author import author_of
from hmsplan.cli.fleet_progress import FleetEvents, progress_of
from hmsplan.cli.fleet_run import common_of, fleet_options, open_fleet, plan_all
from hmsplan.cli.parsing import Command
from hmsplan.cli.plan import exclude_option, resend_option, target_option
from hmsplan.cli.signals import signals_to
from hmsplan.cli.terminal import ask, color, err, interactive, report, width, wrapped
from hmsplan.errors import HmsplanError, StalePlan
from hmsplan.fleet.commands import on_same
from hmsplan.fleet.ending import code_of, ending_json, nothing_applied, render_ending
from hmsplan.fleet.executors import Workers, kill_workers, stop_workers
from hmsplan.fleet.journal import FleetJournal
from hmsplan.fleet.report import plan_json
from hmsplan.fleet.rollout import Rollout, reviewed_of, roll_out, stale, unreviewed
from hmsplan.fleet.task import Operation, Task
from hmsplan.fleet.text import render_plan
from hmsplan.fleet.unfinished import unfinished
from hmsplan.fleet.values import in_waves
from hmsplan.model import Diagnostic, Severity
from hmsplan.output.commands import CommandLine, without_password
from hmsplan.output.diagnostics import diagnostics_of, format_diagnostic
from hmsplan.planner.planner import Options
from hmsplan.text.wording import count, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hmsplan.cli.options import Globals
    from hmsplan.fleet.journal import Progress
    from hmsplan.fleet.report import FleetPlan
    from hmsplan.fleet.task import Reviewed
    from hmsplan.fleet.unfinished import Unfinished
    from hmsplan.fleet.values import Fleet, Member
    from hmsplan.model import Author


@click.command("apply", cls=Command)
@click.option("-y", "--yes", "--auto-approve", "yes", is_flag=True, help="Do not ask.")
@click.option("--expect-digest", metavar="DIGEST", help="Refuse any plans but those with this digest, fleet:….")
@click.option("--continue", "goes_on", is_flag=True, help="Go on where the last apply of the fleet stopped.")
@click.option("--no-wait", is_flag=True, help="End before a wave that is not due yet, and go on with --continue.")
@click.option(
    "--allow",
    multiple=True,
    callback=refuse_unknown_risks,
    metavar="RISK:ADDRESS",
    help="Allow one risk in every member, as a refusal names it.",
)
@target_option
@exclude_option
@resend_option
@fleet_options
@click.pass_obj
def apply_members(
    options: Globals,
    *,
    yes: bool,
    expect_digest: str | None,
    goes_on: bool,
    no_wait: bool,
    allow: tuple[str, ...],
    target: tuple[str, ...],
    excluded: tuple[str, ...],
    resend: tuple[str, ...],
    members: tuple[str, ...],
    executor: str,
    parallel: int | None,
) -> int:
    """Apply every member, wave by wave; stop as stop_on of fleet.yaml says.

    All members are planned first. Each is then applied under its own lock, and only if its plan is still the same.
    """
    if goes_on and (members or target or excluded or resend or allow or expect_digest is not None):
        raise click.UsageError("--continue does what was reviewed when the apply began. Leave the other options out.")
    if expect_digest is not None and not expect_digest.strip():
        raise StalePlan("--expect-digest is empty: no plan was reviewed, so none is applied", summary="No digest")
    if not yes and not goes_on and not interactive():
        raise HmsplanError("there is no terminal to ask on; add -y to apply without asking", summary="Not applied")
    fleet, found = open_fleet(options, members)
    workers = Workers(executor, parallel)
    journal = FleetJournal(options.directory, fleet.file)
    author = author_of(options.directory, os.environ)
    with journal.lock(f"fleet apply by {author.name}"):
        if goes_on:
            rollout = _taken_up(options, fleet, journal.load(), workers)
            if (new := unreviewed(rollout.plan, rollout.progress)) and _wanted(new, yes=yes):
                journal.review(rollout.progress, new)
        else:
            choice = Options(target, allowed=allow, resend=resend, excluded=excluded)
            plan = plan_all(options, fleet, found, workers, choice)
            _tell_plan(options, plan, workers, members, choice)
            reviewed = reviewed_of(plan)
            if reviewed and (before := unfinished(journal.unfinished())) is not None:
                _warn_of(options, before, workers)
            _consented(plan, expect_digest, yes=yes)
            if not reviewed:
                if (why := nothing_applied(plan)) is not None:
                    err(format_diagnostic(why, width()))
                return plan.code
            waves = [[member.name for member in wave] for wave in in_waves(fleet, found)]
            after_s = [wave.after_s for wave in fleet.waves]
            unplanned = {result.name for result in plan.results if result.value is None}
            place = _place(options)
            begun = journal.begin(plan.digest, reviewed, waves, after_s, choice, members, unplanned, place)
            rollout = Rollout(begun, plan)
        _perform(options, fleet, rollout, journal, workers, author, may_wait=not no_wait)
    _tell_ending(options, rollout, workers)
    for each in diagnostics_of(rollout.unstored) if rollout.unstored is not None else ():
        err(format_diagnostic(each, width()))
    return code_of(rollout)


def _place(options: Globals) -> tuple[str | None, str | None]:
    """Return the environment and the state that were given for all members."""
    return options.environment, options.state and without_password(options.state)


def _perform(
    options: Globals,
    fleet: Fleet,
    rollout: Rollout,
    journal: FleetJournal,
    workers: Workers,
    author: Author,
    *,
    may_wait: bool,
) -> None:
    """Apply wave by wave, and show how far it is."""
    by_name = {member.name: member for member in fleet.members}
    common = common_of(options)

    def make(name: str, reviewed: Reviewed) -> Task:
        return Task(Operation.APPLY, by_name[name], common, rollout.progress.options, reviewed, author)

    with progress_of(options, rollout) as told, _signals(rollout):
        roll_out(
            fleet, rollout, journal, workers, make, told=told, clock=time.time, sleep=time.sleep, may_wait=may_wait
        )


def _taken_up(options: Globals, fleet: Fleet, progress: Progress, workers: Workers) -> Rollout:
    """Plan what is left of an earlier apply.

    Raises:
        StalePlan: another environment or state is meant, a member is gone from the fleet, or its plan would do more
            than was reviewed.
    """
    if (begun := (progress.environment, progress.state)) != _place(options):
        given = [
            f"{option} {value}" for option, value in zip(("-e", "--state"), begun, strict=True) if value is not None
        ]
        raise StalePlan(
            f"the apply began {f'with {listed(given)}' if given else 'without -e and --state'}, and this run is for "
            "another environment or state. Go on with the same ones",
            summary="Not what was reviewed",
        )
    by_name = {member.name: member for member in fleet.members}
    begin_again = on_same(CommandLine(("fleet",)), workers.words, progress.members, progress.options).command("apply")
    left = [name for wave in progress.waves for name in wave if name not in progress.done]
    if gone := [name for name in left if name not in by_name]:
        raise StalePlan(
            f"{listed(gone)} is not in {fleet.file} any more. To begin again:\n  {begin_again}",
            summary="Not what was reviewed",
        )
    members: Sequence[Member] = [by_name[name] for name in left]
    plan = plan_all(options, fleet, members, workers, progress.options)
    _tell_plan(options, plan, workers, progress.members, progress.options)
    if moved := stale(plan, progress):
        raise StalePlan(
            f"the plan of {listed(moved)} would do what was not reviewed when the apply began. Review the fleet, and "
            f"begin again:\n  {begin_again}",
            summary="Not what was reviewed",
        )
    return Rollout(progress, plan)


def _warn_of(options: Globals, before: Unfinished, workers: Workers) -> None:
    """Say that an apply is open, which this one ends."""
    commands = on_same(CommandLine(("fleet",)), workers.words)
    detail = (
        f"{before.told} This apply takes its place, and what is not in its plan stays as it is. To go on with the open "
        f"one instead, do not apply this:\n  {commands.command('apply', '--continue')}\n"
        f"To plan afterwards what is left:\n  {commands.command('apply')}"
    )
    warning = Diagnostic("An apply of this fleet is open", detail, severity=Severity.WARNING)
    err(format_diagnostic(options.commands.completed(warning), width()) + "\n")


def _tell_plan(options: Globals, plan: FleetPlan, workers: Workers, members: Sequence[str], choice: Options) -> None:
    if options.json:
        FleetEvents().planned(plan_json(plan))
    else:
        allowed = Options(allowed=choice.allowed)  # a plan knows the rest
        commands = on_same(options.fleet_commands, workers.words, members, allowed)
        report(render_plan(plan, commands, width=width(), color=color(options.color)).rstrip("\n") + "\n")


def _consented(plan: FleetPlan, expected: str | None, *, yes: bool) -> None:
    """Refuse plans that were not reviewed.

    Raises:
        StalePlan: they have another digest than the expected one.
        HmsplanError: the answer was no.
    """
    if expected is not None and expected.strip() != plan.digest:
        now = f"review the fleet as it is now:\n  {plan.digest}" if plan.digest else plan.undigested
        raise StalePlan(now, summary="Digest differs")
    if yes or not plan.changing:
        return
    err(f"\n{plan.verdict}\n{plan.counts}")
    question = f"Do you want to perform these actions in {count(plan.changing, 'member')}? Only 'yes' is accepted."
    if ask(question) != "yes":
        raise HmsplanError("nothing was changed", summary="Not applied")


def _wanted(new: Collection[str], *, yes: bool) -> bool:
    """Say whether members that could not be planned when the apply began are applied as well."""
    if yes or not interactive():
        return yes
    whose = f"{listed(sorted(new))} could not be planned when the apply began."
    return ask(wrapped(f"{whose} Do you want to perform what is shown there, too? Only 'yes' is accepted.")) == "yes"


@contextmanager
def _signals(rollout: Rollout) -> Iterator[None]:
    """The first SIGINT or SIGTERM begins no further member or step and finishes what is in flight; the second stops."""

    def caught(number: int, _frame: object) -> None:
        if rollout.signal is None:
            rollout.signal = number
            err("\nStopping: what is in flight is finished, nothing more is started. Once more stops at once.")
            stop_workers(number)
        else:
            kill_workers()
            err("Stopped at once. The next run looks what became of what was in flight.")
            os._exit(128 + number)

    with signals_to(caught):
        yield


def _tell_ending(options: Globals, rollout: Rollout, workers: Workers) -> None:
    if options.json:
        FleetEvents().over(ending_json(rollout))
        return
    go_on = on_same(options.fleet_commands, workers.words)
    again = on_same(go_on, workers.words, rollout.progress.members, rollout.progress.options)
    report(render_ending(rollout, go_on, again, width=width(), color=color(options.color)).rstrip("\n"))
