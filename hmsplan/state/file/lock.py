"""The lock of a folder: one holder at a time, freed by the system when that process dies.

``lock`` carries the ``flock``; ``lock.owner`` beside it says whose it is. A run that is not named there any more has
lost the lock to ``hmsplan state unlock --force`` and may write nothing; nor may a run whose ``lock`` was removed or
replaced, for the next run locks another file.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from hmsplan.errors import StateLocked
from hmsplan.state.file import durable
from hmsplan.state.lock_owner import Owner, lock_lost, lock_taken, not_locked
from hmsplan.state.log import LOG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from filelock import FileLock


class FolderLock:
    """The lock of *folder*, as one run sees it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "lock"
        self._note = folder / "lock.owner"
        self._token: str | None = None  # of the lock that this object holds
        self._inode: int | None = None  # of the file that carries it

    @contextlib.contextmanager
    def hold(self, owner: str, timeout_s: float) -> Iterator[None]:
        """Hold the lock; *timeout_s* = how long to wait for its holder.

        Raises:
            StateLocked: another run holds it.
            OSError: the folder cannot be written.
        """
        lock = self._acquire(timeout_s)
        try:
            self._inode = self._inode_now()
            self._sign(owner)
            LOG.debug("holds %s", self._file)
            yield
        finally:
            LOG.debug("gives %s back", self._file)
            try:
                with contextlib.suppress(OSError):  # the note is for people; the lock itself is the system's
                    if self._is_ours():
                        self._note.unlink(missing_ok=True)
            finally:
                self._token = None
                lock.release()

    def require(self) -> None:
        """Refuse to go on without the lock; what the disk says now is what counts."""
        if self._token is None:
            raise not_locked()
        if not self._is_ours():
            raise lock_taken(self.owner())
        if self._inode_now() != self._inode:
            raise lock_lost(f"is gone, for {self._file} was removed or replaced")

    def unlock(self, *, force: bool) -> Owner | None:
        """Take away what a dead run left, and say whose it was; *force* takes it from a living one, too."""
        owner = self.owner()
        try:
            lock = self._acquire(0.0)
        except StateLocked:
            if not force:
                raise
            self._file.unlink(missing_ok=True)
            self._note.unlink(missing_ok=True)
            return owner
        self._note.unlink(missing_ok=True)
        lock.release()
        return owner

    def owner(self) -> Owner | None:
        """Say who holds the lock, or held it when it died; None when that is not known."""
        found = durable.read(self._note)
        return Owner.from_json(found[0]) if found else None

    def _acquire(self, timeout_s: float) -> FileLock:
        from filelock import FileLock, Timeout  # noqa: PLC0415 -- slow to import, and a plan locks nothing

        lock = FileLock(self._file, timeout=timeout_s, mode=durable.PRIVATE_FILE, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            raise StateLocked(
                f"{self.owner() or 'another process'} holds {self._file}. Wait until it ends; the lock of a process "
                "that dies on this machine is free at once. If it ran on another machine and is gone, type\n"
                "  hmsplan state unlock --force"
            ) from None
        return lock

    def _sign(self, owner: str) -> None:
        note = Owner.here(owner)
        durable.replace_file(self._note, note.to_json().encode())
        self._token = note.token

    def _inode_now(self) -> int | None:
        mark = durable.mark(self._file)
        return mark.inode if mark else None

    def _is_ours(self) -> bool:
        owner = self.owner()
        return owner is not None and owner.token == self._token
