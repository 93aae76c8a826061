"""What every command of a fleet needs: its members, what holds for all of them, and somebody who does the work."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hmsplan.api.urls import DEFAULT_BASE_URL
from hmsplan.cli.reading import is_shown
from hmsplan.cli.session import BASE_URL, refuse_unknown_revision
from hmsplan.cli.terminal import err, shown, width
from hmsplan.errors import HmsplanError
from hmsplan.fleet.apart import refuse_shared
from hmsplan.fleet.cluster import SCHEME
from hmsplan.fleet.executors import PROCESSES, THREADS, Workers
from hmsplan.fleet.load import load_fleet
from hmsplan.fleet.report import plan_report
from hmsplan.fleet.task import Common, Operation, Result, Task
from hmsplan.fleet.values import chosen
from hmsplan.output.diagnostics import format_diagnostic
from hmsplan.output.words import some
from hmsplan.planner.planner import DEFAULTS, Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hmsplan.cli.options import Globals
    from hmsplan.fleet.report import FleetPlan
    from hmsplan.fleet.values import Fleet, Member
    from hmsplan.secrets.source import Source

Decorated = TypeVar("Decorated", bound="Callable[..., Any]")


TO_TRY = (
    "To try a fleet, start an emulator that has an organization for every key, in another shell, and aim at it:\n"
    f"  hmsplan emulator\n  export {BASE_URL}=http://127.0.0.1:8787/api/v1"
)


class NoMember(HmsplanError):
    """The patterns of ``--member`` mean none of the fleet."""

    summary = "No such member"


member_option = click.option(
    "--member",
    "members",
    multiple=True,
    metavar="PATTERN",
    help="Only these: a name or a tag, * matches any, ! leaves out. Repeatable.",
)


def fleet_options(command: Decorated) -> Decorated:
    """Add the options that every command takes that works on the members."""
    for option in (
        click.option("--parallel", type=click.IntRange(1), metavar="N", help="How many members at the same time."),
        click.option(
            "--executor",
            default=PROCESSES,
            metavar="KIND",
            help=f"What performs the work: {PROCESSES}, {THREADS} or {SCHEME}://HOST:PORT.",
        ),
        member_option,
    ):
        command = option(command)
    return command


def open_fleet(options: Globals, patterns: Sequence[str]) -> tuple[Fleet, tuple[Member, ...]]:
    """Read fleet.yaml, and choose members of it; what is odd about the file is told.

    Raises:
        ConfigError: every problem of the file.
        HmsplanError: the patterns mean no member, or the emulator is asked for.
    """
    refuse_emulator(options)
    fleet = load_fleet(options.directory)
    for warning in fleet.warnings:
        err(format_diagnostic(warning, width()) + "\n")
    found = chosen(fleet.members, patterns)
    if not found:
        names = some(member.name for member in fleet.members)
        raise NoMember(f"{' '.join(patterns)} fits none of: {names}")
    return fleet, found


def refuse_emulator(options: Globals) -> None:
    """Refuse the embedded emulator, which is one organization.

    Raises:
        HmsplanError: it is asked for.
    """
    if options.emulator:
        options.emulator = False  # which would stand in the command below
        raise HmsplanError(
            f"--emulator is one organization. {TO_TRY}",
            summary="Not for a fleet",
        )


def common_of(options: Globals) -> Common:
    """Return what holds for every member of this run.

    Raises:
        HmsplanError: it is not known whose policies count, or secrets come through a pipe.
    """
    refuse_unknown_revision(options)
    _refuse_pipes(options.sources)
    directory = options.directory
    return Common(
        directory.resolve(),
        os.environ.get(BASE_URL) or DEFAULT_BASE_URL,
        "" if directory == Path() else directory.as_posix(),
        options.state,
        options.environment,
        dict(options.variables),
        tuple(options.sources),
        options.allow_host,
        options.ca_bundle and options.ca_bundle.resolve(),
        options.timeout_s,
        options.trust_from,
        salt=secrets.token_bytes(32),
    )


def _refuse_pipes(sources: Iterable[Source]) -> None:
    """Refuse what can be read once: the first member would have all, and the others nothing."""
    for source in sources:
        if source.scheme == "dotenv" and Path(source.place).exists() and not Path(source.place).is_file():
            detail = (
                f"{source} is not a regular file, and every member has to read it. Write the secrets to a file that "
                "only you may read, or set them in the environment."
            )
            raise HmsplanError(detail, summary="Secrets in a pipe")


def perform(
    options: Globals,
    members: Sequence[Member],
    operation: Operation,
    workers: Workers,
    choice: Options = DEFAULTS,
    folder: Path | None = None,
) -> list[Result]:
    """Perform one operation for each member."""
    common = common_of(options)
    tasks = [Task(operation, member, common, choice, folder=folder) for member in members]
    with _counted(options, len(tasks), operation) as ended:
        return workers.perform(tasks, ended=ended)


def plan_all(
    options: Globals,
    fleet: Fleet,
    members: Sequence[Member],
    workers: Workers,
    choice: Options,
    folder: Path | None = None,
) -> FleetPlan:
    """Plan each member; with *folder*, for a file of each plan.

    Raises:
        ConfigError: two of the fleet reach one organization.
    """
    results = perform(options, members, Operation.PLAN, workers, choice, folder)
    refuse_shared(fleet, results)
    return plan_report(results, choice.allowed)


@contextmanager
def _counted(options: Globals, total: int, operation: Operation) -> Iterator[Callable[[Result], object]]:
    """Show on a terminal how many members are done."""
    if not is_shown(options.color):
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 -- only on a terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(file=shown()), transient=True) as bar:
        task = bar.add_task(f"{operation} of members", total=total)
        yield lambda _: bar.advance(task)
