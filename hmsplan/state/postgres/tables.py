"""The tables of the PostgreSQL backend: a schema of its own, ``hmsplan``, made on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.errors import StateError

if TYPE_CHECKING:
    from hmsplan.state.postgres.connection import Connection, Place

LAYOUT: Final = 1

_MAKING: Final = 7806822047741216256
"""Key of the advisory lock under which tables are made: CREATE … IF NOT EXISTS alone fails when two runs race."""

_SCHEMA: Final = "CREATE SCHEMA hmsplan"

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS hmsplan.states (
    name text PRIMARY KEY,        -- prefix/environment
    lineage text NOT NULL,
    serial bigint NOT NULL,       -- journal included
    body bytea NOT NULL,          -- JSON, as state pull prints it; without the journal
    written_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS hmsplan.journal (
    name text NOT NULL,
    serial bigint NOT NULL,       -- of the first entry of the batch
    batch bytea NOT NULL,
    PRIMARY KEY (name, serial)
);
CREATE TABLE IF NOT EXISTS hmsplan.backups (
    name text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    lineage text NOT NULL,
    serial bigint NOT NULL,
    body bytea NOT NULL,          -- with the journal, unless it could not be read: then as it was stored
    journal bytea,                -- only of a state that could not be read
    PRIMARY KEY (name, made_at)
);
CREATE TABLE IF NOT EXISTS hmsplan.locks (
    name text PRIMARY KEY,
    key bigint NOT NULL,          -- of the advisory lock
    backend_pid integer NOT NULL,
    token text NOT NULL,
    owner text NOT NULL           -- JSON
);
CREATE OR REPLACE VIEW hmsplan.held AS
    SELECT l.name, l.token, l.owner, l.backend_pid
    FROM hmsplan.locks l JOIN pg_catalog.pg_locks p ON p.pid = l.backend_pid
    WHERE p.locktype = 'advisory' AND p.granted AND p.objsubid = 1
      AND p.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
      AND ((p.classid::bigint << 32) | p.objid::bigint) = l.key;
CREATE TABLE IF NOT EXISTS hmsplan.layout (version integer NOT NULL);
"""


_HISTORY: Final = """
CREATE TABLE IF NOT EXISTS hmsplan.history (
    name text NOT NULL,
    number bigint NOT NULL,       -- of the apply
    line bytea NOT NULL,
    PRIMARY KEY (name, number)
)
"""
"""Not in every database of this layout: it came later, and the first apply that is remembered makes it."""


def has_history(connection: Connection) -> bool:
    """Say whether the table of the history is there."""
    return connection.execute("SELECT to_regclass('hmsplan.history') IS NOT NULL").fetchone() == (True,)


def make_history(connection: Connection) -> None:
    """Make the table of the history unless it is there; the caller is in a transaction."""
    if not has_history(connection):
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_MAKING])
        connection.execute(_HISTORY)


def exist(connection: Connection, place: Place) -> bool:
    """Say whether the tables are there.

    Raises:
        StateError: a newer hmsplan made them.
    """
    found = connection.execute("SELECT to_regclass('hmsplan.layout') IS NOT NULL").fetchone()
    if found != (True,):
        return False
    row = connection.execute("SELECT max(version) FROM hmsplan.layout").fetchone()
    version = row[0] if row else None
    if version is not None and version > LAYOUT:
        raise StateError(
            f"the tables of {place.shown} have layout {version}, this hmsplan knows {LAYOUT}; run pip install "
            "--upgrade hmsplan",
            summary="State is newer than this hmsplan",
        )
    return True


def make(connection: Connection, place: Place) -> None:
    """Make the tables unless they are there; a schema that an administrator made is used."""
    if exist(connection, place):
        return
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_MAKING])
        if connection.execute("SELECT to_regnamespace('hmsplan') IS NOT NULL").fetchone() != (True,):
            connection.execute(_SCHEMA)
        if not exist(connection, place):
            connection.execute(_TABLES)
            connection.execute("INSERT INTO hmsplan.layout VALUES (%s)", [LAYOUT])
