"""The PostgreSQL backend on a real server: addresses, rights, damage, poolers, and what else only databases have."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest
from support.patience import locked_within
from support.postgres_server import PASSWORD, SECRETIVE, own_folder, program, running

from hmsplan.errors import StateError, StateLocked
from hmsplan.formats.state_file import dump, parse
from hmsplan.model import Address, Binding, State
from hmsplan.state.backend import open_backend, refuse_lent_password
from hmsplan.state.journal import Bound, Spent
from hmsplan.state.postgres.connection import read_url
from hmsplan.state.postgres.storage import PostgresStorage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.postgres_server import PostgresServer

    from hmsplan.state.backend import Backend

BEGIN = State("lineage-1")
A = Address("assistants", "a")


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    """A database with nothing in it."""
    return postgres.new_database()


def backend_at(url: str, root: Path, environment: str = "production") -> Backend:
    return open_backend(url, root, environment)


def begin(backend: Backend, state: State = BEGIN) -> None:
    """Store *state*, and two batches in its journal."""
    with backend.lock("test"):
        backend.load()
        backend.save(state)
        backend.append([Spent("1"), Spent("2")])
        backend.append([Spent("3")])


def table(postgres: PostgresServer, database: str, name: str) -> int:
    [(count,)] = postgres.run(f"SELECT count(*) FROM hmsplan.{name}", database)
    return int(count)


# --- addresses


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://db.example.com/hmsplan", "production in postgresql://db.example.com/hmsplan"),
        ("postgres://me@db.example.com:6000/hmsplan", "production in postgresql://db.example.com:6000/hmsplan"),
        ("postgresql://db/hmsplan/acme-voice", "acme-voice/production in postgresql://db/hmsplan"),
        ("postgresql://db/hmsplan/agency/acme/", "agency/acme/production in postgresql://db/hmsplan"),
        ("postgresql:///hmsplan?host=/run/pg", "production in postgresql:///run/pg/hmsplan"),
        ("postgresql://a,b:5433/hmsplan", "production in postgresql://a,b:,5433/hmsplan"),
        (f"postgresql://me:{PASSWORD}@db/hmsplan?sslmode=require", "production in postgresql://db/hmsplan"),
        (f"postgresql://db/hmsplan?user=me&password={PASSWORD}", "production in postgresql://db/hmsplan"),
    ],
)
def test_an_address_names_a_database_and_what_stands_before_the_environment(
    url: str, shown: str, tmp_path: Path
) -> None:
    assert backend_at(url, tmp_path).describe() == shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@oops@db/hmsplan",
        "postgresql://me:hunter2#oops@db/hmsplan",
        "postgresql://me:hunter2/oops@db/hmsplan",
        "postgresql://me:hunter2?oops@db/hmsplan",
        "postgresql://me:1234/hunter2@db/hmsplan",
        "postgresql://me:hunter2[@db/hmsplan",
        "postgresql://db/hmsplan?hunter2=1",
        "postgresql://db/hmsplan/hunter2%20",
        "postgresql://db/hmsplan/../hunter2",
    ],
)
def test_an_address_that_is_torn_by_its_password_is_refused_without_repeating_it(url: str, tmp_path: Path) -> None:
    with pytest.raises(StateError) as caught:
        backend_at(url, tmp_path)
    assert "hunter2" not in str(caught.value)
    assert "postgresql://" in str(caught.value) or "docs/state.md" in str(caught.value)


def test_a_host_that_is_another_machine_is_spoken_to_over_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGSSLMODE", raising=False)
    assert "sslmode=require" in read_url("postgresql://db.example.com/x", "e").conninfo
    assert "sslmode=disable" in read_url("postgresql://db.example.com/x?sslmode=disable", "e").conninfo
    for local in ("postgresql://localhost/x", "postgresql://127.0.0.1:1/x", "postgresql:///x?host=/run"):
        assert "sslmode" not in read_url(local, "e").conninfo
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert "sslmode" not in read_url("postgresql://db.example.com/x", "e").conninfo


def test_a_password_of_the_runner_is_not_lent_to_a_host_that_only_the_stack_file_names() -> None:
    url = "postgresql://me@evil.example:5432/hmsplan"
    with pytest.raises(StateError, match=r"export PGHOST=evil\.example") as caught:
        refuse_lent_password(url, {"PGPASSWORD": PASSWORD})
    assert PASSWORD not in str(caught.value)
    with pytest.raises(StateError):
        refuse_lent_password("postgresql://db,evil.example/x", {"PGPASSWORD": PASSWORD, "PGHOST": "db"})
    refuse_lent_password(url, {"PGPASSWORD": PASSWORD, "PGHOST": "evil.example"})
    refuse_lent_password(url, {})
    refuse_lent_password("postgresql://localhost/x", {"PGPASSWORD": PASSWORD})
    refuse_lent_password("postgresql:///x", {"PGPASSWORD": PASSWORD, "PGHOST": "db"})


def test_a_password_is_in_no_message(
    postgres: PostgresServer, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a wrong one, nor the right one, nor that of the environment."""
    url = postgres.url(user=f"{SECRETIVE}:wrong-{PASSWORD}", database=database)
    with pytest.raises(StateError, match="password authentication failed") as caught:
        backend_at(url, tmp_path).load()
    assert PASSWORD not in str(caught.value)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    backend = backend_at(postgres.url(user=SECRETIVE, database=database), tmp_path)
    assert backend.load() is None
    assert PASSWORD not in backend.describe()


