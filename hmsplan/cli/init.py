"""``hmsplan init``."""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

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
from hmsplan.state.environment_name import NAME
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILL_IN: Final = {
    "github": (
        "Before the first pull request: make two environments in the settings of the repository on GitHub, "
        "{environment}-plan and {environment}, each with a secret HMS_SOVEREIGN_API_KEY and a secret HMSPLAN_STATE. "
        "The first lines of the files say which rules they need."
    ),
    "gitlab": (
        "Before the first merge request: set the variables HMS_SOVEREIGN_API_KEY and HMSPLAN_STATE for the "
        "environments {environment}-plan and {environment}, and HMSPLAN_GITLAB_TOKEN for hmsplan-notes. "
        "The first lines of the file say how."
    ),
}


@click.command("init", cls=Command)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--ci", type=click.Choice(scaffold.CI_HOSTS), help="Write plan, apply and drift for CI too.")
@click.option(
    "--install",
    metavar="WHERE",
    help="Where CI installs hmsplan from: a version on the index, a wheel in the repository, or git+https://…@COMMIT.",
)
@click.pass_obj
def init_command(options: Globals, folder: Path | None, ci: str | None, install: str | None) -> None:
    """Write a small stack to start from, into DIR or the current folder. No file is ever overwritten.

    Beside a stack that exists, only what it lacks around it is written: schemas, .gitignore, AGENTS.md, and with --ci
    the jobs of the environment of -e (else production).
    """
    if install is not None and ci is None:
        raise click.UsageError(f"--install is for CI. Say which: --ci {' or --ci '.join(scaffold.CI_HOSTS)}")
    root = options.directory / (folder or "")
    wanted = _wanted(root)
    if ci is not None:
        wanted |= _jobs(root, ci, options.environment or "production", install or _installed_from(options, folder, ci))
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
        _tell_next(root, ci, options.environment or "production")


def _wanted(root: Path) -> dict[Path, str]:
    files: dict[Path, str] = {}
    if not (root / STACK_FILE).exists():
        stack = scaffold.stack_files(scaffold.stack_name(root.resolve().name), crowded=_crowded(root))
        files |= {root / path: text for path, text in stack.items()}
    else:
        files |= {root / path: text for path, text in schemas_of(Folder(str(root))).items()}
    files[root / scaffold.IGNORE] = scaffold.template("gitignore")
    files[root / scaffold.AGENTS] = scaffold.template("AGENTS.md")
    return files


def _jobs(root: Path, ci: str, environment: str, install: str) -> dict[Path, str]:
    """Return the files of CI, at the top of the repository; a wheel is named from there.

    Raises:
        click.UsageError: an environment cannot be called so.
    """
    if not NAME.fullmatch(environment):
        raise click.UsageError("-e: an environment is named with letters, digits, dots, dashes and underscores")
    top = _repository(root)
    inside = os.path.relpath(os.path.realpath(root), os.path.realpath(top))
    files = scaffold.ci_files(ci, environment, Path(inside).as_posix(), scaffold.requirement(install))
    return {top / path: text for path, text in files.items()}


def _installed_from(options: Globals, folder: Path | None, ci: str) -> str:
    """Return where this hmsplan was installed from, as far as CI can reach it: a commit, or a version on an index.

    Raises:
        HmsplanError: it came from a folder or a file of this machine. Its version on an index could be somebody else's.
    """
    found = metadata.distribution("hmsplan").read_text("direct_url.json")
    if found is None:
        return __version__
    origin = orjson.loads(found)
    if commit := origin.get("vcs_info", {}).get("commit_id"):
        return f"git+{origin['url']}@{commit}"
    rows = {
        __version__: "a version on the package index",
        f"vendor/hmsplan-{__version__}-py3-none-any.whl": "a wheel that you commit to the repository",
        "git+https://HOST/OWNER/hmsplan@COMMIT": "a commit of a git repository",
    }
    again = ("init", *([str(folder)] if folder is not None else []), "--ci", ci, "--install")
    lines = [f"  {options.command(*again, where)}   # {what}" for where, what in rows.items()]
    raise HmsplanError(
        "this hmsplan was installed from a file or folder here, which CI cannot reach. Choose one:\n"
        + "\n".join(lines),
        summary="Say from where CI installs hmsplan",
    )


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


def _tell_next(root: Path, ci: str | None, environment: str) -> None:
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
        err("\n" + wrapped(_FILL_IN[ci].format(environment=environment)))
