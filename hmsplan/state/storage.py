"""What a place has to do to keep a state; ``Backend`` does the rest, the same for every place. Pure.

A place knows bytes and versions, never a ``State``: ``get`` reads the body and the journal, ``put`` and ``append``
write on the condition that no other run wrote, ``environments`` lists, and the rest is the lock. ``read`` makes one
state of body and journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from hmsplan.errors import StateError
from hmsplan.formats.history_file import is_line
from hmsplan.formats.state_file import parse
from hmsplan.state.journal import Journal, decode, join
from hmsplan.state.succession import NEVER, Version, version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from hmsplan.model import State
    from hmsplan.state.lock_owner import Owner

At = TypeVar("At")
"""What one storage needs to recognise a content and to write over it."""

LOOKS: Final = 5
"""How often a reader looks again while another run writes."""


class StoreError(StateError):
    """The place did not answer, so nothing is known about what it holds."""


@dataclass(frozen=True, slots=True)
class Content(Generic[At]):
    """What a place holds at one moment.

    Attributes:
        body: the state file that was put last; None when there is none.
        journal: the batches appended since, in order; None when there is no journal.
        at: recognises this content.
        body_name: what error messages call the body.
        journal_name: what they call the journal.
        noted: the version that the place notes beside them; None when it notes none.
    """

    body: bytes | None
    journal: bytes | None
    at: At
    body_name: str
    journal_name: str
    noted: Version | None = None


@dataclass(frozen=True, slots=True)
class Seen(Generic[At]):
    """What a place held when this run last read or wrote it.

    Attributes:
        version: of the state, journal included.
        at: recognises the content.
        end: length of the valid journal in bytes; the next batch goes there.
    """

    version: Version
    at: At
    end: int = 0


class Lock(Protocol):
    """The lock of one state, as one run sees it. Any failure is a ``StateError``."""

    def hold(self, owner: str) -> AbstractContextManager[None]:
        """Hold the lock, unless another run holds it."""
        ...

    def require(self) -> object:
        """Refuse to go on without the lock, as far as this process knows."""
        ...

    def confirm(self) -> None:
        """Refuse to go on unless the place itself says that the lock is held by this run."""
        ...

    def unlock(self, *, force: bool) -> Owner | None:
        """Take away the lock of a dead run, with *force* that of a living one; return whose it was."""
        ...

    def holder(self) -> Owner | None:
        """Return who holds the lock, or died with it."""
        ...


class Storage(Protocol[At]):
    """A place for one state. Any failure is a ``StateError``."""

    @property
    def lock(self) -> Lock:
        """The lock of the state."""
        ...

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        ...

    def describe(self) -> str:
        """Say where the state is, for people; without a password."""
        ...

    def get(self) -> Content[At]:
        """Read body and journal, without the lock."""
        ...

    def holds(self, at: At) -> bool:
        """Say whether the content *at* is unchanged, or a write over it would be refused if it is not."""
        ...

    def put(self, seen: Seen[At], new: Version, body: bytes, backup: bytes | None) -> At:
        """Replace body and journal by *body* and an empty journal, if they are still as *seen*.

        A kill leaves the old content or the new one.

        Args:
            seen: what is replaced.
            new: version of *body*.
            body: a state file.
            backup: the state file to keep as the backup of what is replaced; None = keep none.
        """
        ...

    def append(self, seen: Seen[At], batch: bytes, count: int) -> At:
        """Add a batch of *count* entries to the journal, if all is still as *seen*; durable once this returns."""
        ...

    def set_aside(self) -> Seen[At]:
        """Return what the next ``put`` replaces of a damaged content, which is kept as a backup, then at the latest."""
        ...

    def history(self, since: int = 0) -> Iterator[bytes]:
        """Yield the lines of the history from the number *since* on, oldest first, and read little more than is taken.

        A line that a kill cut short is none.
        """
        ...

    def last_line(self) -> bytes | None:
        """Return the last line of the history; None when there is none."""
        ...

    def remember(self, number: int, line: bytes, oldest: int) -> None:
        """Add a line to the history, and forget those with a number below *oldest*. Needs the lock.

        Durable once this returns; a line of this number that another run wrote is never written over.
        """
        ...

    def environments(self) -> Mapping[str, Storage[At]]:
        """List the states of other environments in the same place."""
        ...


def read(storage: Storage[At]) -> tuple[State | None, Seen[At]]:
    """Read the state, journal included; again when another run wrote meanwhile, for half of it may be new.

    Raises:
        StateError: it cannot be read, or is damaged.
    """
    for attempt in range(1, LOOKS + 1):
        content = storage.get()
        try:
            return _joined(content)
        except StateError:
            if attempt == LOOKS or storage.holds(content.at):
                raise
    raise AssertionError


def own(line: bytes, place: str) -> bytes:
    """Return *line*, the entry of the history that is kept at *place*.

    Raises:
        StateError: no apply wrote it.
    """
    if not is_line(line):
        raise StateError(
            f"{place}: no apply wrote it. Put it back from a backup, or delete it: the other entries stay usable, and "
            "the history says from then on that one is missing.",
            summary="History is damaged",
        )
    return line


def _joined(content: Content[At]) -> tuple[State | None, Seen[At]]:
    stored = None if content.body is None else parse(content.body, content.body_name)
    journal = None if content.journal is None else decode(content.journal, content.journal_name)
    state = join(stored, journal)
    found = (state.lineage, state.serial) if state else NEVER
    if content.noted not in (None, found):
        raise StateError(
            f"{content.body_name} says {version(*content.noted)}, and with its journal it is {version(*found)}. "
            "Restore a backup:\n  hmsplan state push --force FILE",
            summary="State is damaged",
        )
    return state, Seen(found, content.at, _end(stored, journal))


def _end(stored: State | None, journal: Journal | None) -> int:
    """Return where the next batch goes: a journal that *stored* already contains is written over."""
    if journal is None or (stored is not None and journal.last <= stored.serial):
        return 0
    return journal.end
