"""Which files below the root of a stack are resource files, and what is passed over although it may look like one.

What a file that is not read declared would be deleted. So a link to a folder, a stack inside the stack and a pattern
that finds nothing are told: as an error where something may be lost, as a warning where nothing is.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hmsplan.config.confined import APPROVALS_FILE, ENVIRONMENTS, FLEET_FILE, STACK_FILE, Folder, unreadable
from hmsplan.config.interpolation import FileProblem
from hmsplan.model import Diagnostic, Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUFFIXES: Final = (".yaml", ".yml")
_KEPT_STATE: Final = re.compile(r"errored(\.[^/]+)?\.state\.json")
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Listing:
    """What a walk found.

    Attributes:
        files: (path relative to the root, absolute path) of each resource file, sorted.
        passed: what was not entered, and may hold some.
        idle: the patterns of ``include`` that no file fits.
    """

    files: tuple[tuple[str, str], ...]
    passed: tuple[Diagnostic, ...]
    idle: tuple[str, ...]


def list_files(folder: Folder, include: Sequence[str], at: str = "") -> Listing:
    """Find the resource files below *at*, which is empty or ends with a slash.

    Folders that are symbolic links are not entered. A file that is one is read, when it leads to a file inside.

    Raises:
        FileProblem: a folder cannot be read.
    """
    found = _Found()
    _walk(folder, at, found)
    found.files += [path for path in folder.instead if path.startswith(at) and not folder.exists(path)]
    patterns = [re.compile(glob(pattern)) for pattern in include]
    wanted = re.compile("|".join(f"(?:{pattern.pattern})" for pattern in patterns))
    files = sorted(path for path in found.files if _fits(wanted, path))
    idle = [text for text, each in zip(include, patterns, strict=True) if not any(_fits(each, path) for path in files)]
    passed = [
        *_of_links(folder, found, include, wanted),
        *_of_stacks(found, include),
        *_of_names(found, include, wanted),
    ]
    return Listing(tuple((path, _absolute(folder, path)) for path in files), tuple(passed), tuple(idle))


def is_yaml(name: str) -> bool:
    """Say whether a file of that name is YAML: ``.YAML`` is, too."""
    return name.lower().endswith(SUFFIXES)


def _fits(pattern: re.Pattern[str], path: str) -> bool:
    """Say whether *path* is meant by a pattern, whatever the case of its ending."""
    if pattern.fullmatch(path) is not None:
        return True
    stem, dot, ending = path.rpartition(".")
    return not ending.islower() and is_yaml(path) and pattern.fullmatch(f"{stem}{dot}{ending.lower()}") is not None


def _absolute(folder: Folder, path: str) -> str:
    absolute = f"{folder.root}/{path}"  # the walk enters no link, so only the last name may be one
    return folder.real(path) if os.path.islink(absolute) else absolute  # noqa: PTH114 -- in a hot loop


@dataclass(slots=True)
class _Found:
    """What is there.

    Attributes:
        folders: those that were entered.
        links: to folders, and to nothing.
        stacks: folders with a stack file of their own.
        unnamed: files and folders whose names are not UTF-8.
    """

    files: list[str] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    stacks: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)


def _walk(folder: Folder, at: str, found: _Found) -> None:
    """Look at everything in the folder *at*, which is empty or ends with a slash; hidden names are no one's."""
    try:
        entries = [entry for entry in os.scandir(f"{folder.root}/{at}") if not entry.name.startswith(".")]
    except OSError as error:
        raise FileProblem(*unreadable(error, at or ".")) from None
    if at and any(entry.name == STACK_FILE for entry in entries):
        found.stacks.append(at.removesuffix("/"))
        return
    found.folders.add(at.removesuffix("/"))
    for entry in entries:
        path = f"{at}{entry.name}"
        if path in {STACK_FILE, ENVIRONMENTS, APPROVALS_FILE, FLEET_FILE} or _KEPT_STATE.fullmatch(path):
            continue
        if not _is_text(entry.name):
            found.unnamed.append(f"{path}/" if entry.is_dir() else path)
        elif entry.is_dir(follow_symlinks=False):
            _walk(folder, f"{path}/", found)
        elif entry.is_symlink() and _leads_to_no_file(entry):
            found.links.append(path)
        else:
            found.files.append(path)


def _is_text(name: str) -> bool:
    """Say whether a name is UTF-8; Python gives other bytes as halves of surrogate pairs, which cannot be written."""
    return name.isascii() or name.encode("utf-8", "replace").decode() == name


def _leads_to_no_file(link: os.DirEntry[str]) -> bool:
    """Say whether a link leads to a folder, or nowhere under a name that is not a YAML file's."""
    return link.is_dir() or not (is_yaml(link.name) or os.path.exists(link.path))  # noqa: PTH110 -- in a hot loop


