"""``hmsplan fleet``: many organizations that share a stack."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import click
import orjson

from hmsplan.cli.fleet_run import fleet_options, member_option, open_fleet, perform, plan_all
from hmsplan.cli.options import format_option
from hmsplan.cli.parsing import Command, Group
from hmsplan.cli.plan import exclude_option, resend_option, target_option
from hmsplan.cli.terminal import color, err, out, width, wrapped
from hmsplan.fleet.commands import on_same
from hmsplan.fleet.departed import departed
from hmsplan.fleet.executors import Workers
from hmsplan.fleet.journal import FleetJournal
from hmsplan.fleet.organizations import OrganizationJournal
from hmsplan.fleet.report import FORMAT_VERSION, MOST_NAMES, plan_json, results_json, worst
from hmsplan.fleet.task import Drifted, Operation, Planned, Result
from hmsplan.fleet.text import render_doctor, render_drift, render_exported, render_lint, render_plan, render_status
from hmsplan.fleet.unfinished import unfinished
from hmsplan.fleet.values import in_shards
from hmsplan.model import Diagnostic, Severity
from hmsplan.output.diagnostics import format_diagnostic
from hmsplan.output.words import some
from hmsplan.planner.planner import Options
from hmsplan.secrets.answers import variable_of
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmsplan.cli.options import Globals


class Render(Protocol):
    """Writes results for people."""

    def __call__(self, results: Sequence[Result], /, *, width: int, color: bool) -> str:
        """Return the text."""


CHANGES: Final = 2
MOST_JOBS: Final = 256
"""Of one matrix of GitHub Actions."""
_WRITING: Final = {
    "apply": ("hmsplan.cli.fleet_apply", "apply_members"),
    "create": ("hmsplan.cli.fleet_create", "create_member"),
}
PLAN_FORMATS: Final = ("text", "json", "markdown", "html")


class _Commands(Group):
    """Imports what writes when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all commands by name."""
        return sorted([*super().list_commands(ctx), *_WRITING])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command; None when there is none of that name."""
        if cmd_name not in _WRITING:
            return super().get_command(ctx, cmd_name)
        module, name = _WRITING[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group("fleet", cls=_Commands)
def fleet_command() -> None:
    """Plan and apply many organizations that share a stack. They are named in fleet.yaml.

    Each member has its own key, pace, state and lock; what goes wrong with one stops no other one.
    """


@fleet_command.command("plan", cls=Command)
@click.option(
    "-o",
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Save each plan in DIR.",
)
@format_option(PLAN_FORMATS)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
@target_option
@exclude_option
@resend_option
@fleet_options
@click.pass_obj
def plan_members(
    options: Globals,
    folder: Path | None,
    form: str,
    detailed_exitcode: bool,
    target: tuple[str, ...],
    excluded: tuple[str, ...],
    resend: tuple[str, ...],
    members: tuple[str, ...],
    executor: str,
    parallel: int | None,
) -> int:
    """Plan every member side by side, and show alike changes once. Reads only.

    Exits with the worst code of all members.
    """
    fleet, found = open_fleet(options, members)
    workers, choice = Workers(executor, parallel), Options(target, resend=resend, excluded=excluded)
    commands = on_same(options.fleet_commands, workers.words, members)
    report = plan_all(options, fleet, found, workers, choice, folder)
    if folder is not None:
        _save(folder, report.results)
    form = "json" if options.json else form
    match form:
        case "json":
            out(orjson.dumps(plan_json(report)).decode())
        case "markdown":
            from hmsplan.fleet.markdown import render_markdown  # noqa: PLC0415 -- only for this format

            out(render_markdown(report, commands).rstrip("\n"))
        case "html":
            from hmsplan.fleet.html import render_html  # noqa: PLC0415 -- only for this format

            out(render_html(report, commands).rstrip("\n"))
        case _:
            text = render_plan(report, commands, width=width(), color=color(options.color))
            out(text.rstrip("\n"))
    return report.code or (CHANGES if detailed_exitcode and report.changing else 0)


@fleet_command.command("status", cls=Command)
@fleet_options
@click.pass_obj
def status_of_members(options: Globals, members: tuple[str, ...], executor: str, parallel: int | None) -> int:
    """Show what is known of every member without asking the API: state, last apply, lock, key."""
    fleet, found = open_fleet(options, members)
    workers = Workers(executor, parallel)
    results = perform(options, found, Operation.STATUS, workers)
    journal = FleetJournal(options.directory, fleet.file)
    left, holder = unfinished(journal.unfinished()), journal.holder()
    gone = departed(options.directory, fleet.members, options.state)
    if options.json:
        more = {"open": left and left.json, "departed": gone}
        out(orjson.dumps({**results_json(results), **more}).decode())
        return worst(result.code for result in results)
    code = _print(options, results, render_status)
    if gone:
        err(format_diagnostic(_departed(gone, fleet.file), width()))
    if holder is not None:
        out("\n" + wrapped(f"The fleet is locked by {plain(str(holder))}."))
    elif left is not None:
        command = on_same(options.fleet_commands, workers.words).command("apply", "--continue")
        out("\n" + wrapped(f"An apply is open. {left.told} To go on:") + f"\n  {command}", whole=True)
    return code


def _departed(gone: Mapping[str, str], file: str) -> Diagnostic:
    folder = gone[next(iter(gone))]
    detail = (
        f"{some(gone, MOST_NAMES)}: not in {file}, so nothing plans or watches what that state binds. Where a member "
        f"was renamed, rename the folder, too ({folder}). One that left: move the folder away, and its objects stay. "
        f"Or put it back, and before you take it out again:\n  hmsplan --member {next(iter(gone))} apply --destroy"
    )
    return Diagnostic("State without a member", detail, severity=Severity.WARNING)


@fleet_command.command("doctor", cls=Command)
@fleet_options
@click.pass_obj
def doctor_of_members(options: Globals, members: tuple[str, ...], executor: str, parallel: int | None) -> int:
    """Check what every member needs: stack, secrets, state, endpoint, key, organization. Reads only.

    Exits with the worst code of all members.
    """
    return _each(options, Operation.DOCTOR, members, Workers(executor, parallel), render_doctor)


@fleet_command.command("drift", cls=Command)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when something drifted.")
@fleet_options
@click.pass_obj
def drift_of_members(
    options: Globals, detailed_exitcode: bool, members: tuple[str, ...], executor: str, parallel: int | None
) -> int:
    """Show what changed outside hmsplan in each member. Reads only."""
    _, found = open_fleet(options, members)
    results = perform(options, found, Operation.DRIFT, Workers(executor, parallel))
    code = _print(options, results, render_drift)
    has_drifted = any(isinstance(result.value, Drifted) and result.value.told for result in results)
    return code or (CHANGES if detailed_exitcode and has_drifted else 0)


@fleet_command.command("lint", cls=Command)
@fleet_options
@click.pass_obj
def lint_members(options: Globals, members: tuple[str, ...], executor: str, parallel: int | None) -> int:
    """Check the stack of every member, with its variables: what is invalid, and what callers would hear. Offline."""
    return _each(options, Operation.LINT, members, Workers(executor, parallel), render_lint)


@fleet_command.command("export", cls=Command)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@fleet_options
@click.pass_obj
def export_members(
    options: Globals, folder: Path, members: tuple[str, ...], executor: str, parallel: int | None
) -> int:
    """Write YAML for the organization of each member, into DIR/NAME. Changes nothing there, and binds nothing."""
    _, found = open_fleet(options, members)
    results = perform(options, found, Operation.EXPORT, Workers(executor, parallel), folder=folder.resolve())
    return _print(options, results, render_exported)


@fleet_command.command("matrix", cls=Command)
@click.option(
    "--shards", type=click.IntRange(1, MOST_JOBS), required=True, metavar="N", help="Into how many jobs to divide them."
)
@member_option
@click.pass_obj
def matrix_of_members(options: Globals, shards: int, members: tuple[str, ...]) -> None:
    """Print a matrix for GitHub Actions, as JSON: each of its jobs takes care of some of the members."""
    _, found = open_fleet(options, members)
    parts = in_shards(found, shards)
    include = [
        {
            "shard": number,
            "of": len(parts),
            "members": " ".join(f"--member {member.name}" for member in part),
            "keys": [member.key_variable for member in part],
            "secrets": sorted({variable_of(own.value) for member in part for own in member.secrets.values()}),
        }
        for number, part in enumerate(parts, 1)
    ]
    out(orjson.dumps({"include": include}).decode())


@fleet_command.command("unlock", cls=Command)
@click.option("--create", is_flag=True, help="The lock of fleet create, not that of fleet apply.")
@click.option("--force", is_flag=True, help="Take the lock away from a run that is alive.")
@click.pass_obj
def unlock_fleet(options: Globals, *, create: bool, force: bool) -> None:
    """Remove the lock that a dead fleet apply left behind. Those of the members are removed by state unlock."""
    fleet, _ = open_fleet(options, ())
    of = OrganizationJournal if create else FleetJournal
    owner = of(options.directory, fleet.file).unlock(force=force)
    text = f"Unlocked; it was held by {plain(str(owner))}." if owner else "It was not locked."
    if options.json:
        facts = {
            "format_version": FORMAT_VERSION,
            "unlocked": owner is not None,
            "holder": str(owner) if owner else None,
        }
        out(orjson.dumps(facts).decode())
    else:
        err(text)


def _each(options: Globals, operation: Operation, patterns: Sequence[str], workers: Workers, render: Render) -> int:
    _, found = open_fleet(options, patterns)
    return _print(options, perform(options, found, operation, workers), render)


def _print(options: Globals, results: Sequence[Result], render: Render) -> int:
    """Print what was found, and return the worst code."""
    if options.json:
        out(orjson.dumps(results_json(results)).decode())
    else:
        out(render(results, width=width(), color=color(options.color)).rstrip("\n"))
    return worst(result.code for result in results)


def _save(folder: Path, results: Sequence[Result]) -> None:
    """Write each plan into a file of its own, as ``plan -o`` writes it.

    Raises:
        StateError: the folder or the disk does not let us.
    """
    from hmsplan.cli.plan import not_saved, write_private  # noqa: PLC0415 -- most plans are only printed

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_saved(folder, error) from None
    saved = [result for result in results if isinstance(result.value, Planned)]
    for result in saved:
        assert isinstance(result.value, Planned)  # noqa: S101 -- see above
        write_private(folder / f"{result.name}.json", result.value.file)
    err(f"Saved {len(saved)} plans in {plain(str(folder))}.")
