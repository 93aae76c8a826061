"""The emulator's memory: organizations, keys and JSON documents in one SQLite file.

A document is stored as the bytes that answer a GET, so that a list is a join of bytes. What is write-only is
kept apart (`hidden`), and so are the few values that rules look up (`name`, `mark`, links).
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hmsplan.emulator.jsonio import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS organization (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, parent TEXT, created_at TEXT NOT NULL, credits REAL NOT NULL,
    content_retention INTEGER NOT NULL DEFAULT 90, metadata_retention INTEGER NOT NULL DEFAULT 365
);
CREATE TABLE IF NOT EXISTS api_key (
    hash TEXT PRIMARY KEY, org TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'active', issued INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, org TEXT NOT NULL, kind TEXT NOT NULL,
    parent TEXT NOT NULL DEFAULT '', name TEXT NOT NULL DEFAULT '', mark TEXT NOT NULL DEFAULT '',
    doc BLOB NOT NULL, hidden BLOB, born INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS object_place ON object (org, kind, parent, seq, mark);
CREATE INDEX IF NOT EXISTS object_parent ON object (parent) WHERE parent <> '';
CREATE INDEX IF NOT EXISTS object_name ON object (kind, name, org, parent);
CREATE TABLE IF NOT EXISTS link (source TEXT NOT NULL, field TEXT NOT NULL, target TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS link_source ON link (source);
CREATE INDEX IF NOT EXISTS link_target ON link (target);
CREATE TABLE IF NOT EXISTS past (
    seq INTEGER NOT NULL, id TEXT NOT NULL, org TEXT NOT NULL, kind TEXT NOT NULL, parent TEXT NOT NULL,
    doc BLOB NOT NULL, born INTEGER NOT NULL, died INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS past_place ON past (org, kind, parent);
CREATE TABLE IF NOT EXISTS write (no INTEGER PRIMARY KEY AUTOINCREMENT, org TEXT NOT NULL, at REAL NOT NULL);
"""


def key_hash(key: str) -> str:
    """Return what the emulator keeps of an API key."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Key:
    """An API key: what it opens, whether it is active, expired or revoked, and whether the API issued it."""

    org: str
    state: str
    issued: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One stored object; `doc` and `hidden` are parsed on access."""

    id: str
    org: str
    kind: str
    parent: str
    body: bytes
    secret: bytes | None

    @property
    def doc(self) -> dict[str, Any]:
        """The document, as a copy of the caller's own."""
        found: dict[str, Any] = loads(self.body)
        return found

    @property
    def hidden(self) -> dict[str, Any]:
        """The write-only values."""
        return loads(self.secret) if self.secret else {}


@dataclass(frozen=True, slots=True)
class Entry:
    """An object to store.

    Attributes:
        name: the text that uniqueness is checked on.
        mark: the value that rules look up: a phone number, a status.
        links: what the object points at, as field and id.
    """

    id: str
    org: str
    kind: str
    doc: dict[str, Any]
    parent: str = ""
    name: str = ""
    mark: str = ""
    hidden: dict[str, Any] | None = None
    links: tuple[tuple[str, str], ...] = ()


_ROW = "object.id, object.org, object.kind, object.parent, object.doc, object.hidden"


