"""The state of one environment as a run loads and writes it, and the choice of where it is kept.

One contract suite (``tests/unit/state/test_backend_contract.py``) holds for every storage.
"""

from __future__ import annotations

import shlex
import uuid
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from hmsplan.errors import StateError
from hmsplan.formats import history_file
from hmsplan.formats.state_file import dump
from hmsplan.model import LastEntry, Retention, State
from hmsplan.state.environment_name import NAME
from hmsplan.state.journal import encode
from hmsplan.state.log import LOG
from hmsplan.state.storage import Seen, StoreError, read
from hmsplan.state.succession import changed_meanwhile, refuse_older
from hmsplan.text.escape import plain
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from hmsplan.formats.history_file import Line
    from hmsplan.model import Head, HistoryEntry
    from hmsplan.state.journal import Entry
    from hmsplan.state.lock_owner import Owner
    from hmsplan.state.storage import Storage

LOCAL_FOLDER: Final = ".hmsplan"
KEEP: Final = Retention()
_POSTGRES: Final = frozenset({"postgresql", "postgres"})
_BUCKETS: Final = frozenset({"s3", "gs", "az"})


class Backend:
    """One state, kept in a *storage*.

    A state begins with ``save(State(lineage))``, serial 0, and grows by ``append``, each entry raising the serial by
    one. ``save`` puts one whole state in place of all that. Writing needs the lock, and is compare-and-swap: it
    is refused when what is stored is not what this backend last loaded or wrote. ``load`` needs no lock and never
    writes. Any failure is a ``StateError``.
    """

    def __init__(self, storage: Storage[Any]) -> None:
        self.storage: Final = storage
        self._seen: Seen[Any] | None = None
        self._ahead: tuple[State | None, Seen[Any]] | None = None

    def describe(self) -> str:
        """Say where the state is, for people."""
        return self.storage.describe()

    def load(self) -> State | None:
        """Read the state, the journal included; None = there has never been one."""
        found, self._ahead = self._ahead, None
        if found is None or not self.storage.holds(found[1].at):
            found = read(self.storage)
        state, self._seen = found
        _log(state, self.describe())
        return state

    def look_ahead(self) -> None:
        """Read the state for the next ``load``, if that asks no other machine; what fails is left to ``load``."""
        if self.storage.is_local:
            with suppress(StateError):
                self._ahead = read(self.storage)

    def append(self, entries: Sequence[Entry]) -> None:
        """Add entries, all or none; they outlive a power failure once this returns."""
        seen = self._current()
        lineage, serial = seen.version
        if lineage is None:
            raise StateError("a state begins with save()")
        batch = encode(lineage, serial + 1, entries)
        at = self.storage.append(seen, batch, len(entries))
        self._seen = Seen((lineage, serial + len(entries)), at, seen.end + len(batch))

    def save(self, state: State) -> None:
        """Put *state* in place of what is stored. Its serial is the stored one (compaction) or greater (an edit)."""
        seen = self._current()
        refuse_older(state, seen.version, self.describe())
        self._put(seen, state)

    def push(self, state: State, *, force: bool = False) -> None:
        """Put a state from elsewhere in place of the stored one, of which a backup is kept.

        Args:
            state: of the same lineage, and not older.
            force: take any state, even if the stored one cannot be read; the serial grows in any case.

        What the stored one knows of the history stays, for the history does.
        """
        self.storage.lock.require()
        stored = self._load_or_set_aside() if force else self.load()
        seen = self._current()
        if not force:
            refuse_older(state, seen.version, self.describe())
        lineage, serial = seen.version
        if lineage is not None:
            state = replace(state, serial=max(state.serial, serial + 1))
        if stored is not None:
            state = replace(state, last=_later(state.last, stored.last))
        self._put(seen, state, backup=None if stored is None else dump(stored))

    def history(self) -> list[Line]:
        """Return all applies of this environment; see ``lines``."""
        return list(self.lines())

    def lines(self, since: int = 0) -> Iterator[Line]:
        """Yield the applies of this environment from a number on, oldest first, each with what is wrong with its entry.

        Raises:
            StateError: it cannot be read, or holds what is not an entry.
        """
        try:
            yield from history_file.read(self.storage.history(since))
        except ValueError as error:
            raise self._damaged(error) from error

    def last_line(self) -> Line | None:
        """Return the last entry of the history; None when there is none."""
        data = self.storage.last_line()
        try:
            return None if data is None else next(history_file.read([data]))
        except ValueError as error:
            raise self._damaged(error) from error

    def remember(
        self, make: Callable[[int], HistoryEntry], known: LastEntry | None = None, keep: Retention = KEEP
    ) -> LastEntry:
        """Add an entry to the history, under the lock.

        Args:
            make: makes it with its number.
            known: the last entry as the state knows it: where that one is lost, the chain shows it for ever.
            keep: which older ones are not forgotten now.
        """
        line = self.last_line()
        last = _later(LastEntry(line.number, line.hash) if line is not None else None, known)
        entry = make(last.number + 1 if last else 1)
        oldest = self._oldest(entry.head, line, keep)
        data = history_file.line_of(
            replace(entry, head=replace(entry.head, oldest=oldest)), last.hash if last else history_file.ORIGIN
        )
        self.storage.remember(entry.head.number, data, oldest)
        return LastEntry(entry.head.number, history_file.hash_of(data))

    def _oldest(self, head: Head, last: Line | None, keep: Retention) -> int:
        """Return the number of the oldest entry that stays when the one of *head* comes; it never becomes less."""
        so_far = last.head.oldest if last is not None and not last.is_edited else 0
        oldest = max(so_far, head.number - keep.entries + 1, 1)
        if keep.for_s is not None:
            for line in history_file.read(self.storage.history(oldest)):
                if line.is_edited or line.head.at >= head.at - keep.for_s:
                    return line.number
            return head.number
        return oldest

    def _damaged(self, error: ValueError) -> StateError:
        return StateError(f"the history beside {self.describe()} is damaged: {error}")

    def lock(self, owner: str) -> AbstractContextManager[None]:
        """Hold the state against every other run; the lock of a process that dies becomes free by itself.

        Raises:
            StateLocked: another run holds it.
        """
        return self.storage.lock.hold(owner)

    def unlock(self, *, force: bool = False) -> Owner | None:
        """Take away what a dead run left of its lock, and say whose it was; None when nothing was left.

        Raises:
            StateLocked: its holder lives, and *force* is not given. A holder whose lock is forced away can write
                nothing more.
        """
        return self.storage.lock.unlock(force=force)

    def confirm_lock(self) -> None:
        """Ask the place where the lock is whether this run holds it now; cheap, for it precedes every write to the API.

        Only so does a process that was stopped for a while learn that its lock was forced away. Another thread may
        write the state meanwhile.

        Raises:
            StateError: it does not, or the place does not answer.
        """
        self.storage.lock.confirm()

    def holder(self) -> Owner | None:
        """Say who holds the lock, or died with it; None when it is free. A role that only reads may ask."""
        return self.storage.lock.holder()

    def environments(self) -> Mapping[str, Backend]:
        """Open the states of the other environments that are kept in the same place, by the environment's name.

        Whether there is a state is known once it is loaded: ``load`` may give None.
        """
        return {name: Backend(storage) for name, storage in self.storage.environments().items()}

    def _load_or_set_aside(self) -> State | None:
        """Load the state; None, too, when it is damaged and was set aside."""
        try:
            return self.load()
        except StoreError:
            raise
        except StateError:
            self._seen = self.storage.set_aside()
            return None

    def _current(self) -> Seen[Any]:
        """Return what is stored, which must be what this backend knows of."""
        self.storage.lock.require()
        known = self._seen
        if known is None:
            raise StateError("a state is loaded before it is written")
        if self.storage.holds(known.at):
            return known
        _, found = read(self.storage)
        if found.version != known.version:
            raise changed_meanwhile(self.describe(), found.version, known.version)
        self._seen = found
        return found

    def _put(self, seen: Seen[Any], state: State, backup: bytes | None = None) -> None:
        new = state.lineage, state.serial
        self._seen = Seen(new, self.storage.put(seen, new, dump(state), backup))