def _of_links(folder: Folder, found: _Found, include: Sequence[str], wanted: re.Pattern[str]) -> Iterator[Diagnostic]:
    for path in sorted(found.links):
        if any(may_hold(pattern, path) for pattern in include):
            real = folder.real(path)
            inside = real == folder.root or real.startswith(f"{folder.root.rstrip('/')}/")
            if not os.path.exists(real):  # noqa: PTH110 -- realpath gives a text
                yield _dangling(path)
            elif not inside:
                yield _outside(path)
            else:
                target = real[len(folder.root) :].strip("/")
                yield _inside(path, target, is_read=_is_read_there(found, path, target, wanted))


def _dangling(path: str) -> Diagnostic:
    detail = (
        f"{path} is a symbolic link that leads nowhere, so what lay behind it would be deleted. Bring back the folder "
        "that it leads to, or take the link out."
    )
    return Diagnostic("Link to nothing", detail)


def _outside(path: str) -> Diagnostic:
    detail = (
        f"{path} is a symbolic link to a folder outside the stack. It is not entered, so what it declares would be "
        f"deleted. Copy the folder into the stack, or name the folders that are yours under include in {STACK_FILE}."
    )
    return Diagnostic("Path outside the stack", detail)


def _inside(path: str, target: str, *, is_read: bool) -> Diagnostic:
    place = target or "the root"
    if is_read:
        detail = f"{path} is a symbolic link and is not entered; its files are read in {place}."
        return Diagnostic("Linked folder", detail, severity=Severity.WARNING)
    detail = (
        f"{path} is a symbolic link to {place}. It is not entered, and its files are not read there either, so what "
        f"they declare would be deleted. Move the folder to {path}, or name {place} under include in {STACK_FILE}."
    )
    return Diagnostic("Linked folder", detail)


def _is_read_there(found: _Found, path: str, target: str, wanted: re.Pattern[str]) -> bool:
    """Say whether every file that would be read below the link is read where it really lies."""
    if target not in found.folders:
        return False
    below = f"{target}/" if target else ""
    names = (each.removeprefix(below) for each in found.files if each.startswith(below))
    return all(_fits(wanted, f"{below}{name}") for name in names if _fits(wanted, f"{path}/{name}"))


def _of_stacks(found: _Found, include: Sequence[str]) -> Iterator[Diagnostic]:
    stacks = sorted(path for path in found.stacks if any(may_hold(pattern, path) for pattern in include))
    if not stacks:
        return
    more = f" and {len(stacks) - _MOST_NAMED} more" if len(stacks) > _MOST_NAMED else ""
    named = ", ".join(stacks[:_MOST_NAMED]) + more if more else wording.listed(stacks)
    one = len(stacks) == 1
    detail = (
        f"{named} {'has' if one else 'have'} an {STACK_FILE} of {'its' if one else 'their'} own, so nothing below "
        f"{'it' if one else 'them'} belongs to this stack. To plan {'it' if one else 'the first'}, add -C {stacks[0]}. "
        f"To end this warning, name the folders of this stack under include in {STACK_FILE}."
    )
    yield Diagnostic("Stack inside the stack", detail, severity=Severity.WARNING)


def _of_names(found: _Found, include: Sequence[str], wanted: re.Pattern[str]) -> Iterator[Diagnostic]:
    """Tell of the names that no pattern and no message can hold, as far as a resource file may be meant."""
    for path in sorted(found.unnamed):
        shown = path.encode("utf-8", "backslashreplace").decode()
        is_folder = path.endswith("/")
        if any(may_hold(each, path.rstrip("/")) for each in include) if is_folder else _fits(wanted, path):
            yield Diagnostic("Bad file name", f"The name of {shown} is not UTF-8, so it is not read. Rename it.")


def may_hold(pattern: str, folder: str) -> bool:
    """Say whether a file that fits *pattern* can lie below *folder*."""
    parts = pattern.removeprefix("./").split("/")
    for name, part in zip(folder.split("/"), parts, strict=False):
        if part.startswith("**"):
            return True
        if re.fullmatch(_name(part), name) is None:
            return False
    return len(parts) > folder.count("/") + 1


def glob(pattern: str) -> str:
    """Translate a glob: ``**/`` any folders, ``*`` and ``?`` within a name; every other character is itself.

    Of several wildcards all but the last take the first place that fits and keep it, as in ``fnmatch``: to try all
    their places together could take for ever.
    """
    pattern = re.sub(r"(^|/)\*\*(?=[^/])", r"\1**/*", pattern.removeprefix("./"))  # **.yaml is **/*.yaml
    pattern = re.sub(r"(^|/)\*\*$", r"\1**/*", pattern)
    first, *runs = ["/".join(map(_name, run.split("/"))) for run in re.split(r"(?:(?:^|(?<=/))\*\*/)+", pattern)]
    if not runs:
        return first
    return first + "".join(f"(?>(?:[^/]+/)*?{run})" for run in runs[:-1]) + f"(?:[^/]+/)*{runs[-1]}"


def _name(pattern: str) -> str:
    """Translate a glob of one name."""
    first, *others = [re.escape(part).replace(r"\?", "[^/]") for part in re.split(r"\*+", pattern)]
    if not others:
        return first
    return first + "".join(f"(?>[^/]*?{part})" for part in others[:-1]) + f"[^/]*{others[-1]}"
