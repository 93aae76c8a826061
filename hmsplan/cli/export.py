"""``hmsplan export``."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from hmsplan.cli import embedded
from hmsplan.cli.parsing import Command
from hmsplan.cli.session import Stderr, connect, is_embedded, wait_for
from hmsplan.cli.terminal import err, report, width, wrapped
from hmsplan.config.confined import STACK_FILE
from hmsplan.config.load import DEFAULT_ENVIRONMENT
from hmsplan.errors import HmsplanError
from hmsplan.export.editor import SCHEMAS
from hmsplan.export.files import SECRETS
from hmsplan.export.scaffold import IGNORE, stack_name
from hmsplan.export.selection import Selection
from hmsplan.model import State
from hmsplan.operations.export import Exported, export, write_files
from hmsplan.output.diagnostics import format_diagnostic
from hmsplan.state.backend import open_backend
from hmsplan.text.escape import plain
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from hmsplan.cli.options import Globals
    from hmsplan.operations.workspace import Client
    from hmsplan.state.backend import Backend

OWNER: Final = "hmsplan export"


@click.command("export", cls=Command)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--only",
    multiple=True,
    metavar="KIND|ADDRESS",
    help="Export only these: assistants, or numbers.main, or workflows.night_*. Repeatable. What they refer to is not "
    "taken along: its id stands in the file, with a comment.",
)
@click.option("--without-leads", is_flag=True, help="Leave the leads of campaigns out, and so unmanaged.")
@click.option(
    "--minimal",
    is_flag=True,
    help="Leave out a field that has the platform's documented default, and so unmanaged.",
)
@click.pass_obj
def export_command(
    options: Globals, folder: Path | None, *, only: tuple[str, ...], without_leads: bool, minimal: bool
) -> None:
    """Write YAML and prompt files for a whole organization, into DIR or the current folder. Changes nothing in it.

    The next plan is empty: that is tried before anything is written, and what would stand in the way is left out and
    told. Secrets are never written. The organization is written down as the only one that the files are for, in
    environments/NAME.yaml: NAME is what -e says, or default.
    """
    root = options.directory / (folder or "")
    _check_free(root)
    backend = _state_of(options, root)
    backend.load()  # a state that cannot be reached is told before anything is written
    selection = Selection(only, without_leads, minimal)
    reading = partial(_reading, options)
    environment = options.environment or DEFAULT_ENVIRONMENT
    exported = wait_for(export(reading, stack_name(root.resolve().name), environment, selection))
    _check_free(root, exported.files)
    write_files(root, exported.files)
    bound = _bind(backend, exported.state)
    _tell(options, root, exported, bound=bound, state=backend.describe())


@asynccontextmanager
async def _reading(options: Globals, kind: type[Client], **settings: Any) -> AsyncIterator[Client]:
    """Open a client, and show that it reads."""
    told = Stderr(options.color)
    async with connect(options, kind, on_wait=told.waiting, **settings) as client, told.reading(client.requests.total):
        yield client


def _state_of(options: Globals, root: Path) -> Backend:
    """Open the state of the stack that is written into *root*."""
    environment = options.environment or DEFAULT_ENVIRONMENT
    if is_embedded(options):
        return embedded.open_state(root, environment)
    return open_backend(options.state or "file", root, environment)


def _check_free(root: Path, files: Mapping[str, str] = MappingProxyType({})) -> None:
    """Refuse a folder that has a stack, or YAML that would become a part of it.

    Raises:
        HmsplanError: naming what is in the way.
    """
    there = [path for path in files if (root / path).exists() and path != IGNORE and not path.startswith(SCHEMAS)]
    if (root / STACK_FILE).exists():
        there = [STACK_FILE]
    elif not there and root.is_dir():
        found = (path.relative_to(root) for suffix in ("yaml", "yml") for path in root.rglob(f"*.{suffix}"))
        there = [str(path) for path in found if not any(part.startswith(".") for part in path.parts)]
    if there:
        what = f"{plain(str(root))} has {plain(there[0])} already, and nothing is overwritten"
        raise HmsplanError(f"{what}. Name an empty folder:\n  hmsplan export DIR", summary="Folder is not empty")


def _bind(backend: Backend, state: State) -> bool:
    """Store the state, unless there is one already; say whether it was stored."""
    with backend.lock(OWNER):
        if backend.load() is not None:
            return False
        backend.save(State(state.lineage))
        backend.save(replace(state, serial=1))
    return True


def _tell(options: Globals, root: Path, exported: Exported, *, bound: bool, state: str) -> None:
    for warning in exported.warnings:
        err(format_diagnostic(warning, width()) + "\n")
    if options.json:
        body = {
            "format_version": "1.0",
            "directory": str(root),
            "organization": exported.state.organization,
            "resources": exported.count,
            "files": sorted(exported.files),
            "left_out": exported.left_out,
            "bound": bound,
        }
        report(orjson.dumps(body).decode())
        return
    for path in sorted(exported.files):
        report(f"  written  {plain(path)}")
    if exported.left_out:
        err("\nLive, and not in these files:")
        for line in exported.left_out:
            err(wrapped(plain(line), "  "))
    if SECRETS in exported.files:
        told = f"Not exported: secrets. Each is a comment with ${{secret:…}} in the files, and {SECRETS} lists them."
        err("\n" + wrapped(told))
    organization = plain(str(exported.state.organization))
    report("\n" + wrapped(f"Exported {count(exported.count, 'object')} of organization {organization}."))
    then = (
        "binds them all, so the next plan is empty."
        if bound
        else "was there already and stays as it is: the next plan adopts by imports.yaml."
    )
    report(wrapped(f"The state {plain(state)} {then}"))
    _tell_next(options, root)


def _tell_next(options: Globals, root: Path) -> None:
    there = replace(options, directory=root, variables={})
    if options.emulator and root != options.directory:  # a plan there would find an emulator without these objects
        err(f"\nNext:\n  {replace(there, emulator=False).command('validate')}")
        err(wrapped("The emulator of the new folder is another one, and knows none of these objects."))
    else:
        err(f"\nNext:\n  {there.command('plan')}")