def _later(one: LastEntry | None, other: LastEntry | None) -> LastEntry | None:
    """Return the one of the greater number; *other* where it is the same."""
    if one is None or (other is not None and other.number >= one.number):
        return other
    return one


def _log(state: State | None, place: str) -> None:
    if state is None:
        LOG.info("%s: there has never been one", place)
        return
    bindings, creates = count(len(state.bindings), "binding"), count(len(state.intents), "open create")
    LOG.info("%s: serial %d, %s, %s", place, state.serial, bindings, creates)


def new_state() -> State:
    """Give an empty state of a lineage of its own."""
    return State(lineage=str(uuid.uuid4()))


def is_folder(url: str) -> bool:
    """Say whether *url* is a place in the file system, as ``open_backend`` reads it."""
    return url.partition(":")[0] not in {*_POSTGRES, *_BUCKETS}


def open_backend(url: str, root: Path, environment: str) -> Backend:
    """Open the state of *environment*.

    Args:
        url: ``file`` for ``.hmsplan/`` below *root*; ``file:DIR``, ``file:///DIR`` or a path for another folder, where
            a relative one counts from *root*; ``postgresql://[user@]host/database[/prefix]`` for a database;
            ``s3://bucket[/prefix]``, ``gs://…`` or ``az://…`` for an object store.
        root: the folder of the stack file.
        environment: becomes the name of a folder in it, or the last part of the name of a row.

    Raises:
        StateError: no such backend, the environment's name cannot name a folder, or a link leads out of *root*.
    """
    if not NAME.fullmatch(environment):
        raise StateError(f"{environment!r} cannot name an environment: use letters, digits, '-', '_' and '.'")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise StateError("the address of the state cannot be read; see docs/state.md") from None
    if parts.scheme in _POSTGRES:
        return _postgres(url, environment)
    if parts.scheme in _BUCKETS:
        from hmsplan.state.bucket.storage import BucketStorage  # noqa: PLC0415 -- a backend loads its library only when chosen

        return Backend(BucketStorage(url, environment))
    if parts.scheme not in {"", "file"} or parts.netloc:
        raise StateError(
            f"{parts.scheme}: is not a state backend; use --state file, a path, postgresql://…, s3://…, gs://… or az://…"
        )
    from hmsplan.state.file.storage import FileStorage  # noqa: PLC0415 -- a backend loads its library only when it is chosen

    folder = "" if url in {"", "file"} else unquote(parts.path) if parts.scheme == "file" else url
    if not folder or folder.startswith(LOCAL_FOLDER):
        return Backend(FileStorage(local_folder(root, folder or LOCAL_FOLDER, environment)))
    return Backend(FileStorage(root / folder / environment))


