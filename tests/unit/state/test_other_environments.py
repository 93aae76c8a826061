"""What the other environments of a stack have bound, wherever their states are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import orjson
import psycopg
import pytest
from support.stores import STORES, begin

from hmsplan.errors import StateError
from hmsplan.model import Address, Binding, Deposed, Diagnostic, Severity
from hmsplan.state.backend import new_state, open_backend
from hmsplan.state.bucket.objects import Objects
from hmsplan.state.journal import Bound
from hmsplan.state.other_environments import bound_elsewhere

if TYPE_CHECKING:
    from pathlib import Path

    from support.stores import Store

    from hmsplan.state.backend import Backend

A, B = Address("assistants", "a"), Address("numbers", "b")


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Store:
    made: Store = request.getfixturevalue(request.param)
    return made


def other(store: Store, environment: str, *bindings: Binding, deposed: Deposed | None = None) -> Backend:
    """Keep a state of another environment with these bindings, in its journal and not yet in its file."""
    backend = open_backend(store.url, store.root, environment)
    with backend.lock("test"):
        backend.load()
        backend.save(new_state())
        if bindings:
            backend.append([Bound(binding, deposes=deposed) for binding in bindings])
    return backend


def damage(store: Store, environment: str, data: bytes) -> None:
    """Put *data* in place of the state of *environment*."""
    if store.url == "file":
        (store.root / ".hmsplan" / environment / "state.json").write_bytes(data)
    elif store.url.startswith("s3:"):
        Objects(f"{store.url}/{environment}").overwrite("state.json", data)
    else:
        prefix = urlsplit(store.url).path.rpartition("/")[2]
        with psycopg.connect(store.url.replace(f"/{prefix}", "", 1), autocommit=True) as connection:
            connection.execute("UPDATE hmsplan.states SET body = %s WHERE name = %s", [data, f"{prefix}/{environment}"])


def unexpected(warning: Diagnostic) -> None:
    """Take a warning where none may come."""
    raise AssertionError(warning)


def test_what_other_environments_bind_is_known_by_kind_and_id(store: Store) -> None:
    begin(store, [Bound(Binding(A, "ours"))])
    other(store, "staging", Binding(A, "1"), Binding(B, "2"))
    other(store, "demo", Binding(A, "3"), deposed=Deposed(A, "old"))
    assert bound_elsewhere(store.open(), unexpected) == {
        ("assistants", "1"): "staging",
        ("numbers", "2"): "staging",
        ("assistants", "3"): "demo",
        ("assistants", "old"): "demo",
    }


def test_nothing_is_bound_elsewhere_where_no_other_environment_is(store: Store) -> None:
    """Nor before there is any state at all; and asking creates nothing."""
    assert bound_elsewhere(store.open(), unexpected) == {}
    assert not (store.root / ".hmsplan").exists()
    begin(store, [Bound(Binding(A, "ours"))])
    assert bound_elsewhere(store.open(), unexpected) == {}
    other(store, "staging")
    assert bound_elsewhere(store.open(), unexpected) == {}


def test_other_environments_are_known_to_one_that_has_no_state_yet(store: Store) -> None:
    other(store, "staging", Binding(A, "1"))
    assert bound_elsewhere(store.open(), unexpected) == {("assistants", "1"): "staging"}


def test_another_environment_that_is_being_applied_is_read_all_the_same(store: Store) -> None:
    with other(store, "staging", Binding(A, "1")).lock("apply"):
        assert bound_elsewhere(store.open(), unexpected) == {("assistants", "1"): "staging"}


def test_the_environments_are_opened_by_their_names(store: Store) -> None:
    begin(store)
    other(store, "staging", Binding(A, "1"))
    (name, backend), *more = store.open().environments().items()
    assert (name, more) == ("staging", [])
    assert backend.describe() == open_backend(store.url, store.root, "staging").describe()


@pytest.mark.parametrize(
    ("data", "why"), [(b"{", "damaged"), (orjson.dumps({"format_version": 99}), "newer"), (b"", "empty")]
)
def test_a_state_that_cannot_be_read_is_a_warning_and_hides_no_other(store: Store, data: bytes, why: str) -> None:
    begin(store)
    other(store, "broken", Binding(A, "1"))
    other(store, "staging", Binding(A, "2"))
    damage(store, "broken", data)
    told: list[Diagnostic] = []
    assert bound_elsewhere(store.open(), told.append) == {("assistants", "2"): "staging"}
    [warning] = told
    assert (warning.summary, warning.severity) == ("Environment not read", Severity.WARNING)
    assert "hmsplan state list -e broken" in warning.detail
    with pytest.raises(StateError) as caught:
        open_backend(store.url, store.root, "broken").load()
    assert caught.value.detail in warning.detail, why


# Files


def test_a_state_that_cannot_be_opened_is_a_warning(file_store: Store) -> None:
    begin(file_store)
    other(file_store, "staging", Binding(A, "1"))
    path = file_store.root / ".hmsplan" / "staging" / "state.json"
    path.rename(path.with_name("elsewhere.json"))
    path.symlink_to("elsewhere.json")
    told: list[Diagnostic] = []
    assert bound_elsewhere(file_store.open(), told.append) == {}
    assert [warning.summary for warning in told] == ["Environment not read"]


def test_a_second_name_of_the_same_folder_is_no_other_environment(file_store: Store) -> None:
    begin(file_store, [Bound(Binding(A, "1"))])
    folder = file_store.root / ".hmsplan"
    (folder / "live").symlink_to("production")
    assert bound_elsewhere(file_store.open(), unexpected) == {}
    assert bound_elsewhere(open_backend("file", file_store.root, "live"), unexpected) == {}


def test_what_is_no_environment_is_passed_over(file_store: Store) -> None:
    """A file, a folder that no environment can be called by, and one that holds no state."""
    begin(file_store)
    folder = file_store.root / ".hmsplan"
    (folder / "emulator.db").touch()
    (folder / ".cache").mkdir()
    (folder / "emulator").mkdir()
    told: list[Diagnostic] = []
    assert bound_elsewhere(file_store.open(), told.append) == {}
    assert told == []


# Databases and buckets


@pytest.mark.parametrize("store", ["postgres_store", "bucket_store"], indirect=True)
def test_an_environment_of_another_stack_is_not_ours(store: Store, tmp_path: Path) -> None:
    """Deeper below the same prefix, and beside a prefix that begins alike."""
    begin(store)
    url = urlsplit(store.url)
    for path in (f"{url.path}/other", f"{url.path}2"):
        backend = open_backend(urlunsplit(url._replace(path=path)), tmp_path, "staging")
        with backend.lock("test"):
            backend.load()
            backend.save(new_state())
            backend.append([Bound(Binding(A, "theirs"))])
    assert bound_elsewhere(store.open(), unexpected) == {}


@pytest.mark.usefixtures("s3")
def test_a_place_that_cannot_be_listed_is_a_warning(tmp_path: Path) -> None:
    told: list[Diagnostic] = []
    backend = open_backend("s3://no-such-bucket/acme", tmp_path, "production")
    assert bound_elsewhere(backend, told.append) == {}
    [warning] = told
    assert warning.summary == "Environments not read"
    assert "there is no such bucket" in warning.detail
