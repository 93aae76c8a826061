"""``hmsplan fmt``."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import orjson

from hmsplan.cli.parsing import Command
from hmsplan.cli.stack_files import replace, writable
from hmsplan.cli.terminal import err, out, report
from hmsplan.config.confined import Folder
from hmsplan.config.files import is_yaml
from hmsplan.config.interpolation import FileProblem
from hmsplan.config.yaml_format import CannotFormat, formatted
from hmsplan.errors import ConfigError
from hmsplan.model import Diagnostic, SourceLine
from hmsplan.text.escape import plain
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

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
            replace(Path(folder.root, path), new, "to see what would change:\n  hmsplan fmt --diff --check")
    _tell(options, result, check=check, show_diff=show_diff)
    if result.problems:
        raise ConfigError(result.problems)
    return UNFORMATTED if check and result.changed else 0


def _format_all(folder: Folder, files: Sequence[str]) -> Result:
    result = Result()
    for path in [_confined(folder, file, result) for file in files] if files else writable(folder):
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