def test_a_database_that_cannot_be_reached_is_told_with_its_place(tmp_path: Path) -> None:
    backend = backend_at(f"postgresql:///hmsplan?host={tmp_path}", tmp_path)
    for use in (backend.load, backend.unlock):
        with pytest.raises(StateError, match=r"cannot (read|unlock) the state production in postgresql://.* with psql"):
            use()
    with pytest.raises(StateError, match="cannot lock"), backend.lock("test"):
        pass


def test_psycopg_is_loaded_only_when_it_is_chosen_and_missed_with_what_to_type(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from hmsplan.state.backend import open_backend\n"
        "open_backend('file', pathlib.Path(), 'production')\n"
        "assert 'psycopg' not in sys.modules\n"
        "sys.modules['psycopg'] = None\n"
        "open_backend('postgresql://db/hmsplan', pathlib.Path(), 'production')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "StateError: State error: psycopg is missing. Type: pip install 'hmsplan[postgres]'" in done.stderr


# --- rows


def test_stacks_and_environments_of_one_database_never_meet(
    postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    names = [((), "production"), ((), "staging"), (("acme",), "production"), (("acme", "b"), "production")]
    backends = [backend_at(postgres.url(*prefix, database=database), tmp_path, env) for prefix, env in names]
    for number, backend in enumerate(backends):
        with backend.lock("test"):
            assert backend.load() is None
            backend.save(State(f"lineage-{number}"))
    assert [backend.load() for backend in backends] == [State(f"lineage-{n}") for n in range(len(backends))]


def test_what_is_stored_is_what_pull_prints(postgres: PostgresServer, database: str, tmp_path: Path) -> None:
    backend = backend_at(postgres.url(database=database), tmp_path)
    begin(backend)
    state = backend.load()
    assert state is not None
    with backend.lock("test"):
        backend.save(state)
    [(body,)] = postgres.run("SELECT convert_from(body, 'UTF8') FROM hmsplan.states", database)
    assert body.encode() == dump(state)
    assert table(postgres, database, "journal") == 0


def test_many_runs_may_come_first_at_once(postgres: PostgresServer, database: str, tmp_path: Path) -> None:
    """The tables are made once, and nobody fails because another makes them."""
    count = 6
    barrier = threading.Barrier(count)

    def first(number: int) -> None:
        backend = backend_at(postgres.url(f"stack-{number}", database=database), tmp_path)
        barrier.wait(60)
        begin(backend)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(first, range(count)))
    assert table(postgres, database, "states") == count
    assert table(postgres, database, "layout") == 1


def test_a_push_keeps_the_state_that_was_there(postgres: PostgresServer, database: str, tmp_path: Path) -> None:
    backend = backend_at(postgres.url(database=database), tmp_path)
    begin(backend)
    stored = backend.load()
    with backend.lock("state push"):
        backend.push(State("foreign"), force=True)
    [(body, serial)] = postgres.run("SELECT convert_from(body, 'UTF8'), serial FROM hmsplan.backups", database)
    assert (parse(body.encode()), serial) == (stored, 3)
    assert backend.load() == State("foreign", serial=4)


def test_a_compaction_that_fails_halfway_changes_nothing(
    postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    backend = backend_at(postgres.url(database=database), tmp_path)
    begin(backend)
    before = backend.load()
    assert before is not None
    postgres.run("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''disk full''; END'", database)
    postgres.run("CREATE TRIGGER no BEFORE DELETE ON hmsplan.journal EXECUTE FUNCTION no()", database)
    with backend.lock("test"):
        with pytest.raises(StateError, match=r"cannot write the state .*: disk full"):
            backend.save(replace(before, serial=9))
        assert backend.load() == before
        postgres.run("DROP TRIGGER no ON hmsplan.journal", database)
        backend.append([Spent("4")])
    assert backend.load() == replace(before, serial=4, spent=("1", "2", "3", "4"))


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE hmsplan.states SET body = 'no JSON'",
        "UPDATE hmsplan.states SET serial = 7",
        "UPDATE hmsplan.journal SET batch = 'no batch' WHERE serial = 1",
        "DELETE FROM hmsplan.journal WHERE serial = 1",
        "DELETE FROM hmsplan.journal WHERE serial = 3",
        "UPDATE hmsplan.states SET body = replace(convert_from(body, 'UTF8'), 'lineage-1', 'other')::bytea",
    ],
)
def test_damage_is_refused_and_a_push_by_force_mends_it(
    postgres: PostgresServer, database: str, tmp_path: Path, damage: str
) -> None:
    backend = backend_at(postgres.url(database=database), tmp_path)
    begin(backend)
    postgres.run(damage, database)
    with pytest.raises(StateError) as caught:
        backend.load()
    assert caught.value.summary == "State is damaged"
    with backend.lock("state push"):
        with pytest.raises(StateError):
            backend.push(State("lineage-1", serial=9))
        backend.push(State("lineage-1", serial=9), force=True)
        backend.append([Spent("after")])
    assert backend.load() == State("lineage-1", serial=10, spent=("after",))
    assert table(postgres, database, "backups") == 1
    [(body,)] = postgres.run("SELECT body FROM hmsplan.backups", database)
    assert body


