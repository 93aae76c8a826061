"""Puts a secret that is shown once where it belongs: into a file that only this user reads, or into a command.

A sink is opened before the secret exists, so that a file that cannot be written stops the run while nothing is lost.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hmsplan.errors import HmsplanError
from hmsplan.secrets.answers import TIMEOUT_S, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hmsplan.secrets.source import Sink

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_PRIVATE: Final = 0o600


class SinkRefused(HmsplanError):
    """The sink cannot take a secret, and none has been made yet."""

    summary = "Secret sink refused"


@contextmanager
def opened(sink: Sink, timeout_s: float = TIMEOUT_S) -> Iterator[Callable[[str], object]]:
    """Return what puts a secret into *sink*; a file that got none is taken away again.

    Raises:
        SinkRefused: the file cannot be written, or holds something.
    """
    if sink.scheme == "exec":
        yield lambda secret: run(sink, sink.place, secret, [secret], timeout_s, "so it may not have taken the secret")
        return
    path = Path(sink.place)
    descriptor = _file(path)
    try:
        yield partial(_write, descriptor, path)
    finally:
        is_empty = os.fstat(descriptor).st_size == 0
        os.close(descriptor)
        if is_empty:
            path.unlink(missing_ok=True)


def _file(path: Path) -> int:
    """Open a file for this user alone. An empty one is what a run that was killed left behind."""
    try:
        descriptor = os.open(path, _FLAGS, _PRIVATE)
    except OSError as error:
        detail = f"{path} cannot be written: {error.strerror}. Name a new file in a folder that this user may write to."
        raise SinkRefused(detail) from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_size:
        os.close(descriptor)
        raise SinkRefused(f"{path} is there already, and nothing is overwritten. Name a new file.")
    if stat.S_IMODE(found.st_mode) & 0o077 and os.name != "nt":
        os.chmod(path, _PRIVATE)  # noqa: PTH101 -- the path was just opened without following a link
    return descriptor


def _write(descriptor: int, path: Path, secret: str) -> None:
    """Write the secret as a line, and wait until it is on the disk."""
    try:
        data = memoryview(f"{secret}\n".encode())
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    except OSError as error:
        os.ftruncate(descriptor, 0)
        raise HmsplanError(f"{path}: {error.strerror}", summary="Secret sink failed") from None


def keep(path: Path, secret: str) -> None:
    """Write *secret* to a file for this user alone, in the place of a sink that failed.

    Raises:
        HmsplanError: that failed, too.
    """
    descriptor = _file(path)
    try:
        _write(descriptor, path, secret)
    finally:
        os.close(descriptor)
