"""The environments of a stack: ``environments/NAME.yaml``, ``environments/NAME/`` with resources, or both."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hmsplan.config.confined import ENVIRONMENTS, STACK_FILE, Folder
from hmsplan.config.files import Listing, is_yaml, list_files
from hmsplan.config.interpolation import FileProblem
from hmsplan.config.settings import DEFAULT_INCLUDE
from hmsplan.config.yaml_parser import parse
from hmsplan.errors import ConfigError
from hmsplan.model import Diagnostic, Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hmsplan.config.document import Document
    from hmsplan.model import SourceLine

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment; paths are relative to the root.

    Attributes:
        file: what it says about the stack; None when it says nothing.
        folder: of the resources that exist in it only; None when there is none.
    """

    file: str | None
    folder: str | None


NOTHING: Final = Environment(None, None)


def environments(folder: Folder) -> dict[str, Environment]:
    """Return the environments of a stack by name, in order."""
    names = folder.names(ENVIRONMENTS)
    files = {name.rsplit(".", 1)[0]: name for name in reversed(names) if is_yaml(name)}  # .yaml before .yml
    folders = {name for name in names if not is_yaml(name) and not name.startswith(".") and _is_folder(folder, name)}
    return {
        name: Environment(
            f"{ENVIRONMENTS}/{files[name]}" if name in files else None,
            f"{ENVIRONMENTS}/{name}" if name in folders else None,
        )
        for name in sorted({*files, *folders})
    }


def _is_folder(folder: Folder, name: str) -> bool:
    return folder.is_folder(f"{ENVIRONMENTS}/{name}")


def files_below(folder: Folder, environment: Environment) -> Listing:
    """Find the resource files of one environment: every YAML file below its folder, whatever ``include`` says.

    Raises:
        FileProblem: the folder cannot be read, or is a symbolic link.
    """
    at = environment.folder
    if at is None:
        return Listing((), (), ())
    if folder.real(at) != f"{folder.root}/{at}":
        detail = f"{at} is reached through a symbolic link and not entered, so what it declares would be deleted."
        raise FileProblem("Linked folder", f"{detail} Put the folder itself in the place of the link.")
    return list_files(folder, DEFAULT_INCLUDE, f"{at}/")


def documents_of(folder: Folder, others: Iterable[Environment]) -> Iterator[Document]:
    """Yield every file of *others* that can be parsed; what is wrong with the rest is told when they are chosen."""
    folder = Folder(folder.root)  # with a budget of its own
    for path in files_of(folder, others):
        with suppress(FileProblem, ConfigError):
            yield parse(folder.read_bytes(folder.real(path), path), path)


def files_of(folder: Folder, some: Iterable[Environment]) -> Iterator[str]:
    """Yield the file and the resource files of each of *some* environments, as far as they can be listed."""
    for each in some:
        if each.file is not None:
            yield each.file
        with suppress(FileProblem):
            yield from (path for path, _ in files_below(folder, each).files)


def file_of(folder: Folder, environment: Environment, what: bytes = b"") -> Document | None:
    """Return the file of *environment*, if it can be parsed and holds *what*."""
    folder, path = Folder(folder.root), environment.file  # with a budget of its own
    if path is None or not folder.mentions(path, what):
        return None
    with suppress(FileProblem, ConfigError):
        return parse(folder.read_bytes(folder.real(path), path), path)
    return None


def unknown(name: str, known: Mapping[str, Environment], source: SourceLine | None) -> Diagnostic | None:
    """Return the problem of an environment that is not one of *known*, and was named at *source*."""
    if _NAME.fullmatch(name) is None:
        detail = f"Invalid environment name {wording.shown(name)}: use lower-case letters, digits, - and _."
        return Diagnostic("Bad name", detail, source)
    if name in known:
        return None
    guess = wording.did_you_mean(name, known)
    there = f" There are: {wording.listed(known)}." if known and not guess else guess
    detail = f"There is no {ENVIRONMENTS}/{name}.yaml, and no folder {ENVIRONMENTS}/{name}/.{there}"
    return Diagnostic("Unknown environment", detail, source)


def none_chosen(known: Iterable[str]) -> Diagnostic:
    """Return the problem of a stack that has environments, of which none was chosen."""
    detail = (
        f"The stack has environments ({wording.listed(known)}), and none was chosen. Without one, everything "
        "that they own would look as if it had to be created. Choose with -e or HMSPLAN_ENV, or once for all commands "
        f"in {STACK_FILE}, with default_environment."
    )
    return Diagnostic("No environment chosen", detail)


def misnamed(known: Mapping[str, Environment]) -> Iterator[Diagnostic]:
    """Warn of each folder that has no file, and whose name is almost that of a file."""
    files = [name for name, each in known.items() if each.file is not None]
    for name, each in known.items():
        if each.file is None and (meant := wording.nearest(name, files)) is not None:
            detail = (
                f"{each.folder}/ has no {each.folder}.yaml beside it, so it is an environment of its own. If it "
                f"belongs to {meant}, rename it to {ENVIRONMENTS}/{meant}; if not, write an empty {each.folder}.yaml."
            )
            yield Diagnostic("Environment without a file", detail, severity=Severity.WARNING)