@pytest.mark.parametrize("force", [False, True])
def test_tables_of_a_newer_version_are_left_alone(
    postgres: PostgresServer, database: str, tmp_path: Path, *, force: bool
) -> None:
    backend = backend_at(postgres.url(database=database), tmp_path)
    begin(backend)
    postgres.run("UPDATE hmsplan.layout SET version = 2", database)
    for use in (backend.load, lambda: backend.unlock(force=force)):
        with pytest.raises(StateError, match="layout 2, this hmsplan knows 1") as caught:
            use()
        assert caught.value.summary == "State is newer than this hmsplan"
    with pytest.raises(StateError, match="layout 2"), backend.lock("test"):
        pass


# --- rights


@pytest.fixture
def reader(postgres: PostgresServer, database: str) -> Iterator[str]:
    """A role that may look at nothing but what it is granted."""
    name = f"r_{database}"
    postgres.run(f"CREATE ROLE {name} LOGIN", database)
    yield name
    postgres.run(f"DROP OWNED BY {name}", database)
    postgres.run(f"DROP ROLE {name}", database)


def test_a_role_that_only_reads_can_load(postgres: PostgresServer, database: str, reader: str, tmp_path: Path) -> None:
    backend = backend_at(postgres.url(database=database, user=reader), tmp_path)
    assert backend.load() is None
    assert backend.unlock(force=True) is None
    owner = backend_at(postgres.url(database=database), tmp_path)
    begin(owner)
    with pytest.raises(StateError, match=r"permission denied.*docs/state\.md"):
        backend.load()
    postgres.run(f"GRANT USAGE ON SCHEMA hmsplan TO {reader}", database)
    postgres.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA hmsplan TO {reader}", database)
    assert backend.load() == owner.load()
    with pytest.raises(StateError, match=r"cannot lock.*permission denied"), backend.lock("test"):
        pass
    assert owner.load() == backend.load()


