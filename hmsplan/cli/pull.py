"""``hmsplan pull``."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import orjson

from hmsplan.cli.options import format_option
from hmsplan.cli.parsing import Command
from hmsplan.cli.plan import patterns
from hmsplan.cli.quoting import Quoting
from hmsplan.cli.session import open_workspace, wait_for
from hmsplan.cli.stack_files import replace
from hmsplan.cli.terminal import color, err, out, report, width, wrapped
from hmsplan.config.confined import Folder
from hmsplan.config.interpolation import FileProblem
from hmsplan.config.load import load_stack
from hmsplan.config.member import NO_MEMBER
from hmsplan.errors import HmsplanError
from hmsplan.export.scaffold import create
from hmsplan.kinds import KINDS
from hmsplan.model import Side
from hmsplan.operations.pull import Wishes, pull
from hmsplan.output.commands import NEW_LINE
from hmsplan.output.diagnostics import format_diagnostic, no_quote
from hmsplan.output.pull import pull_json, pull_text
from hmsplan.text.escape import plain
from hmsplan.text.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hmsplan.cli.options import Globals
    from hmsplan.model import PullReport, Stack

FORMATS: Final = ("text", "json")
CHANGED: Final = 2
NOT_WHOLE: Final = 1
_WRITABLE: Final = 0o222  # by somebody


@click.command("pull", cls=Command)
@click.argument("addresses", nargs=-1, metavar="[ADDRESS]...", callback=patterns)
@click.option("--check", is_flag=True, help="Write nothing; show how the files would change.")
@click.option(
    "--ours", "side", flag_value="ours", help="Of what changed on both sides, leave what the repository says."
)
@click.option("--theirs", "side", flag_value="theirs", help="Of what changed on both sides, write what is live.")
@click.option("--shared", is_flag=True, help="Write also where others share the value: they change with it.")
@click.option("--adopt", is_flag=True, help="Also write files for the live objects that no stack manages.")
@format_option(FORMATS)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when something was, or would be, written.")
@click.pass_obj
def pull_command(
    options: Globals,
    addresses: tuple[str, ...],
    check: bool,
    side: str | None,
    shared: bool,
    adopt: bool,
    form: str,
    detailed_exitcode: bool,
) -> int:
    """Write what changed outside hmsplan into the files: each live value into the very place that declares it.

    Every other byte stays as it is. What cannot be written is named with the reason, and makes the exit code 1. Nothing
    is written to the platform.
    """
    if not shared:
        _refuse_member(options, addresses)
    workspace = open_workspace(options)
    wishes = Wishes(addresses, Side(side) if side else None, shared, adopt)
    found = wait_for(pull(workspace, options.directory, partial(_reload, options), wishes))
    if not check:
        write(options.directory, found)
    for warning in found.warnings:
        err(format_diagnostic(warning, width()) + "\n")
    numbers = set(_numbers(workspace.stack))
    tell = out if check else report  # what was written is written
    if options.json or form == "json":
        tell(orjson.dumps(pull_json(found, numbers, only_checked=check)).decode())
    else:
        shown = pull_text(
            found,
            options.commands,
            only_checked=check,
            numbers=numbers,
            width=width(),
            color=color(options.color),
            quote=no_quote if check else Quoting(options),  # what would be written stands in no file
        )
        tell(shown.rstrip("\n"))
        if found.files and not check:
            err(wrapped("The next plan shows what is left to do:") + f"\n  {options.command('plan')}")
    if not found.is_whole:
        return NOT_WHOLE
    return CHANGED if detailed_exitcode and found.files else 0


def _refuse_member(options: Globals, addresses: Sequence[str]) -> None:
    """Refuse to write what is live in one organization into files that are those of others too.

    Raises:
        HmsplanError: the state is that of a member of a fleet.
    """
    if member := options.commands.member:
        command = options.command("pull", "--shared", *addresses)
        raise HmsplanError(
            f"{plain(member)} is a member of a fleet: what is live in its organization would be written into files "
            "that all members share, and the next apply would change them all. To keep it for this member alone, write "
            "it under its name in the overrides of fleet.yaml, or into a variable of its own. To write it for all "
            "members:"
            f"{NEW_LINE}{command}",
            summary="Shared by a fleet",
        )


def _reload(options: Globals, environment: str | None, instead: Mapping[str, bytes]) -> Stack:
    return load_stack(
        options.directory,
        environment=environment or options.environment,
        variables=options.variables,
        environ=os.environ,
        instead=instead,
        member=options.layer or NO_MEMBER,
    )


def write(root: Path, found: PullReport) -> None:
    """Write every file whole, or not at all.

    Raises:
        HmsplanError: one is read-only, and nothing was written; or one cannot be written, or is not any more as it was
            read, and those before it are written.
    """
    folder = Folder(str(root))
    places = {path: Path(folder.root, path) for path, change in found.files.items() if change.before is not None}
    if fixed := [path for path, place in places.items() if place.exists() and not place.stat().st_mode & _WRITABLE]:
        raise HmsplanError(
            f"read-only: {plain(listed(fixed))}. Nothing was written. Allow it (chmod u+w), and pull once more; to see "
            "what would change:\n  hmsplan pull --check",
            summary="Cannot write",
        )
    for path, change in found.files.items():
        place = Path(folder.root, path)
        if change.before is None:
            create(place, change.after.decode())
            continue
        if _read(folder, path) != change.before:
            raise HmsplanError(
                f"{plain(path)} changed while it was looked at, and is left as it is; run the command once more.",
                summary="File changed meanwhile",
            )
        replace(place, change.after, "to see what would change:\n  hmsplan pull --check")


def _read(folder: Folder, path: str) -> bytes | None:
    try:
        return folder.read_bytes(folder.real(path), path)
    except FileProblem:
        return None


def _numbers(stack: Stack) -> Iterator[str]:
    """Yield the phone numbers of all declared members."""
    for address, resource in stack.resources.items():
        members = KINDS[address.kind].members
        if members is not None:
            yield from (str(each[members.identity[0]]) for each in resource.members or ())
