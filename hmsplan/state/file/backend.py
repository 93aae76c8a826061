"""The state in a folder: ``state.json``, ``journal.jsonl`` and ``lock``.

A kill between any two operations leaves a readable state: the journal continues an older ``state.json``; or
``state.json`` is new and the journal, not yet emptied, is passed over by its serials; or a temporary file is left,
which the next write replaces. Readers take the journal first and ``state.json`` second, so that a compaction in between
shows them entries twice, never none.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hmsplan.errors import StateError
from hmsplan.formats.state_file import dump, parse
from hmsplan.state.environment_name import NAME
from hmsplan.state.file import durable
from hmsplan.state.file.lock import FolderLock
from hmsplan.state.journal import Journal, decode, encode, join
from hmsplan.state.log import loaded
from hmsplan.state.succession import changed_meanwhile, refuse_backward, refuse_older

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hmsplan.model import State
    from hmsplan.state.file.durable import Mark
    from hmsplan.state.journal import Entry
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


LOOKS: Final = 5
"""How often a reader looks again while somebody writes."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the files held when this backend last read or wrote them.

    Attributes:
        lineage, serial: of the state, journal included; None and -1 when there has never been one.
        marks: of ``state.json`` and of the journal.
        end: where in the journal the next batch goes.
    """

    lineage: str | None
    serial: int
    marks: tuple[Mark | None, Mark | None]
    end: int


class FileBackend:
    """A ``Backend`` in a folder of its own; the protocol says what its methods promise."""

    def __init__(self, folder: Path, ignored: str = IGNORED) -> None:
        """Keep the state in *folder*; *ignored* is what git does not see beside it."""
        self._folder = folder
        self._ignored = ignored
        self._state = folder / "state.json"
        self._journal = folder / "journal.jsonl"
        self._lock = FolderLock(folder)
        self._seen: _Seen | None = None

    def describe(self) -> str:
        """Say where the state is, for people."""
        return str(self._state)

    def load(self) -> State | None:
        """Read the state, the journal included; None = there has never been one."""
        state, self._seen = self._look()
        return loaded(state, self.describe())

    def append(self, entries: Sequence[Entry]) -> None:
        """Add entries, all or none; they outlive a power failure once this returns."""
        seen = self._current()
        if seen.lineage is None:
            raise StateError("a state begins with save()")
        line = encode(seen.lineage, seen.serial + 1, entries)
        with self._failing("write"):
            mark = durable.append(self._journal, seen.end, line)
        self._seen = _Seen(seen.lineage, seen.serial + len(entries), (seen.marks[0], mark), seen.end + len(line))

    def save(self, state: State) -> None:
        """Put *state* in place of what is stored. Its serial is the stored one (compaction) or greater (an edit)."""
        seen = self._current()
        refuse_backward(state, seen.lineage, seen.serial, self.describe())
        self._write(state, seen)

    def push(self, state: State, *, force: bool = False) -> None:
        """Put a state from elsewhere in place of the stored one, of which ``state.json.backup`` is kept."""
        with self._failing("read"):
            self._lock.require()
        try:
            stored = self.load()
        except StateError:
            if not force:
                raise
            self._set_aside()
            stored = self.load()
        if stored is not None:
            if not force:
                refuse_older(state, stored)
            self.save(stored)  # the journal is empty from here on, so no kill below can leave it to a foreign state
            with self._failing("back up"):
                durable.replace_file(_backup(self._state), dump(stored))
            state = replace(state, serial=max(state.serial, stored.serial + 1))
        self._write(state, self._current())

    @contextlib.contextmanager
    def lock(self, owner: str, *, timeout_s: float = 0.0) -> Iterator[None]:
        """Hold the state against every other run; the system frees it when this process dies."""
        with contextlib.ExitStack() as stack:
            with self._failing("lock"):
                self._make_folder()
                stack.enter_context(self._lock.hold(owner, timeout_s))
            yield

    def unlock(self, *, force: bool = False) -> Owner | None:
        """Take away what a dead run left of its lock, and say whose it was; None when nothing was left."""
        with self._failing("unlock"):
            return self._lock.unlock(force=force) if self._folder.is_dir() else None

    def confirm_lock(self) -> None:
        """Look at the lock and at whose it is, on the disk."""
        with self._failing("read"):
            self._lock.require()

    def holder(self) -> Owner | None:
        """Say who holds the lock, or died with it; None when nobody did."""
        with self._failing("read"):
            return self._lock.owner()

    def environments(self) -> Mapping[str, FileBackend]:
        """Open the states in the folders beside this one; a second name of this very folder is none of them."""
        with self._failing("read"):
            mine, parent = self._folder.resolve(), self._folder.parent
            folders = sorted(parent.iterdir()) if parent.is_dir() else []
            return {
                folder.name: FileBackend(folder)
                for folder in folders
                if NAME.fullmatch(folder.name) and folder.is_dir() and folder.resolve() != mine
            }

    def _look(self) -> tuple[State | None, _Seen]:
        """Read both files, and again when another run changed them meanwhile: what looks damaged may be half new."""
        for attempt in range(1, LOOKS + 1):
            with self._failing("read"):
                journal = durable.read(self._journal)
                state = durable.read(self._state)
            try:
                return self._understand(state, journal)
            except StateError:
                marks = state[1] if state else None, journal[1] if journal else None
                if attempt == LOOKS or marks == self._marks():
                    raise
        raise AssertionError

    def _understand(
        self, state_file: tuple[bytes, Mark] | None, journal_file: tuple[bytes, Mark] | None
    ) -> tuple[State | None, _Seen]:
        stored = parse(state_file[0], str(self._state)) if state_file else None
        journal = decode(journal_file[0], str(self._journal)) if journal_file else None
        state = join(stored, journal)
        marks = state_file[1] if state_file else None, journal_file[1] if journal_file else None
        lineage, serial = (state.lineage, state.serial) if state else (None, -1)
        return state, _Seen(lineage, serial, marks, _next_batch(stored, journal))

    def _marks(self) -> tuple[Mark | None, Mark | None]:
        with self._failing("read"):
            return durable.mark(self._state), durable.mark(self._journal)

    def _current(self) -> _Seen:
        """Give what is stored, which must be what this backend knows of."""
        with self._failing("read"):
            self._lock.require()
        known = self._seen
        if known is None:
            raise StateError("a state is loaded before it is written")
        if self._marks() == known.marks:
            return known
        _, found = self._look()
        if (found.lineage, found.serial) != (known.lineage, known.serial):
            raise changed_meanwhile(self.describe(), (found.lineage, found.serial), (known.lineage, known.serial))
        self._seen = found
        return found

    def _write(self, state: State, seen: _Seen) -> None:
        data = dump(state)
        with self._failing("write"):
            is_compact = seen.marks[1] is None or seen.marks[1].size == 0
            if is_compact and state.serial == seen.serial and self._holds(data):
                return
            mark = durable.replace_file(self._state, data)
            journal_mark = seen.marks[1] if is_compact else durable.replace_file(self._journal, b"")
        self._seen = _Seen(state.lineage, state.serial, (mark, journal_mark), 0)

    def _holds(self, data: bytes) -> bool:
        found = durable.read(self._state)
        return found is not None and found[0] == data

    def _set_aside(self) -> None:
        with self._failing("back up"):
            for path in (self._state, self._journal):
                if durable.mark(path) is not None:
                    path.replace(_backup(path))
            durable.sync_folder(self._folder)

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
            raise StateError(f"cannot {verb} {name}: {error.strerror or error}") from error


def _next_batch(stored: State | None, journal: Journal | None) -> int:
    if journal is None or (stored is not None and journal.last <= stored.serial):
        return 0
    return journal.end


def _backup(path: Path) -> Path:
    return path.with_name(path.name + ".backup")
