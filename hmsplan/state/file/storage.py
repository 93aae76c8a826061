"""The state in a folder: ``state.json``, ``journal.jsonl`` and ``lock``.

A kill between any two operations leaves a readable state: the journal continues an older ``state.json``; or
``state.json`` is new and the journal, not yet emptied, is passed over by its serials; or a temporary file is left,
which the next write replaces. Readers take the journal first and ``state.json`` second, so that a compaction in between
shows them entries twice, never none.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.errors import StateError
from hmsplan.formats.history_file import number_of
from hmsplan.state.environment_name import NAME
from hmsplan.state.file import durable
from hmsplan.state.file.lock import IGNORED, FolderLock
from hmsplan.state.storage import Content, Seen
from hmsplan.state.succession import NEVER, Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hmsplan.state.file.durable import Mark

_BUFFER: Final = 1 << 18
_WORTH_FORGETTING: Final = 100
"""Lines; for fewer the file is not rewritten."""


_BEGIN: Final = b'{"head":'
"""Of a line: one that a kill cut short begins like this, too."""


class Marks(NamedTuple):
    """Tells one content of the two files from the next; None = there is no such file."""

    state: Mark | None
    journal: Mark | None


class FileStorage:
    """A ``Storage`` in a folder of its own; the protocol says what its methods promise."""

    is_local: Final = True

    def __init__(self, folder: Path, ignored: str = IGNORED) -> None:
        """Keep the state in *folder*; *ignored* is what git does not see beside it."""
        self._folder = folder
        self._state = folder / "state.json"
        self._journal = folder / "journal.jsonl"
        self._history = folder / "history.jsonl"
        self.lock: Final = FolderLock(folder, ignored)

    def describe(self) -> str:
        """Name ``state.json``."""
        return str(self._state)

    def get(self) -> Content[Marks]:
        """Read both files, one after the other: another run may write in between."""
        with durable.failing("read", self._folder):
            journal, journal_mark = durable.read(self._journal) or (None, None)
            state, state_mark = durable.read(self._state) or (None, None)
        return Content(state, journal, Marks(state_mark, journal_mark), str(self._state), str(self._journal))

    def holds(self, at: Marks) -> bool:
        """Compare inode, size and time of both files."""
        with durable.failing("read", self._folder):
            return at == Marks(durable.mark(self._state), durable.mark(self._journal))

    def put(self, seen: Seen[Marks], new: Version, body: bytes, backup: bytes | None) -> Marks:  # noqa: ARG002 -- only a database notes versions
        """Write ``state.json``, then empty the journal, which is passed over by its serials until then."""
        at = seen.at
        if backup is not None:
            at = self._write(at, backup)  # empties the journal, so no kill below can leave it to a foreign state
            with durable.failing("back up", self._folder):
                durable.replace_file(_backup(self._state), backup)
        return self._write(at, body)

    def append(self, seen: Seen[Marks], batch: bytes, count: int) -> Marks:  # noqa: ARG002 -- the batch holds its serial
        """Write the batch with one fsync."""
        with durable.failing("write", self._folder):
            return seen.at._replace(journal=durable.append(self._journal, seen.end, batch))

    def set_aside(self) -> Seen[Marks]:
        """Rename both files."""
        with durable.failing("back up", self._folder):
            for path in (self._state, self._journal):
                if durable.mark(path) is not None:
                    path.replace(_backup(path))
            durable.sync_folder(self._folder)
        return Seen(NEVER, Marks(None, None))

    def history(self, since: int = 0) -> Iterator[bytes]:
        """Read ``history.jsonl`` line by line."""
        with durable.failing("read", self._folder):
            file = durable.open_file(self._history, _BUFFER)
            if file is None:
                return
            with file:
                for line in file:
                    if not line.endswith(b"\n") or number_of(line) is None:
                        self._refuse_foreign(line)
                    elif not since or (number_of(line) or 0) >= since:
                        yield line

    def last_line(self) -> bytes | None:
        """Read the end of ``history.jsonl``."""
        return self._tail()[0]

    def remember(self, number: int, line: bytes, oldest: int) -> None:  # noqa: ARG002 -- the lock is enough here
        """Append with one fsync; rewrite the file only once many lines are to be forgotten."""
        self.lock.require()
        first = number_of(next(self.history(), b""))
        if first is not None and oldest - first >= _WORTH_FORGETTING:
            kept = b"".join([*self.history(oldest), line])
            with durable.failing("write", self._folder):
                durable.replace_file(self._history, kept)
            return
        _, end = self._tail()
        with durable.failing("write", self._folder):
            durable.append(self._history, end, line)

    def _tail(self) -> tuple[bytes | None, int]:
        """Return the last whole line of the history, and where it ends."""
        with durable.failing("read", self._folder):
            file = durable.open_file(self._history)
            if file is None:
                return None, 0
            with file:
                size = file.seek(0, os.SEEK_END)
                length = 0
                while True:
                    length = min(size, max(_BUFFER, 4 * length))
                    file.seek(size - length)
                    data = file.read(length)
                    end = data.rfind(b"\n") + 1
                    begin = data.rfind(b"\n", 0, max(end - 1, 0)) + 1
                    if begin or length == size:
                        self._refuse_foreign(data[end:])
                        if begin < end and number_of(data[begin:end]) is None:
                            self._refuse_foreign(data[begin:end])
                        return data[begin:end] or None, size - length + end

    def _refuse_foreign(self, torn: bytes) -> None:
        """Refuse what no apply wrote, and no kill of one left."""
        if not (torn.startswith(_BEGIN) or _BEGIN.startswith(torn)):
            with durable.failing("read", self._folder):
                lines = self._history.read_bytes().splitlines(keepends=True)
            ours = (number_of(line) is not None and line.endswith(b"\n") for line in lines)
            whole = next(index for index, each in enumerate((*ours, False)) if not each)
            own = shlex.quote(str(self._history))
            advice = (
                f"The {whole} before it stay usable. Keep a copy, and then only these:\n"
                f"  head -n {whole} {own} > history.jsonl.whole\n  mv history.jsonl.whole {own}"
                if whole
                else f"Put the file back from a backup. Without one, move it away, and a new history begins:\n"
                f"  mv {own} {own}.damaged"
            )
            raise StateError(
                f"{self._history} line {whole + 1}: no apply wrote it. {advice}", summary="History is damaged"
            )

    def environments(self) -> Mapping[str, FileStorage]:
        """Open the states in the folders beside this one; a second name of this very folder is none of them."""
        with durable.failing("read", self._folder):
            own, parent = self._folder.name, self._folder.parent
            folders = sorted(parent.iterdir()) if parent.is_dir() else []
            others = [each for each in folders if each.name != own and NAME.fullmatch(each.name) and each.is_dir()]
            mine = self._folder.resolve() if others else None
            return {folder.name: FileStorage(folder) for folder in others if folder.resolve() != mine}

    def _write(self, at: Marks, body: bytes) -> Marks:
        with durable.failing("write", self._folder):
            is_compact = at.journal is None or at.journal.size == 0
            if is_compact and self._holds(body):
                return at
            mark = durable.replace_file(self._state, body)
            return Marks(mark, at.journal if is_compact else durable.replace_file(self._journal, b""))

    def _holds(self, data: bytes) -> bool:
        found = durable.read(self._state)
        return found is not None and found[0] == data


def _backup(path: Path) -> Path:
    return path.with_name(path.name + ".backup")
