"""The lock of a folder: one holder at a time, freed by the system when that process dies.

``lock`` carries the ``flock``; ``lock.owner`` beside it says whose it is. A run that is not named there any more has
lost the lock to ``hmsplan state unlock --force`` and may write nothing; nor may a run whose ``lock`` was removed or
replaced, for the next run locks another file.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from hmsplan.errors import StateError, StateLocked
from hmsplan.state.file import durable
from hmsplan.state.lock_owner import Owner, lock_lost, lock_taken, not_locked
from hmsplan.state.log import LOG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from filelock import FileLock


IGNORED: Final = """\
# A state.json may be committed; the rest belongs to this machine.
lock
lock.*
journal.jsonl*
state.json.*
emulator.db*
emulator/
"""


class FolderLock:
    """A ``Lock`` of *folder*, which it makes; git does not see what is *ignored*, and the command *remedy* frees it."""

    def __init__(self, folder: Path, ignored: str, remedy: str = "state unlock --force") -> None:
        self._folder = folder
        self._remedy = remedy
        self._ignored = ignored
        self._file = folder / "lock"
        self._note = folder / "lock.owner"
        self._token: str | None = None  # of the lock that this object holds
        self._inode: int | None = None  # of the file that carries it

    @contextlib.contextmanager
    def hold(self, owner: str) -> Iterator[None]:
        """Lock a file; the system frees it when this process dies."""
        with contextlib.ExitStack() as stack:
            with durable.failing("lock", self._folder):
                self._make_folder()
                stack.callback(self._give_back, self._acquire())
                self._inode = self._inode_now()
                self._sign(owner)
            LOG.debug("holds %s", self._file)
            yield

    def require(self) -> None:
        """Look at the lock and at whose it is; what the disk says now is what counts."""
        with durable.failing("read", self._folder):
            if self._token is None:
                raise not_locked()
            if not self._is_ours():
                raise lock_taken(self.holder(), self._remedy)
            if self._inode_now() != self._inode:
                raise lock_lost(f"is gone, for {self._file} was removed or replaced")

    confirm = require

    def unlock(self, *, force: bool) -> Owner | None:
        """Take the note away, with *force* the file as well."""
        if not self._folder.is_dir():
            return None
        owner = self.holder()
        with durable.failing("unlock", self._folder):
            try:
                lock = self._acquire()
            except StateLocked:
                if not force:
                    raise
                self._file.unlink(missing_ok=True)
                self._note.unlink(missing_ok=True)
            else:
                self._note.unlink(missing_ok=True)
                lock.release()
        return owner

    def holder(self) -> Owner | None:
        """Read the note beside the lock."""
        with durable.failing("read", self._folder):
            found = durable.read(self._note)
        return Owner.from_json(found[0]) if found else None

    def _make_folder(self) -> None:
        if self._folder.is_dir():
            return
        parent = self._folder.parent
        parent.mkdir(durable.PRIVATE_FOLDER, parents=True, exist_ok=True)
        self._folder.mkdir(durable.PRIVATE_FOLDER, exist_ok=True)
        with contextlib.suppress(FileExistsError), (parent / ".gitignore").open("x") as file:
            file.write(self._ignored)
        durable.sync_folder(parent)

    def _give_back(self, lock: FileLock) -> None:
        LOG.debug("gives %s back", self._file)
        try:
            with contextlib.suppress(OSError, StateError):  # the note is for people; the lock itself is the system's
                if self._is_ours():
                    self._note.unlink(missing_ok=True)
        finally:
            self._token = None
            lock.release()

    def _acquire(self) -> FileLock:
        from filelock import FileLock, Timeout  # noqa: PLC0415 -- slow to import, and a plan locks nothing

        lock = FileLock(self._file, timeout=0, mode=durable.PRIVATE_FILE, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            raise StateLocked(
                f"{self.holder() or 'another process'} holds {self._file}. Wait until it ends; the lock of a process "
                "that dies on this machine is free at once. If it ran on another machine and is gone, type\n"
                f"  hmsplan {self._remedy}"
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
        owner = self.holder()
        return owner is not None and owner.token == self._token
