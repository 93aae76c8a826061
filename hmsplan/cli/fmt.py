"""``hmsplan fmt``."""

from __future__ import annotations

import contextlib
import difflib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import orjson

from hmsplan.cli.parsing import Command
from hmsplan.cli.terminal import err, out, report
from hmsplan.config.confined import APPROVALS_FILE, ENVIRONMENTS, STACK_FILE, Folder
from hmsplan.config.environments import environments, files_below
from hmsplan.config.files import is_yaml, list_files
from hmsplan.config.interpolation import FileProblem
from hmsplan.config.load import load_settings
from hmsplan.config.yaml_format import CannotFormat, formatted
from hmsplan.errors import ConfigError, HmsplanError
from hmsplan.model import Diagnostic, SourceLine
from hmsplan.text.escape import plain
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.cli.options import Globals

UNFORMATTED: Final = 1


@dataclass(slots=True)
class Result:
    """What became of the files.

    Attributes:
        changed: path to (old, new).
        alone: path to why its canonical form could not be written.
    """

    changed: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    alone: dict[str, str] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    seen: int = 0


@click.command("fmt", cls=Command)
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a file is not in canonical form.")
@click.option("--diff", "show_diff", is_flag=True, help="Show what differs.")
@click.pass_obj
def fmt_command(options: Globals, files: tuple[str, ...], check: bool, show_diff: bool) -> int:
    """Put the YAML files of the stack, or just these, in canonical form: two spaces, indented lists, comments kept.

    What a file says never changes: where that cannot be proved, the file is left as it is.
    """
    folder = Folder(str(options.directory))
    result = _format_all(folder, files)
    if not check:
        for path, (_, new) in result.changed.items():
            _replace(Path(folder.root, path), new)
    _tell(options, result, check=check, show_diff=show_diff)
    if result.problems:
        raise ConfigError(result.problems)
    return UNFORMATTED if check and result.changed else 0


def _format_all(folder: Folder, files: Sequence[str]) -> Result:
    result = Result()
    for path in [_confined(folder, file, result) for file in files] if files else _of_stack(folder):
        if path is None:
            continue
        result.seen += 1
        try:
            old = folder.read_bytes(f"{folder.root}/{path}", path)
            new = formatted(old, path)
        except FileProblem as problem:
            result.problems.append(Diagnostic(problem.summary, problem.detail, SourceLine(path, 1)))
        except ConfigError as error:
            result.problems += error.diagnostics
        except CannotFormat as reason:
            result.alone[path] = str(reason)
        else:
            if new != old:
                result.changed[path] = (old, new)
    return result


def _of_stack(folder: Folder) -> Iterator[str]:
    """Yield the files of settings, the resource files and all environments; links are left to what they lead to."""
    paths = [
        STACK_FILE,
        *({APPROVALS_FILE} & set(folder.names(""))),
        *(f"{ENVIRONMENTS}/{name}" for name in folder.names(ENVIRONMENTS) if is_yaml(name)),
    ]
    paths += [path for path, _ in list_files(folder, load_settings(Path(folder.root)).include).files]
    for each in environments(folder).values():
        with contextlib.suppress(FileProblem):  # a link, or nothing that can be read
            paths += [path for path, _ in files_below(folder, each).files]
    yield from (path for path in paths if not _leads_elsewhere(Path(folder.root, path)))


def _leads_elsewhere(path: Path) -> bool:
    """Say whether a symbolic link stands on the way to a file below the root, which itself holds none."""
    return os.path.realpath(path) != str(path)


def _confined(folder: Folder, file: str, result: Result) -> str | None:
    """Return the path of a named file below the root, or note why it is not touched."""
    asked = Path(folder.root, file)
    real = Path(os.path.realpath(asked.parent), asked.name)
    shown = plain(file)
    if not real.is_relative_to(folder.root):
        problem = Diagnostic(
            "Path outside the stack", f"{shown} is not below {folder.root}. Name another root with -C."
        )
    elif real.is_symlink():
        problem = Diagnostic("Not a file", f"{shown} is a symbolic link. Name the file that it leads to.")
    elif not is_yaml(file):
        problem = Diagnostic(
            "Not a YAML file", f"{shown} does not end in .yaml or .yml, and nothing else is formatted."
        )
    else:
        return str(real.relative_to(folder.root))
    result.problems.append(problem)
    return None


def _replace(path: Path, data: bytes) -> None:
    """Put *data* in place of a file, whole or not at all; it keeps its permissions.

    Raises:
        HmsplanError: file or folder may not be written.
    """
    temporary = path.with_name(f".{path.name}.hmsplan-fmt")
    try:
        temporary.unlink(missing_ok=True)
        with temporary.open("xb") as file:
            os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise HmsplanError(
            f"{plain(str(path))} cannot be written: {error.strerror}. It is as it was; to see what would change:\n"
            "  hmsplan fmt --diff --check",
            summary="Cannot write",
        ) from error


def _tell(options: Globals, result: Result, *, check: bool, show_diff: bool) -> None:
    tell = out if check else report  # what was written is written
    for path, reason in result.alone.items():
        err(f"Left alone: {plain(path)}: {reason}.")
    if options.json:
        body = {"format_version": "1.0", "changed": list(result.changed), "left_alone": result.alone}
        tell(orjson.dumps(body).decode())
        return
    for path, (old, new) in result.changed.items():
        tell(_diff(path, old, new) if show_diff else plain(path))
    total = count(result.seen, "file")
    verb = "would change" if check else "changed"
    err(f"{total}, {len(result.changed)} {verb}." if result.changed else f"{total} looked at, nothing to change.")
    if check and result.changed:
        err(f"To put them in form: {options.command('fmt')}")


def _diff(path: str, old: bytes, new: bytes) -> str:
    before, after = (text.decode("utf-8", "replace").splitlines() for text in (old, new))
    lines = difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm="")
    return "\n".join(map(plain, lines))
