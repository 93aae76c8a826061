"""The system calls of the file backend: each leaves whole files behind, whenever the process dies.

A symbolic link or a pipe in place of one of our files is refused: a repository can hold either.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from hmsplan.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
_SAFE: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_REFUSED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_WRITABLE: Final = (
    ". Make the folder writable for this user; a state can also be kept elsewhere: --state URL, or state: in "
    "hmsplan.yaml"
)


@contextlib.contextmanager
def failing(verb: str, folder: Path) -> Iterator[None]:
    """Turn what the system says into a ``StateError``; it names *folder* unless the system names a file."""
    try:
        yield
    except OSError as error:
        name = os.fspath(error.filename or folder)
        advice = _WRITABLE if error.errno in _REFUSED and verb != "read" else ""
        raise StateError(f"cannot {verb} {name}: {error.strerror or error}{advice}") from error


class Mark(NamedTuple):
    """Tells one content of a file from the next, without reading it."""

    inode: int
    mtime_ns: int
    size: int


def mark(path: Path) -> Mark | None:
    """Give the mark of a file as it is now; None when there is none."""
    try:
        return _mark(path.lstat())
    except FileNotFoundError:
        return None


def read(path: Path) -> tuple[bytes, Mark] | None:
    """Read a whole file, and the mark of what was read; None when there is none."""
    file = open_file(path)
    if file is None:
        return None
    with file:
        status = os.fstat(file.fileno())
        return file.read(), _mark(status)


def open_file(path: Path, buffer: int = -1) -> BinaryIO | None:
    """Open a file to be read, a *buffer* of bytes at a time; None when there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFE)
    except FileNotFoundError:
        return None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
        raise OSError(0, f"it is {kind}, and a file is expected there", str(path))
    return os.fdopen(descriptor, "rb", buffer)


def replace_file(path: Path, data: bytes) -> Mark:
    """Put *data* in place of the file, so that a reader finds either the old content or the new."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFE, PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
            written = _mark(os.fstat(descriptor))
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)
    return written


def append(path: Path, at: int, data: bytes) -> Mark:
    """Write *data* at the offset *at*, cutting off what is there, and wait until it is on the disk.

    When that fails the file is cut back to *at*, as far as the disk still lets us.
    """
    is_new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | _SAFE, PRIVATE_FILE)
    try:
        if os.fstat(descriptor).st_size != at:
            os.ftruncate(descriptor, at)
        try:
            _write(descriptor, at, data)
            os.fsync(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, at)
            raise
        if is_new:
            sync_folder(path.parent)
        return _mark(os.fstat(descriptor))
    finally:
        os.close(descriptor)


def _write(descriptor: int, at: int, data: bytes) -> None:
    os.lseek(descriptor, at, os.SEEK_SET)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: Path) -> None:
    """Wait until the names in *folder* are on the disk."""
    if os.name == "nt":
        return  # Windows has no such call, and keeps names in order by itself
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _mark(status: os.stat_result) -> Mark:
    return Mark(status.st_ino, status.st_mtime_ns, status.st_size)
