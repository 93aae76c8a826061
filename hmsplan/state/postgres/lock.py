"""The lock of a state in PostgreSQL: an advisory lock of one session, through which everything is written, too.

A run that loses the session has lost the lock, and with it the only way to write: nothing is fenced by waiting. The
server frees the lock as soon as the process that holds it dies. ``hmsplan.locks`` says whose it is; its token is
asked for by every write, so that a lock that was forced away is worth nothing even where its session lives on.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psycopg

from hmsplan.errors import StateError, StateLocked
from hmsplan.state.lock_owner import Owner, lock_lost, lock_taken, not_locked
from hmsplan.state.log import LOG
from hmsplan.state.postgres import tables
from hmsplan.state.postgres.connection import connect, failing, require_direct, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.state.postgres.connection import Connection, Place

POLL_S: Final = 0.05
TERMINATION_S: Final = 10.0
"""How long a session may take to end once it was told to."""

_SETTINGS: Final = """
SELECT set_config('lock_timeout', '10s', false), set_config('statement_timeout', '60s', false),
       set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false),
       set_config('tcp_keepalives_count', '3', false),
       set_config('default_transaction_isolation', 'read committed', false),
       CASE WHEN current_setting('idle_session_timeout', true) IS NOT NULL
            THEN set_config('idle_session_timeout', '0', false) END,
       CASE WHEN current_setting('synchronous_commit') = 'off'
            THEN set_config('synchronous_commit', 'on', false) END
"""
"""A statement is bounded, an idle session is not ended, a client that vanished is noticed, a COMMIT is on the disk."""

_SIGN: Final = """
INSERT INTO hmsplan.locks (name, key, backend_pid, token, owner)
VALUES (%(name)s, %(key)s, %(pid)s, %(token)s, %(owner)s)
ON CONFLICT (name) DO UPDATE
SET key = excluded.key, backend_pid = excluded.backend_pid, token = excluded.token, owner = excluded.owner
"""
_OURS: Final = "SELECT FROM hmsplan.held WHERE name = %s AND token = %s AND backend_pid = pg_backend_pid()"
_SIGNED: Final = "SELECT FROM hmsplan.locks WHERE name = %s AND token = %s"
_HOLDING: Final = """
SELECT pid FROM pg_catalog.pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 1
  AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
  AND ((classid::bigint << 32) | objid::bigint) = %s
