"""Who holds the lock of a state, and what a run is told that does not hold it."""

from __future__ import annotations

import json
import os
import socket
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from hmsplan.errors import StateError


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

    @classmethod
    def here(cls, owner: str) -> Owner:
        """Sign a new holding of the lock by this process, now."""
        since = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(owner, os.getpid(), socket.gethostname(), since, uuid.uuid4().hex)

    @classmethod
    def from_json(cls, note: str | bytes) -> Owner | None:
        """Read what ``to_json`` gave; None when it is something else, half written or by a person."""
        try:
            return cls(**json.loads(note))
        except (ValueError, TypeError):
            return None

    def to_json(self) -> str:
        """Give the JSON object that is kept beside the lock."""
        return json.dumps(asdict(self))

    def __str__(self) -> str:
        return f"{self.owner} (process {self.pid} on {self.host}, since {self.since})"


def not_locked() -> StateError:
    """Tell a caller that it has to hold the lock first."""
    return StateError("the state is written only under its lock")


def lock_lost(how: str) -> StateError:
    """Tell a run that its lock is no longer its own; *how* goes on after "the lock of this run"."""
    return StateError(f"the lock of this run {how}; nothing more is written", summary="Lock lost")


def lock_taken(by: Owner | None, remedy: str = "state unlock --force") -> StateError:
    """Tell a run who took its lock away; None = that run has left no name, and *remedy* did it."""
    return lock_lost(f"was taken away by {by or f'hmsplan {remedy}'}")
