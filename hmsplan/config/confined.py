"""Reading files of a stack, and nothing else: inside the root, regular, of bounded size.

A pull request decides which paths are asked for, so a path never leads out of the root: not absolutely, not by ``..``,
not through a symbolic link.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Final

from hmsplan.config.interpolation import FileProblem
from hmsplan.config.slips import merge_conflict
from hmsplan.config.yaml_parser import MAX_FILE_BYTES
from hmsplan.model import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TOTAL_BYTES: Final = 64 * 2**20
STACK_FILE: Final = "hmsplan.yaml"
ENVIRONMENTS: Final = "environments"
APPROVALS_FILE: Final = "approvals.yaml"
FLEET_FILE: Final = "fleet.yaml"
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_REORDERING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""What makes a reviewer read another text than the one that is there. A list of names out of a phone may hold some."""


_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
"""O_NONBLOCK: opening a FIFO does not wait for its other end."""


class Folder:
    """The root of a stack.

    Attributes:
        root: without symbolic links.
        budget: bytes that may still be read.
        instead: path below the root, without symbolic links, to what is read in the place of what is there.
    """

    def __init__(self, root: str, budget: int = MAX_TOTAL_BYTES, instead: Mapping[str, bytes] = EMPTY) -> None:
        self.root = os.path.realpath(root)
        self.budget = budget
        self.instead = instead
        self._inside = self.root.rstrip("/") + "/"
        self._texts: dict[str, str] = {}

    def read_text(self, path: str) -> str:
        """Return a text file named by the stack, with Unix line ends and without a byte order mark.

        Raises:
            FileProblem: it is outside, missing, no regular file, too large, or not UTF-8.
        """
        if path not in self._texts:
            self._texts[path] = self._decode(path, self.read_bytes(self._confine(path), path))
        return self._texts[path]

    def mentions(self, path: str, what: bytes) -> bool:
        """Say whether a file holds *what*, without a look at the rest of it; one that cannot be read does not."""
        try:
            return what in self.read_bytes(self._confine(path), path)
        except FileProblem:
            return False

    def read_bytes(self, absolute: str, shown: str) -> bytes:
        """Return the contents of a file, whose path holds no link any more; *shown* is what messages call it."""
        if not absolute.startswith(self._inside):
            detail = f"{shown} is a symbolic link to a place outside the stack. Copy the file into it."
            raise FileProblem("Path outside the stack", detail)
        if (data := self.instead.get(absolute[len(self._inside) :])) is not None:
            return data
        try:
            descriptor = self._open(absolute)
        except OSError as error:
            raise FileProblem(*unreadable(error, shown)) from None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise FileProblem(
                    "Not a file", f"{shown} is a folder, a pipe or a device; only regular files are read."
                )
            if status.st_size > MAX_FILE_BYTES:
                detail = f"{shown} has {status.st_size:,} bytes; a file may have {MAX_FILE_BYTES:,}."
                raise FileProblem("File too large", detail)
            data = _read_all(descriptor, status.st_size)
        except OSError as error:
            raise FileProblem(*unreadable(error, shown)) from None
        finally:
            os.close(descriptor)
        self.budget -= len(data)
        if self.budget < 0:
            raise FileProblem("Stack too large", f"The files of a stack may have {MAX_TOTAL_BYTES:,} bytes together.")
        return data

    def _open(self, absolute: str) -> int:
        """Open a file below the root. Links were resolved before, so whatever is one by now is not followed.

        Folder by folder: a process that can write into the stack could put a link in the place of one meanwhile.
        """
        *folders, name = absolute[len(self._inside) :].split("/")
        at = os.open(self.root, _FOLDER)
        try:
            for folder in folders:
                below = os.open(folder, _FOLDER, dir_fd=at)
                os.close(at)
                at = below
            return os.open(name, _FILE, dir_fd=at)
        finally:
            os.close(at)

    def real(self, path: str) -> str:
        """Return the absolute path of a file below the root; one outside when a link on the way leads there."""
        absolute = f"{self.root}/{path}"
        try:
            return os.path.realpath(absolute)
        except OSError:  # a link went away while it was looked at; opening follows none
            return absolute

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted; none when there is no such folder."""
        try:
            return sorted(entry.name for entry in os.scandir(f"{self.root}/{folder}"))
        except OSError:
            return []

    def exists(self, path: str) -> bool:
        """Say whether there is anything of that path below the root."""
        return os.path.lexists(f"{self.root}/{path}")

    def is_folder(self, path: str) -> bool:
        """Say whether there is a folder below the root, or a link to one."""
        return os.path.isdir(f"{self.root}/{path}")  # noqa: PTH112 -- the root is a text

    def _confine(self, path: str) -> str:
        if path.startswith(("/", "~", "\\")) or re.match(r"[A-Za-z]:", path):
            detail = f"{path} is absolute. Write it relative to the folder of {STACK_FILE}."
            raise FileProblem("Path outside the stack", detail)
        if ".." in path.replace("\\", "/").split("/"):
            detail = f"{path} climbs out with '..'. Paths start at the folder of {STACK_FILE} and stay below it."
            raise FileProblem("Path outside the stack", detail)
        if "\x00" in path:
            raise FileProblem("Bad path", "The path holds a NUL character.")
        return self.real(path)

    def _decode(self, path: str, data: bytes) -> str:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise FileProblem("Not UTF-8", f"{path} is not UTF-8 (line {line}). Save it as UTF-8.") from None
        match = _CONTROL.search(text) or (None if path.endswith(".csv") else _REORDERING.search(text))
        if match is not None:
            line = text.count("\n", 0, match.start()) + 1
            detail = (
                f"{path} holds a character U+{ord(match[0]):04X} on line {line}. It is invisible, or reorders the text "
                "around it, so a reviewer would not see what the file says. Take it out."
            )
            raise FileProblem("Invisible character", detail)
        if (conflict := merge_conflict(text)) is not None:
            raise FileProblem("Merge conflict", f"{path}: {conflict[1]}")
        return text.replace("\r\n", "\n") if "\r" in text else text


def _read_all(descriptor: int, size: int) -> bytes:
    """Read *size* bytes, or what there is when the file shrinks meanwhile."""
    data = os.read(descriptor, size)
    while len(data) < size and (more := os.read(descriptor, size - len(data))):
        data += more
    return data


def unreadable(error: OSError, shown: str) -> tuple[str, str]:
    """Return summary and detail for what the system says of a file or folder."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "File not found", f"The stack has no file {shown}."
    return "Unreadable file", f"{shown} cannot be read: {error.strerror or 'unknown reason'}."