def local_folder(root: Path, *parts: str) -> Path:
    """Return a folder below *root*, which may not be there yet.

    Raises:
        StateError: a symbolic link leads out of *root*: a repository can hold one, and what is written would land
            wherever its author chose.
    """
    folder = root.joinpath(*parts)
    try:
        real, top = folder.resolve(), root.resolve()
    except (OSError, RuntimeError) as error:  # links in a circle
        raise StateError(f"{plain(str(folder))} cannot be followed: {plain(str(error))}") from None
    if not real.is_relative_to(top):
        raise StateError(
            f"{plain(str(folder))} leads out of the stack by a symbolic link, to {plain(str(real))}. Put a folder in "
            f"its place, or name the other place where git cannot change it: --state {plain(shlex.quote(str(real)))}, "
            "or HMSPLAN_STATE",
            summary="State outside the stack",
        )
    return folder


def refuse_lent_password(url: str, environ: Mapping[str, str]) -> None:
    """Refuse to send ``PGPASSWORD`` to a host that only the stack file names.

    The author of a pull request that names another host there would be sent the password of the runner. ``~/.pgpass``
    says itself which host a password is for.

    Args:
        url: what the stack file says.
        environ: of this process.

    Raises:
        StateError: naming the host, and how to say that it is the right one.
    """
    parts = urlsplit(url)
    if parts.scheme not in _POSTGRES or not environ.get("PGPASSWORD"):
        return
    hosts = {urlsplit(f"//{each}").hostname or "" for each in parts.netloc.rpartition("@")[2].split(",")}
    meant = {"", "localhost", "127.0.0.1", "::1", *environ.get("PGHOST", "").lower().split(",")}
    if others := sorted(hosts - meant):
        raise StateError(
            f"hmsplan.yaml keeps the state at {plain(','.join(others))}, and PGPASSWORD would be sent to whatever host "
            f"it names. Say outside of git which host the password is for: export PGHOST={plain(','.join(others))}, "
            "or the whole address as HMSPLAN_STATE",
            summary="Password is for no host",
        )


def _postgres(url: str, environment: str) -> Backend:
    try:
        from hmsplan.state.postgres.storage import PostgresStorage  # noqa: PLC0415 -- a backend loads its library only when chosen
    except ImportError as error:
        raise StateError(f"{error.name or error} is missing. Type: pip install 'hmsplan[postgres]'") from error
    return Backend(PostgresStorage(url, environment))