class Store:
    """SQLite behind a lock; every request and every act in the dashboard is one transaction.

    Args:
        db: path of the file, or ":memory:".
        keep_past: remember what every write replaced, for lists that answer late.
    """

    def __init__(self, db: str | Path, *, keep_past: bool = False) -> None:
        self._lock = threading.RLock()
        self._sql = sqlite3.connect(db, isolation_level=None, check_same_thread=False, timeout=30)
        self._sql.execute("PRAGMA journal_mode=WAL")
        # A killed process loses nothing that the system was given; only a power cut could, and that is no case here.
        self._sql.execute("PRAGMA synchronous=NORMAL")
        self._sql.executescript(_TABLES)
        self.keep_past = keep_past
        self._depth = 0
        self._write_no = 0

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._sql.close()

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[None]:
        """Run a block as one transaction; an exception undoes it. Inner blocks join the outer one.

        For one that only reads, the lock is enough.
        """
        with self._lock:
            if not write:
                yield
                return
            if self._depth == 0:
                self._sql.execute("BEGIN IMMEDIATE")
                self._write_no = 0
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._sql.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._sql.execute("COMMIT")

    # --- organizations and keys ---------------------------------------------------------------------------

    def add_organization(self, name: str, parent: str | None, created_at: str, balance: float) -> str:
        """Create an organization and return its id."""
        org = str(uuid.uuid4())
        self._sql.execute(
            "INSERT INTO organization (id, name, parent, created_at, credits) VALUES (?, ?, ?, ?, ?)",
            (org, name, parent, created_at, balance),
        )
        return org

    def organization(self, org: str) -> dict[str, Any] | None:
        """Return the row of an organization."""
        cursor = self._sql.execute("SELECT * FROM organization WHERE id = ?", (org,))
        row = cursor.fetchone()
        return dict(zip([column[0] for column in cursor.description], row, strict=True)) if row else None

    def credits(self, org: str) -> float:
        """Return the minutes left; a child uses those of the organization that it is billed to."""
        row = self._sql.execute("SELECT credits, parent FROM organization WHERE id = ?", (org,)).fetchone()
        if row is None:
            return 0.0
        return float(row[0]) if row[1] is None else self.credits(row[1])

    def organizations(self) -> list[str]:
        """Return the ids of all organizations, oldest first."""
        return [row[0] for row in self._sql.execute("SELECT id FROM organization ORDER BY rowid")]

    def children(self, org: str) -> list[dict[str, Any]]:
        """Return the organizations that are billed to this one, oldest first."""
        rows = self._sql.execute(
            "SELECT id, name, created_at FROM organization WHERE parent = ? ORDER BY rowid", (org,)
        )
        return [{"id": row[0], "name": row[1], "created_at": row[2]} for row in rows]

    def edit_organization(self, org: str, column: str, value: Any) -> None:
        """Set one column of an organization."""
        self._sql.execute(f"UPDATE organization SET {column} = ? WHERE id = ?", (value, org))  # noqa: S608

    def add_key(self, key: str, org: str, *, issued: bool) -> None:
        """Let a key open an organization; *issued* keys were made by the API, others by their first use."""
        self._sql.execute("INSERT INTO api_key (hash, org, issued) VALUES (?, ?, ?)", (key_hash(key), org, int(issued)))

    def key(self, digest: str) -> Key | None:
        """Return what is known of a key."""
        with self._lock:
            row = self._sql.execute("SELECT org, state, issued FROM api_key WHERE hash = ?", (digest,)).fetchone()
        return Key(row[0], row[1], bool(row[2])) if row else None

    def set_key_state(self, digest: str, state: str) -> None:
        """Mark a key as active, expired or revoked."""
        self._sql.execute("UPDATE api_key SET state = ? WHERE hash = ?", (state, digest))

    # --- reading ------------------------------------------------------------------------------------------

    def get(self, kind: str, object_id: str, org: str | None = None) -> Row | None:
        """Return one object of an organization, or of any."""
        row = self._sql.execute(
            f"SELECT {_ROW} FROM object WHERE id = ? AND kind = ? AND org = ifnull(?, org)",  # noqa: S608
            (object_id, kind, org),
        ).fetchone()
        return Row(*row) if row else None

    def documents(
        self, org: str, kind: str, *, parent: str = "", order: str = "oldest", as_of: int | None = None
    ) -> list[bytes]:
        """Return the documents of a kind; *as_of* asks for those that were there after that write."""
        if as_of is not None:
            return self._documents_as_of(org, kind, parent, order, as_of)
        by = {"oldest": "seq", "newest": "seq DESC", "shuffled": "id"}[order]
        rows = self._sql.execute(
            f"SELECT doc FROM object WHERE org = ? AND kind = ? AND parent = ? ORDER BY {by}",  # noqa: S608
            (org, kind, parent),
        )
        return [row[0] for row in rows]

    def _documents_as_of(self, org: str, kind: str, parent: str, order: str, write_no: int) -> list[bytes]:
        rows = self._sql.execute(
            "SELECT seq, id, doc FROM object WHERE org = ?1 AND kind = ?2 AND parent = ?3 AND born <= ?4 UNION ALL "
            "SELECT seq, id, doc FROM past WHERE org = ?1 AND kind = ?2 AND parent = ?3 AND born <= ?4 AND died > ?4",
            (org, kind, parent, write_no),
        ).fetchall()
        rows.sort(key=lambda row: row[1] if order == "shuffled" else row[0], reverse=order == "newest")
        return [row[2] for row in rows]

    def rows(self, org: str, kind: str, *, parent: str = "") -> list[Row]:
        """Return the objects of a kind, oldest first."""
        found = self._sql.execute(
            f"SELECT {_ROW} FROM object WHERE org = ? AND kind = ? AND parent = ? ORDER BY seq",  # noqa: S608
            (org, kind, parent),
        )
        return [Row(*row) for row in found]

    def named(self, kind: str, name: str, org: str | None = None, *, parent: str = "") -> list[Row]:
        """Return the objects with this name below a parent; without an organization, those of all."""
        found = self._sql.execute(
            f"SELECT {_ROW} FROM object WHERE kind = ? AND name = ? AND org = ifnull(?, org) AND parent = ?",  # noqa: S608
            (kind, name, org, parent),
        )
        return [Row(*row) for row in found]

    def tally(self, org: str, kind: str, parent: str) -> dict[str, int]:
        """Count the objects below a parent by mark."""
        rows = self._sql.execute(
            "SELECT mark, count(*) FROM object WHERE org = ? AND kind = ? AND parent = ? GROUP BY mark",
            (org, kind, parent),
        )
        return {row[0]: row[1] for row in rows}

    def pointing_at(self, target: str) -> list[tuple[str, Row]]:
        """Return the objects that point at an id, each with the field that does, oldest first."""
        found = self._sql.execute(
            f"SELECT link.field, {_ROW} FROM link JOIN object ON object.id = link.source "  # noqa: S608
            "WHERE link.target = ? ORDER BY object.seq",
            (target,),
        )
        return [(row[0], Row(*row[1:])) for row in found]

    # --- writing ------------------------------------------------------------------------------------------

    def insert(self, entries: Iterable[Entry], at: float) -> None:
        """Store new objects."""
        for entry in entries:
            born = self._note_write(entry.org, at)
            self._sql.execute(
                "INSERT INTO object (id, org, kind, parent, name, mark, doc, hidden, born) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (entry.id, entry.org, entry.kind, entry.parent, entry.name, entry.mark, *_blobs(entry), born),
            )
            self._link(entry)

    def replace(self, entry: Entry, at: float) -> None:
        """Store a new version of an object."""
        born = self._note_write(entry.org, at)
        self._bury(entry.id, born)
        self._sql.execute(
            "UPDATE object SET name = ?, mark = ?, doc = ?, hidden = ?, born = ? WHERE id = ?",
            (entry.name, entry.mark, *_blobs(entry), born, entry.id),
        )
        self._sql.execute("DELETE FROM link WHERE source = ?", (entry.id,))
        self._link(entry)

    def remove(self, org: str, object_id: str, at: float) -> None:
        """Remove an object with everything below it."""
        died = self._note_write(org, at)
        below = self._sql.execute(
            "SELECT id FROM object WHERE parent = ? AND parent <> '' AND org = ?", (object_id, org)
        ).fetchall()
        gone = [*below, (object_id,)]
        if self.keep_past:
            for (each,) in gone:
                self._bury(each, died)
        self._sql.executemany("DELETE FROM object WHERE id = ?", gone)
        self._sql.executemany("DELETE FROM link WHERE source = ?", gone)

    def _link(self, entry: Entry) -> None:
        for field, target in entry.links:
            self._sql.execute("INSERT INTO link VALUES (?, ?, ?)", (entry.id, field, target))

    # --- the past -----------------------------------------------------------------------------------------

    def write_before(self, org: str, *, writes: int | None, since: float | None) -> int:
        """Return the number of the write that a late list still shows.

        Args:
            org: whose writes count.
            writes: the list misses the last so many writes.
            since: the list misses every write after this time.
        """
        if writes is not None:
            row = self._sql.execute(
                "SELECT no FROM write WHERE org = ? ORDER BY no DESC LIMIT 1 OFFSET ?", (org, writes)
            ).fetchone()
        else:
            row = self._sql.execute("SELECT max(no) FROM write WHERE org = ? AND at <= ?", (org, since)).fetchone()
        return int(row[0]) if row and row[0] is not None else 0

    def _note_write(self, org: str, at: float) -> int:
        """Number the transaction's write, once, when the past is kept."""
        if self.keep_past and self._write_no == 0:
            cursor = self._sql.execute("INSERT INTO write (org, at) VALUES (?, ?)", (org, at))
            self._write_no = int(cursor.lastrowid or 0)
        return self._write_no

    def _bury(self, object_id: str, died: int) -> None:
        if self.keep_past:
            self._sql.execute(
                "INSERT INTO past SELECT seq, id, org, kind, parent, doc, born, ? FROM object WHERE id = ?",
                (died, object_id),
            )


def _blobs(entry: Entry) -> tuple[bytes, bytes | None]:
    return dumps(entry.doc), dumps(entry.hidden) if entry.hidden else None
