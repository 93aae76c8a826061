"""The state in PostgreSQL: one row, a journal of batches beside it, and a lock (``postgres_lock``).

Every write is one transaction that holds only if the row has the lineage and serial that this run knows of, and if the
session that writes is the one that holds the lock. So a kill at any moment leaves a whole state, and of two runs one
writes. ``load`` is one statement, and sees one moment.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import psycopg

from hmsplan.errors import StateError
from hmsplan.formats.state_file import dump, parse
from hmsplan.state.environment_name import NAME
from hmsplan.state.journal import decode, encode, join
from hmsplan.state.log import loaded
from hmsplan.state.postgres import tables
from hmsplan.state.postgres.connection import connect, failing, read_url
from hmsplan.state.postgres.lock import SessionLock
from hmsplan.state.succession import changed_meanwhile, refuse_backward, refuse_older, version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from hmsplan.model import State
    from hmsplan.state.journal import Entry
    from hmsplan.state.lock_owner import Owner
    from hmsplan.state.postgres.connection import Connection
    from hmsplan.state.postgres.lock import Session

_LOAD: Final = """
SELECT s.lineage, s.serial, s.body,
       (SELECT array_agg(j.batch ORDER BY j.serial) FROM hmsplan.journal j WHERE j.name = s.name)
FROM hmsplan.states s WHERE s.name = %s
"""
_LOOK: Final = "SELECT lineage, serial FROM hmsplan.states WHERE name = %s"
_BESIDE: Final = """
SELECT substr(name, length(%(prefix)s) + 1) FROM hmsplan.states
WHERE left(name, length(%(prefix)s)) = %(prefix)s AND name <> %(name)s ORDER BY name
"""
_APPEND: Final = """
WITH turn AS (
    UPDATE hmsplan.states s SET serial = s.serial + %(count)s, written_at = now()
    WHERE s.name = %(name)s AND s.lineage = %(seen_lineage)s AND s.serial = %(seen_serial)s
      AND EXISTS (SELECT FROM hmsplan.held h
                  WHERE h.name = s.name AND h.token = %(token)s AND h.backend_pid = pg_backend_pid())
    RETURNING s.name)
INSERT INTO hmsplan.journal (name, serial, batch) SELECT turn.name, %(seen_serial)s + 1, %(batch)s FROM turn
"""
_BEGIN: Final = """
INSERT INTO hmsplan.states (name, lineage, serial, body)
SELECT %(name)s, %(lineage)s, %(serial)s, %(body)s
WHERE EXISTS (SELECT FROM hmsplan.held h
              WHERE h.name = %(name)s AND h.token = %(token)s AND h.backend_pid = pg_backend_pid())
ON CONFLICT (name) DO NOTHING
"""
_REPLACE: Final = """
UPDATE hmsplan.states s SET lineage = %(lineage)s, serial = %(serial)s, body = %(body)s, written_at = now()
WHERE s.name = %(name)s AND s.lineage = %(seen_lineage)s AND s.serial = %(seen_serial)s
  AND EXISTS (SELECT FROM hmsplan.held h
              WHERE h.name = s.name AND h.token = %(token)s AND h.backend_pid = pg_backend_pid())
"""
_EMPTY_JOURNAL: Final = "DELETE FROM hmsplan.journal WHERE name = %s"
_BACK_UP: Final = """
INSERT INTO hmsplan.backups (name, lineage, serial, body)
SELECT name, lineage, serial, %(whole)s FROM hmsplan.states WHERE name = %(name)s
"""
_BACK_UP_UNREADABLE: Final = """
INSERT INTO hmsplan.backups (name, lineage, serial, body, journal)
SELECT s.name, s.lineage, s.serial, s.body,
       (SELECT string_agg(j.batch, ''::bytea ORDER BY j.serial) FROM hmsplan.journal j WHERE j.name = s.name)
FROM hmsplan.states s WHERE s.name = %(name)s
"""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the row held when this backend last read or wrote it; None and -1 when there was none."""

    lineage: str | None = None
    serial: int = -1