"""


@dataclass(frozen=True, slots=True)
class Session:
    """A lock that is held, and the connection that holds it."""

    connection: Connection
    token: str


class SessionLock:
    """The lock of *place*, as one run sees it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._key = int.from_bytes(hashlib.sha256(f"hmsplan {place.name}".encode()).digest()[:8], signed=True)
        self.session: Session | None = None

    @contextlib.contextmanager
    def hold(self, owner: str) -> Iterator[None]:
        """Hold an advisory lock; the server frees it when the connection of this process ends."""
        with contextlib.ExitStack() as closing:
            with failing("lock", self._place):
                connection = closing.enter_context(contextlib.closing(connect(self._place)))
                session = self._sign(connection, self._acquire(connection), owner)
            self.session = session
            LOG.debug("holds the lock of %s", self._place.shown)
            try:
                yield
            finally:
                LOG.debug("gives the lock of %s back", self._place.shown)
                self.session = None
                with contextlib.suppress(psycopg.Error):  # a lost lock was told by the write that needed it
                    connection.execute(
                        "DELETE FROM hmsplan.locks WHERE name = %s AND token = %s", [self._place.name, session.token]
                    )
                    self._release(connection)

    def require(self) -> Session:
        """Give the session that writes.

        Raises:
            StateError: this run does not hold the lock.
        """
        if self.session is None:
            raise not_locked()
        return self.session

    def confirm(self) -> None:
        """Ask the server through the session that holds the lock; one round trip."""
        session = self.require()
        with self.failing(session, "read"):
            if not self.is_ours(session):
                raise self.lost(session)

    @contextlib.contextmanager
    def failing(self, session: Session, verb: str = "write") -> Iterator[None]:
        """Tell a connection that was cut as what it is: the loss of the lock."""
        with failing(verb, self._place):
            try:
                yield
            except psycopg.Error as error:
                if session.connection.closed:
                    raise self.lost(session, error) from error
                raise

    def is_ours(self, session: Session) -> bool:
        """Say whether *session* still holds the lock, and it was not taken away."""
        return session.connection.execute(_OURS, [self._place.name, session.token]).fetchone() is not None

    def lost(self, session: Session, error: psycopg.Error | None = None) -> StateError:
        """Say to whom *session* lost the lock, or that its connection was cut: *error* is what it said."""
        with contextlib.suppress(psycopg.Error), connect(self._place) as connection:
            owner = self._owner(connection)
            if owner is not None and owner.token != session.token:
                return lock_taken(owner)
            if not self._is_signed(connection, session):  # a session that merely ended leaves its row behind
                return lock_taken(None)
        if error is None:
            return lock_taken(None)
        return lock_lost(f"is gone, for the connection to {self._place.shown} was cut ({said(error)})")

    def holder(self) -> Owner | None:
        """Say who holds the lock; None when it is free."""
        with failing("read", self._place), connect(self._place) as connection:
            return self._owner(connection) if tables.exist(connection, self._place) else None

    def unlock(self, *, force: bool) -> Owner | None:
        """Take away what a dead run left, and say whose it was; *force* takes it from a living one, too."""
        with failing("unlock", self._place), connect(self._place) as connection:
            if not tables.exist(connection, self._place):
                return None
            require_direct(connection, self._place)
            if self._try(connection):
                owner = self._take_name(connection)
                self._release(connection)
                return owner
            if not force:
                raise self._locked(connection)
            holders = self._holders(connection)
            owner = self._take_name(connection)  # from here on the holder writes nothing more, whatever comes
            self._end(connection, holders)
            return owner

    def _acquire(self, connection: Connection) -> int:
        """Take the lock; give the process of the server that holds it."""
        pid = require_direct(connection, self._place)
        connection.execute(_SETTINGS)
        tables.make(connection, self._place)
        if not self._try(connection):
            raise self._locked(connection)
        return pid

    def _try(self, connection: Connection) -> bool:
        return connection.execute("SELECT pg_try_advisory_lock(%s)", [self._key]).fetchone() == (True,)

    def _holders(self, connection: Connection) -> set[int]:
        return {pid for (pid,) in connection.execute(_HOLDING, [self._key])}

    def _release(self, connection: Connection) -> None:
        """Give the lock back; closing the connection alone would do so some moments later."""
        connection.execute("SELECT pg_advisory_unlock(%s)", [self._key])

    def _sign(self, connection: Connection, pid: int, owner: str) -> Session:
        note = Owner.here(owner)
        session = Session(connection, note.token)
        values = {"name": self._place.name, "key": self._key, "pid": pid, "token": session.token}
        connection.execute(_SIGN, {**values, "owner": note.to_json()})
        if not self.is_ours(session):
            raise StateError(
                f"{self._place.shown} granted a lock that its server does not show in pg_locks. Give the address of "
                "the database itself: what stands between shares its sessions",
                summary="State cannot be locked",
            )
        return session

    def _is_signed(self, connection: Connection, session: Session) -> bool:
        return connection.execute(_SIGNED, [self._place.name, session.token]).fetchone() is not None

    def _owner(self, connection: Connection) -> Owner | None:
        row = connection.execute("SELECT owner FROM hmsplan.held WHERE name = %s", [self._place.name]).fetchone()
        return Owner.from_json(row[0]) if row else None

    def _take_name(self, connection: Connection) -> Owner | None:
        row = connection.execute(
            "DELETE FROM hmsplan.locks WHERE name = %s RETURNING owner", [self._place.name]
        ).fetchone()
        return Owner.from_json(row[0]) if row else None

    def _locked(self, connection: Connection) -> StateLocked:
        return StateLocked(
            f"{self._owner(connection) or 'another run'} holds {self._place.shown}. Wait until it ends; the lock of a "
            "process that dies is free at once, that of a machine that vanished within minutes. If it hangs, type\n"
            "  hmsplan state unlock --force"
        )

    def _end(self, connection: Connection, pids: set[int]) -> None:
        """End the sessions that hold the lock, and wait until it is free of them."""
        try:
            for pid in pids:
                connection.execute("SELECT pg_terminate_backend(%s)", [pid])
        except psycopg.errors.InsufficientPrivilege:
            ending = "; ".join(f"SELECT pg_terminate_backend({pid})" for pid in sorted(pids))
            raise StateLocked(
                f"the run that holds {self._place.shown} can write nothing more, but its session belongs to a role that"
                f" this one may not end, and keeps the lock until it ends. Let that role or an administrator run: "
                f"{ending}"
            ) from None

        deadline = time.monotonic() + TERMINATION_S
        while not pids.isdisjoint(self._holders(connection)):
            if time.monotonic() >= deadline:
                raise StateLocked(f"the session that holds {self._place.shown} was told to end and has not. Try again")
            time.sleep(POLL_S)