def test_a_role_that_may_make_nothing_is_told_what_to_grant(
    postgres: PostgresServer, database: str, reader: str, tmp_path: Path
) -> None:
    backend = backend_at(postgres.url(database=database, user=reader), tmp_path)
    with pytest.raises(StateError, match="GRANT CREATE ON DATABASE"), backend.lock("test"):
        pass
    postgres.run(f"CREATE SCHEMA hmsplan AUTHORIZATION {reader}", database)
    begin(backend)
    state = backend.load()
    assert state is not None
    assert state.serial == 3


def test_a_database_that_only_reads_says_so_when_it_is_to_be_locked(
    postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    backend = backend_at(postgres.url(database=database), tmp_path)
    begin(backend)
    postgres.run(f'ALTER DATABASE "{database}" SET default_transaction_read_only = on')
    assert backend.load() is not None
    with pytest.raises(StateError, match="only reads"), backend.lock("test"):
        pass


def test_a_session_that_may_not_be_ended_writes_nothing_more_all_the_same(
    postgres: PostgresServer, database: str, reader: str, tmp_path: Path
) -> None:
    owner = backend_at(postgres.url(database=database), tmp_path)
    begin(owner)
    postgres.run(f"GRANT USAGE ON SCHEMA hmsplan TO {reader}", database)
    postgres.run(f"GRANT ALL ON ALL TABLES IN SCHEMA hmsplan TO {reader}", database)
    other = backend_at(postgres.url(database=database, user=reader), tmp_path)
    newcomer = backend_at(postgres.url("new", database=database), tmp_path)
    with newcomer.lock("the one that hangs"):
        newcomer.load()
        with pytest.raises(StateLocked, match="nothing more"):
            backend_at(postgres.url("new", database=database, user=reader), tmp_path).unlock(force=True)
        with pytest.raises(StateError, match="nothing more is written"):
            newcomer.save(BEGIN)
    with owner.lock("the one that hangs"):
        owner.load()
        with pytest.raises(StateLocked, match=r"nothing more.*SELECT pg_terminate_backend\(\d+\)"):
            other.unlock(force=True)
        with pytest.raises(StateLocked), other.lock("too early"):
            pass
        with pytest.raises(StateError, match="taken away by hmsplan state unlock --force"):
            owner.append([Spent("late")])
        with pytest.raises(StateError, match="nothing more is written"):
            owner.save(replace(BEGIN, serial=9))
        with pytest.raises(StateError, match="nothing more is written"):
            owner.push(State("foreign"), force=True)
    with other.lock("next"):
        other.load()
    assert table(postgres, database, "backups") == 0
    assert table(postgres, database, "states") == 1
    state = other.load()
    assert state is not None
    assert state.spent == ("1", "2", "3")


def test_a_lock_that_the_server_does_not_show_is_no_lock(
    postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    backend = backend_at(postgres.url(database=database), tmp_path)
    begin(backend)
    [(definition,)] = postgres.run("SELECT pg_get_viewdef('hmsplan.held')", database)
    hidden = str(definition).replace("'advisory'", "'hidden'")
    postgres.run(f"CREATE OR REPLACE VIEW hmsplan.held AS {hidden}", database)
    with pytest.raises(StateError, match="does not show in pg_locks"):
        backend.lock("test").__enter__()


def test_a_lock_with_a_note_that_nobody_can_read_still_holds(
    postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    first, second = (backend_at(postgres.url(database=database), tmp_path) for _ in range(2))
    with first.lock("first"):
        postgres.run("UPDATE hmsplan.locks SET owner = 'a note by a person'", database)
        with pytest.raises(StateLocked, match="another run holds production"):
            second.lock("second").__enter__()
        first.load()
        first.save(BEGIN)
    assert second.load() == BEGIN


# --- connections


def end_sessions(postgres: PostgresServer, database: str) -> None:
    ours = f"datname = '{database}' AND application_name = 'hmsplan'"
    postgres.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")


def test_a_connection_that_is_cut_loses_the_lock_and_whoever_had_it_writes_nothing_more(
    postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    first, second = (backend_at(postgres.url(database=database), tmp_path) for _ in range(2))
    begin(first)
    with first.lock("first"):
        first.load()
        first.append([Spent("acknowledged")])
        end_sessions(postgres, database)
        with pytest.raises(StateError, match=r"the connection to .* was cut") as caught:
            first.append([Spent("lost")])
        assert caught.value.summary == "Lock lost"
        with locked_within(second, "second", 10):
            second.load()
            second.append([Spent("theirs")])
            with pytest.raises(StateError, match="taken away by second"):
                first.append([Spent("late")])
            with pytest.raises(StateError, match="taken away by second"):
                first.save(replace(BEGIN, serial=99))
    state = first.load()
    assert state is not None
    assert state.spent == ("1", "2", "3", "acknowledged", "theirs")


def test_a_connection_that_was_cut_is_noticed_when_the_lock_is_asked_for(
    postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    """By whom it was cut is told: a session that merely ended leaves its name behind, force takes it away."""
    first = backend_at(postgres.url(database=database), tmp_path)
    begin(first)
    with first.lock("first"):
        end_sessions(postgres, database)
        for _ in range(2):
            with pytest.raises(StateError, match=r"the connection to .* was cut") as caught:
                first.confirm_lock()
            assert caught.value.summary == "Lock lost"
        second = backend_at(postgres.url(database=database), tmp_path)
        with locked_within(second, "second", 10), pytest.raises(StateError, match="taken away by second"):
            first.confirm_lock()
    with first.lock("first"):
        backend_at(postgres.url(database=database), tmp_path).unlock(force=True)
        with pytest.raises(StateError, match="taken away by hmsplan state unlock --force"):
            first.confirm_lock()


def test_a_lock_in_name_alone_is_none(postgres: PostgresServer, database: str, tmp_path: Path) -> None:
    """The session lives and its name stands in the table, but the server has given its lock away."""
    backend = backend_at(postgres.url(database=database), tmp_path)
    begin(backend)
    with backend.lock("test"):
        backend.confirm_lock()
        assert isinstance(backend.storage, PostgresStorage)
        session = backend.storage.lock.session
        assert session is not None
        session.connection.execute("SELECT pg_advisory_unlock_all()")
        with pytest.raises(StateError) as caught:
            backend.confirm_lock()
        assert caught.value.summary == "Lock lost"


def test_a_lock_outlives_the_patience_of_the_database_for_idle_sessions(
    postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    [(version,)] = postgres.run("SHOW server_version_num")
    if int(version) < 140000:
        pytest.skip("this PostgreSQL does not end idle sessions")
    backend = backend_at(postgres.url(database=database), tmp_path)
    begin(backend)
    postgres.run(f"ALTER DATABASE \"{database}\" SET idle_session_timeout = '100ms'")
    with psycopg.connect(postgres.url(database=database), autocommit=True) as idle, backend.lock("test"):
        backend.load()
        time.sleep(0.4)
        backend.append([Spent("4")])
        with pytest.raises(psycopg.OperationalError):
            idle.execute("SELECT 1")


def test_a_connection_cut_in_the_middle_of_a_write_leaves_all_of_it_or_nothing(
    postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    backend = backend_at(postgres.url(database=database), tmp_path)
    begin(backend)
    for cut in range(8):
        timer = threading.Timer(0.02 * cut, end_sessions, (postgres, database))
        with locked_within(backend, "test", 10):
            state = backend.load()
            assert state is not None
            timer.start()
            acknowledged = list(state.bindings)
            with pytest.raises(StateError):
                work_for_ever(backend, acknowledged)
        timer.join()
        found = backend.load()
        assert found is not None
        assert len(found.bindings) in (len(acknowledged), len(acknowledged) + 1)
        assert found.spent[-1] == (max(found.bindings).key if found.bindings else "3")


def work_for_ever(backend: Backend, done: list[Address]) -> None:
    """Append, and compact now and then; what is acknowledged is added to *done*."""
    while True:
        address = Address("assistants", f"n{len(done):06}")
        backend.append([Bound(Binding(address, "id", {"name": "x" * 300})), Spent(address.key)])
        done.append(address)
        if len(done) % 3 == 0:
            state = backend.load()
            assert state is not None
            backend.save(state)


POOLER = """\
[databases]
* = host={host}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
unix_socket_mode = 0777
auth_type = any
pool_mode = {mode}
default_pool_size = 4
ignore_startup_parameters = extra_float_digits
"""


def pooler(postgres: PostgresServer, mode: str, database: str) -> Iterator[str]:
    """Run PgBouncer before the server; gives the address of *database* through it."""
    folder = own_folder("hmsplan-pgb-")
    try:
        (folder / "pgbouncer.ini").write_text(
            POOLER.format(host=postgres.folder, folder=folder, mode=mode).replace("* = ", "* = user=postgres ")
        )
        url = f"postgresql://postgres@/{database}?host={folder}&port=6432"
        with running([program("pgbouncer"), str(folder / "pgbouncer.ini")], folder, url):
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sharing_pooler(postgres: PostgresServer, database: str) -> Iterator[str]:
    yield from pooler(postgres, "transaction", database)


@pytest.fixture
def session_pooler(postgres: PostgresServer, database: str) -> Iterator[str]:
    yield from pooler(postgres, "session", database)


@pytest.mark.parametrize("busy", [0, 3])
def test_a_pooler_by_transaction_is_refused_for_writing_and_good_for_reading(
    postgres: PostgresServer, database: str, sharing_pooler: str, tmp_path: Path, busy: int
) -> None:
    """However many of its sessions others use."""
    begin(backend_at(postgres.url(database=database), tmp_path))
    others = [psycopg.connect(sharing_pooler) for _ in range(busy)]
    for other in others:
        other.execute("SELECT 1")
    backend = backend_at(sharing_pooler, tmp_path)
    assert backend.load() == backend_at(postgres.url(database=database), tmp_path).load()
    for other in others[1:]:
        other.rollback()
    with pytest.raises(StateError, match="pooler that shares sessions by transaction") as caught:
        backend.lock("test").__enter__()
    assert caught.value.summary == "State cannot be locked"
    with pytest.raises(StateError, match="pooler that shares sessions by transaction"):
        backend.unlock(force=True)
    for other in others:
        other.close()


def test_a_pooler_by_session_is_as_good_as_none(
    postgres: PostgresServer, database: str, session_pooler: str, tmp_path: Path
) -> None:
    backend, direct = backend_at(session_pooler, tmp_path), backend_at(postgres.url(database=database), tmp_path)
    begin(backend)
    with backend.lock("through the pooler"), pytest.raises(StateLocked, match="through the pooler"):
        direct.lock("direct").__enter__()
    with locked_within(direct, "direct", 10):
        assert direct.load() == backend.load()