class PostgresBackend:
    """A ``Backend`` in a database; the protocol says what its methods promise."""

    def __init__(self, url: str, environment: str) -> None:
        self._url = url  # may hold a password
        self._place = read_url(url, environment)
        self._lock = SessionLock(self._place)
        self._seen: _Seen | None = None

    def describe(self) -> str:
        """Say where the state is, for people; without a password."""
        return self._place.shown

    def load(self) -> State | None:
        """Read the state, the journal included; None = there has never been one. A role that only reads may."""
        with self._reading() as connection:
            there = tables.exist(connection, self._place)
            row = connection.execute(_LOAD, [self._place.name], binary=True).fetchone() if there else None
        if row is None:
            self._seen = _Seen()
            return loaded(None, self.describe())
        lineage, serial, body, batches = row
        state = parse(body, f"the row of {self._place.shown}")
        if batches:
            state = join(state, decode(b"".join(batches), f"the journal of {self._place.shown}")) or state
        if (state.lineage, state.serial) != (lineage, serial):
            raise StateError(
                f"the row of {self._place.shown} says {version(lineage, serial)}, and with its journal it is "
                f"{version(state.lineage, state.serial)}. Restore a backup:\n  hmsplan state push --force FILE",
                summary="State is damaged",
            )
        self._seen = _Seen(lineage, serial)
        return loaded(state, self.describe())

    def append(self, entries: Sequence[Entry]) -> None:
        """Add entries, all or none; they outlive a power failure once this returns."""
        session, seen = self._current()
        if seen.lineage is None:
            raise StateError("a state begins with save()")
        values = {"batch": encode(seen.lineage, seen.serial + 1, entries), "count": len(entries)}
        with self._failing(session):
            if session.connection.execute(_APPEND, self._values(session, seen, **values)).rowcount == 0:
                raise self._refused(session, seen)
        self._seen = replace(seen, serial=seen.serial + len(entries))

    def save(self, state: State) -> None:
        """Put *state* in place of what is stored. Its serial is the stored one (compaction) or greater (an edit)."""
        session, seen = self._current()
        refuse_backward(state, seen.lineage, seen.serial, self._place.shown)
        with self._failing(session), session.connection.transaction():
            self._replace(session, seen, state)
        self._seen = _Seen(state.lineage, state.serial)

    def push(self, state: State, *, force: bool = False) -> None:
        """Put a state from elsewhere in place of the stored one, which becomes a row of ``hmsplan.backups``."""
        session = self._lock.require()
        try:
            stored = self.load()
            whole = dump(stored) if stored is not None else b""
        except StateError:
            if not force:
                raise
            stored, whole = None, None
            self._look(session)
        if stored is not None and not force:
            refuse_older(state, stored)
        session, seen = self._current()
        state = replace(state, serial=max(state.serial, seen.serial + 1)) if seen.lineage else state
        with self._failing(session), session.connection.transaction():
            back_up = _BACK_UP_UNREADABLE if whole is None else _BACK_UP
            session.connection.execute(back_up, {"name": self._place.name, "whole": whole})
            self._replace(session, seen, state)
        self._seen = _Seen(state.lineage, state.serial)

    def lock(self, owner: str, *, timeout_s: float = 0.0) -> AbstractContextManager[None]:
        """Hold the state against every other run; the server frees it when the connection of this process ends."""
        return self._lock.hold(owner, timeout_s)

    def unlock(self, *, force: bool = False) -> Owner | None:
        """Take away what a dead run left of its lock, and say whose it was; None when nothing was left."""
        return self._lock.unlock(force=force)

    def confirm_lock(self) -> None:
        """Ask the session that holds the lock; one round trip."""
        session = self._lock.require()
        with self._failing(session, "read"):
            if not self._lock.is_ours(session):
                raise self._lock.lost(session)

    def holder(self) -> Owner | None:
        """Say who holds the lock; None when nobody does, for the server frees that of a run that died."""
        return self._lock.holder()

    def environments(self) -> Mapping[str, PostgresBackend]:
        """Open the rows whose names differ in nothing but the environment."""
        prefix = self._place.name.removesuffix(self._place.environment)
        with self._reading() as connection:
            there = tables.exist(connection, self._place)
            rows = connection.execute(_BESIDE, {"name": self._place.name, "prefix": prefix}) if there else ()
            return {name: PostgresBackend(self._url, name) for (name,) in rows if NAME.fullmatch(name)}

    def _replace(self, session: Session, seen: _Seen, state: State) -> None:
        values = {"lineage": state.lineage, "serial": state.serial, "body": dump(state)}
        write = _BEGIN if seen.lineage is None else _REPLACE
        if session.connection.execute(write, self._values(session, seen, **values)).rowcount == 0:
            raise self._refused(session, seen)
        session.connection.execute(_EMPTY_JOURNAL, [self._place.name])

    def _values(self, session: Session, seen: _Seen, **values: object) -> dict[str, object]:
        known = {"seen_lineage": seen.lineage, "seen_serial": seen.serial}
        return {"name": self._place.name, "token": session.token, **known, **values}

    def _current(self) -> tuple[Session, _Seen]:
        session = self._lock.require()
        if self._seen is None:
            raise StateError("a state is loaded before it is written")
        return session, self._seen

    def _look(self, session: Session) -> None:
        """See which version the row says it is, of a state that cannot be read."""
        with self._failing(session):
            row = session.connection.execute(_LOOK, [self._place.name]).fetchone()
        self._seen = _Seen(*row) if row else _Seen()

    def _refused(self, session: Session, seen: _Seen) -> StateError:
        """Say why a write found nothing to change: the lock is lost, or another run wrote."""
        if not self._lock.is_ours(session):
            return self._lock.lost(session)
        row = session.connection.execute(_LOOK, [self._place.name]).fetchone()
        return changed_meanwhile(self._place.shown, row or (None, -1), (seen.lineage, seen.serial))

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Give the connection that holds the lock, or one for this reading."""
        session = self._lock.session
        if session is not None:
            with self._failing(session):
                yield session.connection
        else:
            with failing("read", self._place), contextlib.closing(connect(self._place)) as connection:
                yield connection

    @contextlib.contextmanager
    def _failing(self, session: Session, verb: str = "write") -> Iterator[None]:
        """Tell a connection that was cut as what it is: the loss of the lock."""
        with failing(verb, self._place):
            try:
                yield
            except psycopg.Error as error:
                if session.connection.closed:
                    raise self._lock.lost(session, error) from error
                raise
