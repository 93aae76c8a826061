"""A PostgreSQL server of the tests' own: made when the first test asks for it, reached by a socket in its folder.

PostgreSQL refuses to run as root, so root lets another user run it.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import psycopg
import pytest

from support.stores import UrlStore

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTALL: Final = "scripts/system.sh installs it"
QUICK: Final = ("fsync=off", "full_page_writes=off", "listen_addresses=", "max_connections=60", "shared_buffers=16MB")
PASSWORD: Final = "hunter2-of-the-database"
SECRETIVE: Final = "secretive"
"""The one role that has to give a password, which is ``PASSWORD``."""


class PostgresServer:
    """A running server.

    Attributes:
        folder: where its sockets are; ``host=`` of an address.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, *names: str, user: str = "postgres", database: str = "postgres") -> str:
        """Write the address of a database, or of a state in it that *names* prefix."""
        return f"postgresql://{user}@/{'/'.join((database, *names))}?host={self.folder}"

    def new_database(self, database: str = "") -> str:
        """Make a database with nothing in it and give its name."""
        database = database or f"d{uuid.uuid4().hex[:12]}"
        self.run(f'CREATE DATABASE "{database}"')
        return database

    def run(self, statement: str, database: str = "postgres", user: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement and give the rows it has."""
        with psycopg.connect(self.url(user=user, database=database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def program(name: str) -> str:
    """Find a program of PostgreSQL, or skip: in CI it has to be there."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), *map(Path, ("/usr/sbin", "/usr/bin"))]
    found = shutil.which(name) or next((str(place / name) for place in places if (place / name).exists()), None)
    return found or _missing(name)


def _missing(name: str) -> NoReturn:
    reason = f"{name} is not installed; {INSTALL}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def unprivileged() -> dict[str, Any]:
    """Say as whom a server runs that refuses to be root; for ``subprocess``."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def own_folder(prefix: str) -> Path:
    """Make a folder for a server; its path is short, for that of a socket may have 107 characters."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    user = unprivileged()
    if user:
        os.chown(folder, user["user"], user["group"])
    folder.chmod(0o755)
    return folder


@contextmanager
def running(command: list[str], folder: Path, url: str) -> Iterator[int]:
    """Run a server until the end of the block; gives its process once it answers at *url*."""
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environ, **unprivileged()) as process,
    ):
        try:
            deadline = time.monotonic() + 60
            while not _answers(url):
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.02)
            yield process.pid
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()  # PgBouncer goes on where SIGQUIT is ignored, as in the background of a shell


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests of this process."""
    initdb, server = program("initdb"), program("postgres")
    folder = own_folder("hmsplan-pg-")
    data = folder / "data"
    try:
        command = [initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True, **unprivileged())
        access = data / "pg_hba.conf"
        access.write_text(f"local all {SECRETIVE} scram-sha-256\nlocal all all trust\n")
        settings = [word for setting in QUICK for word in ("-c", setting)]
        started = PostgresServer(folder)
        with running([server, "-D", str(data), "-k", str(folder), *settings], folder, started.url()):
            started.run(f"CREATE ROLE {SECRETIVE} LOGIN PASSWORD '{PASSWORD}'")
            yield started
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_store(postgres: PostgresServer, tmp_path: Path) -> UrlStore:
    """A state of its own in a database that all such stores share."""
    return UrlStore(postgres.url(uuid.uuid4().hex), tmp_path)
