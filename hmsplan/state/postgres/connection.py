"""How a PostgreSQL database is reached: what an address says, a connection that is bounded, errors without a password.

Passwords come from where libpq looks for them (``PGPASSWORD``, ``~/.pgpass``, a service file) or stand in the address,
which is therefore never shown: ``Place.shown`` is.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from hmsplan.errors import StateError
from hmsplan.state.environment_name import NAME
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"

_PORTS: Final = re.compile(r"[0-9]*(,[0-9]*)*")
_LOCAL: Final = re.compile(r"|[/@].*|localhost|127\.[0-9.]+|::1")
_BOUNDED: Final = {
    "fallback_application_name": "hmsplan",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""A server that is gone is noticed within a minute, be it while waiting for it or while sending to it."""

_NO_RIGHT: Final = (
    "The first apply makes the schema hmsplan: let its role do so (GRANT CREATE ON DATABASE … TO …), or let the owner "
    "of the tables grant what is missing; docs/state.md, PostgreSQL, has the statements"
)
_READS_ONLY: Final = "This server or role only reads: a standby is good for plan and drift, an apply needs the primary"
_UNREACHED: Final = "The address is what --state, HMSPLAN_STATE or hmsplan.yaml says; try it with psql"


@dataclass(frozen=True, slots=True)
class Place:
    """One state in one database.

    Attributes:
        name: of its rows, ``prefix/environment`` or ``environment``.
        environment: the last part of the name.
        shown: where it is, for people.
        conninfo: as libpq reads it; may hold a password.
    """

    name: str
    environment: str
    shown: str
    conninfo: str = field(repr=False)


def read_url(url: str, environment: str) -> Place:
    """Understand ``postgresql://[user@][host][:port]/database[/prefix][?parameter=value]``.

    What the address leaves out is libpq's to find (``PGHOST``, ``PGDATABASE`` …). A host that is not this machine is
    spoken to over TLS unless the address or ``PGSSLMODE`` says otherwise.

    Raises:
        StateError: it cannot be understood; nothing of it is repeated, for the password may be anywhere in it.
    """
    parts = urlsplit(url)
    database, _, prefix = parts.path.strip("/").partition("/")
    segments = [*filter(None, prefix.split("/")), environment]
    if not all(map(NAME.fullmatch, segments)):
        raise StateError(
            "what follows the database in the address of the state names the stack: use letters, digits, '-', '_', '.'"
            " and '/', as in postgresql://host/database/acme-voice"
        )
    name = "/".join(segments)
    given = _parameters(parts, database)
    return Place(
        name,
        environment,
        f"{name} in postgresql://{plain(_where(given))}",
        make_conninfo(**{**_BOUNDED, **_defaults(given, os.environ), **given}),
    )


def _parameters(parts: SplitResult, database: str) -> dict[str, Any]:
    """Read the address without its prefix; what an unencoded character in a password would tear apart is refused."""
    conninfo = f"postgresql://{parts.netloc}/{database}" + (f"?{parts.query}" if parts.query else "")
    is_torn = bool(parts.fragment) or parts.netloc.count("@") > 1 or "@" in parts.path + parts.query
    given: dict[str, Any] | None = None
    with suppress(psycopg.ProgrammingError):  # its text repeats the address
        given = conninfo_to_dict(conninfo)
    if is_torn or given is None or not _PORTS.fullmatch(str(given.get("port", ""))):
        raise StateError(
            "the address of the state is not one that PostgreSQL understands. It reads "
            "postgresql://user@host:5432/database; in a password, write @ as %40, / as %2F, # as %23 and ? as %3F, or "
            "better leave the password out and export PGPASSWORD"
        )
    return given


def _defaults(given: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    hosts = str(given.get("hostaddr") or given.get("host") or environ.get("PGHOST", "")).split(",")
    chosen = {}
    if "PGCONNECT_TIMEOUT" not in environ:
        chosen["connect_timeout"] = "10"
    if "PGSSLMODE" not in environ and "service" not in given and not all(map(_LOCAL.fullmatch, hosts)):
        chosen["sslmode"] = "require"
    return chosen


def _where(given: Mapping[str, Any]) -> str:
    host, port = (str(given.get(key) or os.environ.get(f"PG{key.upper()}", "")) for key in ("host", "port"))
    database = given.get("dbname") or os.environ.get("PGDATABASE", "")
    return f"{host or 'localhost'}{f':{port}' if port else ''}/{database}"


def connect(place: Place) -> Connection:
    """Open a connection in which every statement is a transaction of its own; poolers of any mode can serve it."""
    return psycopg.connect(place.conninfo, autocommit=True, prepare_threshold=None)


@contextmanager
def failing(verb: str, place: Place) -> Iterator[None]:
    """Turn whatever the database says into a ``StateError``."""
    try:
        yield
    except psycopg.Error as error:
        raise StateError(f"cannot {verb} the state {place.shown}: {said(error)}{_hint(error)}") from error


def _hint(error: psycopg.Error) -> str:
    match error:
        case psycopg.errors.InsufficientPrivilege():
            return f". {_NO_RIGHT}"
        case psycopg.errors.ReadOnlySqlTransaction():
            return f". {_READS_ONLY}"
        case psycopg.OperationalError() if error.sqlstate is None:  # libpq's own: there was no connection
            return f". {_UNREACHED}"
        case _:
            return ""


def said(error: psycopg.Error) -> str:
    """Give what the database or libpq said, on one line."""
    return plain(" ".join((error.diag.message_primary or str(error) or type(error).__name__).split()))


def require_direct(connection: Connection, place: Place) -> int:
    """Give the process of the server that serves *connection*, which must stay the same one.

    A pooler may give every transaction to another session of the server; a lock of the session means nothing there.
    Where the server's word differs from what the connection began with, something stands between. It is asked twice,
    the second time while another connection is busy: a pooler by transaction has given the session away by then.

    Raises:
        StateError: there is such a pooler.
    """
    pid = _backend_pid(connection)
    if pid != connection.info.backend_pid:
        with connect(place) as other, other.transaction():
            is_shared = pid == _backend_pid(other) or pid != _backend_pid(connection)
        if is_shared:
            raise StateError(
                f"between this machine and {place.shown} stands a pooler that shares sessions by transaction (PgBouncer"
                " with pool_mode=transaction, or alike), so no run can hold a lock there. Give the address of the "
                "database itself, or of a pooler by session; plan and drift may go on using this one",
                summary="State cannot be locked",
            )
    return pid


def _backend_pid(connection: Connection) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None  # noqa: S101 -- a SELECT without FROM has one row
    return int(row[0])
