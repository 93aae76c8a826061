"""The state in PostgreSQL: one row, a journal of batches beside it, and a lock (``postgres_lock``).

Every write is one transaction that holds only if the row has the lineage and serial that this run knows of, and if the
session that writes is the one that holds the lock. So a kill at any moment leaves a whole state, and of two runs one
writes. ``load`` is one statement, and sees one moment.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from hmsplan.state.environment_name import NAME
from hmsplan.state.postgres import tables
from hmsplan.state.postgres.connection import connect, failing, read_url
from hmsplan.state.postgres.lock import SessionLock
from hmsplan.state.storage import Content, Seen, own
from hmsplan.state.succession import NEVER, Version, changed_meanwhile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.errors import StateError
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


_HISTORY: Final = """
SELECT number, line FROM hmsplan.history WHERE name = %s AND number >= %s ORDER BY number LIMIT %s
"""
_LAST: Final = "SELECT number, line FROM hmsplan.history WHERE name = %s ORDER BY number DESC LIMIT 1"
_AT_A_TIME: Final = 1000
"""Lines of the history."""
_REMEMBER: Final = "INSERT INTO hmsplan.history (name, number, line) VALUES (%s, %s, %s)"
_FORGET: Final = "DELETE FROM hmsplan.history WHERE name = %s AND number < %s"


class PostgresStorage:
    """A ``Storage`` in a database; the protocol says what its methods promise.

    Each write compares the version that the row notes, so all that ``at`` says is whether the content is damaged.
    """

    is_local: Final = False

    def __init__(self, url: str, environment: str) -> None:
        self._url = url  # may hold a password
        self._place = read_url(url, environment)
        self.lock: Final = SessionLock(self._place)

    def describe(self) -> str:
        """Name the row and its database."""
        return self._place.shown

    def get(self) -> Content[bool]:
        """Read row and journal in one statement. A role that only reads may."""
        with self._reading() as connection:
            there = tables.exist(connection, self._place)
            row = connection.execute(_LOAD, [self._place.name], binary=True).fetchone() if there else None
        lineage, serial, body, batches = row or (*NEVER, None, None)
        journal = b"".join(batches) if batches else None
        names = f"the row of {self._place.shown}", f"the journal of {self._place.shown}"
        return Content(body, journal, False, *names, noted=(lineage, serial))

    def holds(self, at: bool) -> bool:  # noqa: ARG002 -- each write asks the row itself
        """Leave the question to the write, which compares lineage and serial of the row."""
        return True

    def put(self, seen: Seen[bool], new: Version, body: bytes, backup: bytes | None) -> bool:
        """Back up, replace the row and delete its journal in one transaction."""
        session = self.lock.require()
        lineage, serial = new
        values = {"lineage": lineage, "serial": serial, "body": body}
        with self.lock.failing(session), session.connection.transaction():
            if backup is not None:
                session.connection.execute(_BACK_UP, {"name": self._place.name, "whole": backup})
            elif seen.at:
                session.connection.execute(_BACK_UP_UNREADABLE, {"name": self._place.name})
            self._write(session, _BEGIN if seen.version == NEVER else _REPLACE, seen, **values)
            session.connection.execute(_EMPTY_JOURNAL, [self._place.name])
        return False

    def append(self, seen: Seen[bool], batch: bytes, count: int) -> bool:
        """Insert the batch and raise the serial of the row, in one statement."""
        session = self.lock.require()
        with self.lock.failing(session):
            self._write(session, _APPEND, seen, batch=batch, count=count)
        return False

    def set_aside(self) -> Seen[bool]:
        """Look which version the row notes; ``put`` copies the row in its own transaction."""
        session = self.lock.require()
        with self.lock.failing(session):
            return Seen(self._noted(session), at=True)

    def history(self, since: int = 0) -> Iterator[bytes]:
        """Read the lines of this name, some at a time."""
        with self._reading() as connection:
            if not self._has_history(connection):
                return
            while True:
                values = [self._place.name, since, _AT_A_TIME]
                rows = connection.execute(_HISTORY, values, binary=True).fetchall()
                yield from (self._own(number, line) for number, line in rows)
                if len(rows) < _AT_A_TIME:
                    return
                since = rows[-1][0] + 1

    def last_line(self) -> bytes | None:
        """Read the line of the greatest number."""
        with self._reading() as connection:
            if not self._has_history(connection):
                return None
            row = connection.execute(_LAST, [self._place.name], binary=True).fetchone()
        return self._own(*row) if row else None

    def _own(self, number: int, line: bytes) -> bytes:
        return own(line, f"@{number} of {self._place.shown}, a row of hmsplan.history")

    def _has_history(self, connection: Connection) -> bool:
        return tables.exist(connection, self._place) and tables.has_history(connection)

    def remember(self, number: int, line: bytes, oldest: int) -> None:
        """Insert the line, and delete those that are too old, in one transaction."""
        session = self.lock.require()
        with self.lock.failing(session), session.connection.transaction():
            tables.make_history(session.connection)
            session.connection.execute(_REMEMBER, [self._place.name, number, line])
            session.connection.execute(_FORGET, [self._place.name, oldest])

    def environments(self) -> Mapping[str, PostgresStorage]:
        """List the rows whose names differ in nothing but the environment."""
        prefix = self._place.name.removesuffix(self._place.environment)
        with self._reading() as connection:
            there = tables.exist(connection, self._place)
            rows = connection.execute(_BESIDE, {"name": self._place.name, "prefix": prefix}) if there else ()
            return {name: PostgresStorage(self._url, name) for (name,) in rows if NAME.fullmatch(name)}

    def _write(self, session: Session, statement: str, seen: Seen[bool], **values: object) -> None:
        """Run a statement that changes the row only as *seen*, and only by the session that holds the lock."""
        lineage, serial = seen.version
        known = {"name": self._place.name, "token": session.token, "seen_lineage": lineage, "seen_serial": serial}
        if session.connection.execute(statement, {**known, **values}).rowcount == 0:
            raise self._refused(session, seen)

    def _noted(self, session: Session) -> Version:
        row = session.connection.execute(_LOOK, [self._place.name]).fetchone()
        return (row[0], row[1]) if row else NEVER

    def _refused(self, session: Session, seen: Seen[bool]) -> StateError:
        """Say why a write found nothing to change: the lock is lost, or another run wrote."""
        if not self.lock.is_ours(session):
            return self.lock.lost(session)
        return changed_meanwhile(self._place.shown, self._noted(session), seen.version)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Give the connection that holds the lock, or one for this reading."""
        session = self.lock.session
        if session is not None:
            with self.lock.failing(session):
                yield session.connection
        else:
            with failing("read", self._place), contextlib.closing(connect(self._place)) as connection:
                yield connection
