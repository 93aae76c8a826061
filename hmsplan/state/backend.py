"""The protocol that every storage of the state fulfils, and the choice between them.

One contract suite (``tests/unit/state/test_contract.py``) holds for all of them.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import unquote, urlsplit

from hmsplan.errors import StateError
from hmsplan.model import State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from hmsplan.state.journal import Entry

LOCAL_FOLDER: Final = ".hmsplan"
_LATER: Final = frozenset({"postgresql", "postgres", "s3", "gs", "az"})
_ENVIRONMENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a lock.

    Attributes:
        owner: what the run calls itself, e.g. ``apply by alice``.
        since: UTC, ISO 8601.
        token: tells this holding of the lock from every other.
    """

    owner: str
    pid: int
    host: str
    since: str
    token: str

    def __str__(self) -> str:
        return f"{self.owner} (process {self.pid} on {self.host}, since {self.since})"


class Backend(Protocol):
    """One state, kept somewhere.

    A state begins with ``save(State(lineage))``, serial 0, and grows by ``append``, each entry raising the serial by
    one. ``save`` puts one whole state in place of all that. Writing needs the lock, and is compare-and-swap: it
    is refused when what is stored is not what this backend last loaded or wrote. ``load`` needs no lock and never
    writes. Any failure is a ``StateError``.
    """

    def load(self) -> State | None:
        """Read the state, the journal included; None = there has never been one."""
        ...

    def append(self, entries: Sequence[Entry]) -> None:
        """Add entries, all or none; they outlive a power failure once this returns."""
        ...

    def save(self, state: State) -> None:
        """Put *state* in place of what is stored. Its serial is the stored one (compaction) or greater (an edit)."""
        ...

    def push(self, state: State, *, force: bool = False) -> None:
        """Put a state from elsewhere in place of the stored one, of which a backup is kept.

        Args:
            state: of the same lineage, and not older.
            force: take any state, even if the stored one cannot be read; the serial grows in any case.
        """
        ...

    def lock(self, owner: str, *, timeout_s: float = 0.0) -> AbstractContextManager[None]:
        """Hold the state against every other run; *timeout_s* = how long to wait for them.

        Raises:
            StateLocked: another run holds it.
        """
        ...

    def unlock(self, *, force: bool = False) -> Owner | None:
        """Take away what a dead run left of its lock, and say whose it was; None when nothing was left.

        Raises:
            StateLocked: its holder lives, and *force* is not given. A holder whose lock is forced away can write
                nothing more.
        """
        ...

    def describe(self) -> str:
        """Say where the state is, for people."""
        ...


def new_state() -> State:
    """Give an empty state of a lineage of its own."""
    return State(lineage=str(uuid.uuid4()))


def open_backend(url: str, root: Path, environment: str) -> Backend:
    """Open the state of *environment*.

    Args:
        url: ``file`` for ``.hmsplan/`` below *root*; ``file:DIR``, ``file:///DIR`` or a path for another folder, where
            a relative one counts from *root*.
        root: the folder of the stack file.
        environment: becomes the name of a folder in it.

    Raises:
        StateError: no such backend, or the environment's name is no name for a folder.
    """
    from hmsplan.state.file import FileBackend  # noqa: PLC0415 -- a backend loads its library only when it is chosen

    if not _ENVIRONMENT.fullmatch(environment):
        raise StateError(f"{environment!r} cannot name an environment: use letters, digits, '-', '_' and '.'")
    parts = urlsplit(url)
    if parts.scheme in _LATER:
        raise StateError(f"state in {parts.scheme}:// is not in this version; use --state file or --state PATH")
    if parts.scheme not in {"", "file"} or parts.netloc:
        raise StateError(f"{parts.scheme}: is no state backend; use --state file or --state PATH")
    folder = "" if url in {"", "file"} else unquote(parts.path) if parts.scheme == "file" else url
    return FileBackend(root / (folder or LOCAL_FOLDER) / environment)
