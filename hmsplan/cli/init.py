"""``hmsplan init``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from hmsplan import __version__
from hmsplan.cli.options import Globals
from hmsplan.cli.parsing import Command
from hmsplan.cli.schema import schemas_of
from hmsplan.cli.terminal import err, report, width, wrapped
from hmsplan.config.confined import ENVIRONMENTS, STACK_FILE, Folder
from hmsplan.errors import HmsplanError
from hmsplan.export import scaffold
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command("init", cls=Command)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--ci", type=click.Choice(["github"]), help="Write a workflow too: plan, apply and drift.")
@click.pass_obj
def init_command(options: Globals, folder: Path | None, ci: str | None) -> None:
    """Write a small stack to start from, into DIR or the current folder. No file is ever overwritten.

    Beside a stack that exists, only what it lacks around it is written: schemas, .gitignore, and with --ci the
    workflow.
    """
    root = options.directory / (folder or "")
    wanted = _wanted(root, ci)
    written, kept = _write(wanted)
    shown = [_shown(path, options.directory) for path in written], [_shown(path, options.directory) for path in kept]
    if options.json:
        report(orjson.dumps({"format_version": "1.0", "written": shown[0], "kept": shown[1]}).decode())
    else:
        _tell(*shown)
    if not written:
        raise HmsplanError(
            "every file exists already. Name an empty folder:\n  hmsplan init DIR", summary="Nothing written"
        )
    if not options.json:
        _tell_next(root, ci)


def _wanted(root: Path, ci: str | None) -> dict[Path, str]:
    files: dict[Path, str] = {}
    if not (root / STACK_FILE).exists():
        stack = scaffold.stack_files(scaffold.stack_name(root.resolve().name), crowded=_crowded(root))
        files |= {root / path: text for path, text in stack.items()}
    else:
        files |= {root / path: text for path, text in schemas_of(Folder(str(root))).items()}
    files[root / scaffold.IGNORE] = scaffold.template("gitignore")
    if ci is not None:
        top = _repository(root)
        inside = os.path.relpath(os.path.realpath(root), os.path.realpath(top))
        files[top / scaffold.WORKFLOW] = scaffold.workflow(__version__, inside)
    return files


def _write(wanted: Mapping[Path, str]) -> tuple[list[Path], list[Path]]:
    """Create what does not exist; return what was written and what was there."""
    written, kept = [], []
    for path, text in wanted.items():
        if os.path.lexists(path):
            kept.append(path)
            continue
        scaffold.create(path, text)
        written.append(path)
    return written, kept


def _crowded(root: Path) -> bool:
    """Say whether the folder holds YAML files that would be taken for resource files."""
    for _, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".") and name != ENVIRONMENTS]
        if any(name.endswith((".yaml", ".yml")) and not name.startswith(".") for name in files):
            return True
    return False


def _repository(root: Path) -> Path:
    """Return the top of the git repository around a folder; the folder itself when there is none."""
    at = root.resolve()
    return next((folder for folder in (at, *at.parents) if (folder / ".git").exists()), root)


def _shown(path: Path, start: Path) -> str:
    return plain(
        os.path.relpath(os.path.realpath(path.parent), os.path.realpath(start)) + f"/{path.name}"
    ).removeprefix("./")


def _tell(written: list[str], kept: list[str]) -> None:
    for path in written:
        report(f"  written  {path}")
    for path in kept:
        err(f"  exists, left as it is  {path}")
        if path.endswith(scaffold.IGNORE):
            lines = [line for line in scaffold.template("gitignore").splitlines() if not line.startswith("#")]
            err("    It should hold: " + " ".join(lines))


def _tell_next(root: Path, ci: str | None) -> None:
    new = Globals(directory=root)
    tried = Globals(directory=root, emulator=True)
    err("\nNext:")
    rows = [
        (new.command("validate"), "check it, offline"),
        (tried.command("plan"), "see what it would create, without a key"),
        (tried.command("apply"), "create it, on an emulator of the API on this machine"),
    ]
    column = max(len(command) for command, _ in rows)
    fits = 2 + column + 3 + max(len(does) for _, does in rows) <= width()
    for command, does in rows:
        err(f"  {command:<{column}}   {does}" if fits else f"  {command}\n      {does}")
    if ci is not None:
        text = f"Before you commit {scaffold.WORKFLOW}, read its first lines: it needs an owner, a commit and secrets."
        err("\n" + wrapped(text))
