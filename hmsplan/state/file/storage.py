"""The state in a folder: ``state.json``, ``journal.jsonl`` and ``lock``.

A kill between any two operations leaves a readable state: the journal continues an older ``state.json``; or
``state.json`` is new and the journal, not yet emptied, is passed over by its serials; or a temporary file is left,
which the next write replaces. Readers take the journal first and ``state.json`` second, so that a compaction in between
shows them entries twice, never none.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.errors import StateError
from hmsplan.state.environment_name import NAME
from hmsplan.state.file import durable
from hmsplan.state.file.lock import FolderLock
from hmsplan.state.storage import Content, Seen
from hmsplan.state.succession import NEVER, Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hmsplan.state.file.durable import Mark
    from hmsplan.state.lock_owner import Owner

IGNORED: Final = """\
# A state.json may be committed; the rest belongs to this machine.
lock
lock.*
journal.jsonl*
state.json.*
emulator.db*
emulator/
"""


_REFUSED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_WRITABLE: Final = (
    ". Make the folder writable for this user, or keep the state where it may be written: --state URL, or state: in "
    "hmsplan.yaml"
)


class Marks(NamedTuple):
    """Tells one content of the two files from the next; None = there is no such file."""

    state: Mark | None
    journal: Mark | None


class FileStorage:
    """A ``Storage`` in a folder of its own; the protocol says what its methods promise."""

    def __init__(self, folder: Path, ignored: str = IGNORED) -> None:
        """Keep the state in *folder*; *ignored* is what git does not see beside it."""
        self._folder = folder
        self._ignored = ignored
        self._state = folder / "state.json"
        self._journal = folder / "journal.jsonl"
        self._lock = FolderLock(folder)

    def describe(self) -> str:
        """Name ``state.json``."""
        return str(self._state)

    def get(self) -> Content[Marks]:
        """Read both files, one after the other: another run may write in between."""
        with self._failing("read"):
            journal, journal_mark = durable.read(self._journal) or (None, None)
            state, state_mark = durable.read(self._state) or (None, None)
        return Content(state, journal, Marks(state_mark, journal_mark), str(self._state), str(self._journal))

    def holds(self, at: Marks) -> bool:
        """Compare inode, size and time of both files."""
        with self._failing("read"):
            return at == Marks(durable.mark(self._state), durable.mark(self._journal))

    def put(self, seen: Seen[Marks], new: Version, body: bytes, backup: bytes | None) -> Marks:  # noqa: ARG002 -- only a database notes versions
        """Write ``state.json``, then empty the journal, which is passed over by its serials until then."""
        at = seen.at
        if backup is not None:
            at = self._write(at, backup)  # empties the journal, so no kill below can leave it to a foreign state
            with self._failing("back up"):
                durable.replace_file(_backup(self._state), backup)
        return self._write(at, body)

    def append(self, seen: Seen[Marks], batch: bytes, count: int) -> Marks:  # noqa: ARG002 -- the batch holds its serial
        """Write the batch with one fsync."""
        with self._failing("write"):
            return seen.at._replace(journal=durable.append(self._journal, seen.end, batch))

    def set_aside(self) -> Seen[Marks]:
        """Rename both files."""
        with self._failing("back up"):
            for path in (self._state, self._journal):
                if durable.mark(path) is not None:
                    path.replace(_backup(path))
            durable.sync_folder(self._folder)
        return Seen(NEVER, Marks(None, None))

    @contextlib.contextmanager
    def lock(self, owner: str, timeout_s: float) -> Iterator[None]:
        """Lock a file; the system frees it when this process dies."""
        with contextlib.ExitStack() as stack:
            with self._failing("lock"):
                self._make_folder()
                stack.enter_context(self._lock.hold(owner, timeout_s))
            yield

    def require(self) -> None:
        """Look at the lock and at whose it is, on the disk."""
        with self._failing("read"):
            self._lock.require()

    confirm = require

    def unlock(self, *, force: bool) -> Owner | None:
        """Take the file away."""
        with self._failing("unlock"):
            return self._lock.unlock(force=force) if self._folder.is_dir() else None

    def holder(self) -> Owner | None:
        """Read the note beside the lock."""
        with self._failing("read"):
            return self._lock.owner()

    def environments(self) -> Mapping[str, FileStorage]:
        """Open the states in the folders beside this one; a second name of this very folder is none of them."""
        with self._failing("read"):
            mine, parent = self._folder.resolve(), self._folder.parent
            folders = sorted(parent.iterdir()) if parent.is_dir() else []
            return {
                folder.name: FileStorage(folder)
                for folder in folders
                if NAME.fullmatch(folder.name) and folder.is_dir() and folder.resolve() != mine
            }

    def _write(self, at: Marks, body: bytes) -> Marks:
        with self._failing("write"):
            is_compact = at.journal is None or at.journal.size == 0
            if is_compact and self._holds(body):
                return at
            mark = durable.replace_file(self._state, body)
            return Marks(mark, at.journal if is_compact else durable.replace_file(self._journal, b""))

    def _holds(self, data: bytes) -> bool:
        found = durable.read(self._state)
        return found is not None and found[0] == data

    def _make_folder(self) -> None:
        if self._folder.is_dir():
            return
        parent = self._folder.parent
        parent.mkdir(durable.PRIVATE_FOLDER, parents=True, exist_ok=True)
        self._folder.mkdir(durable.PRIVATE_FOLDER, exist_ok=True)
        with contextlib.suppress(FileExistsError), (parent / ".gitignore").open("x") as file:
            file.write(self._ignored)
        durable.sync_folder(parent)

    @contextlib.contextmanager
    def _failing(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            name = os.fspath(error.filename or self._folder)
            advice = _WRITABLE if error.errno in _REFUSED and verb != "read" else ""
            raise StateError(f"cannot {verb} {name}: {error.strerror or error}{advice}") from error


def _backup(path: Path) -> Path:
    return path.with_name(path.name + ".backup")
