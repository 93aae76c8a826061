"""The state in an object store, against a server that speaks S3: what its contract tests cannot know of."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import obstore
import pytest
from obstore.exceptions import GenericError
from support.s3_server import HEEDLESS, SECRET

from hmsplan.errors import StateError, StateLocked
from hmsplan.formats.state_file import dump, parse
from hmsplan.model import Address, Binding, State
from hmsplan.state.backend import Backend, new_state, open_backend
from hmsplan.state.bucket.lease import LEASE_S
from hmsplan.state.bucket.objects import InDoubt, Objects
from hmsplan.state.bucket.storage import BucketStorage
from hmsplan.state.journal import Bound, Spent, replay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.s3_server import S3Server

A = Address("assistants", "a")


class Killed(BaseException):
    """The process is dead."""


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Place:
    """One prefix, and the backends of several runs that keep their state there.

    Attributes:
        clock: that all runs look at, unless they have one of their own.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock = Clock()
        self.objects = Objects(f"{url}/production")

    def open(self, clock: Clock | None = None) -> Backend:
        def sleep(seconds: float) -> None:
            self.clock.now += seconds

        return Backend(BucketStorage(self.url, "production", clock=clock or self.clock, sleep=sleep))

    def begin(self, *entries: Spent) -> State:
        state = new_state()
        backend = self.open()
        with backend.lock("beginning"):
            backend.load()
            backend.save(state)
            if entries:
                backend.append(entries)
        return replay(state, entries)

    def names(self) -> list[str]:
        return self.objects.names("")

    def put(self, name: str, data: bytes) -> None:
        self.objects.overwrite(name, data)

    def data(self, name: str) -> bytes:
        found = self.objects.get(name)
        assert found is not None
        return found.data


@pytest.fixture
def place(s3: S3Server) -> Place:
    return Place(s3.url(uuid.uuid4().hex))


# Objects


def test_a_batch_is_one_object_and_touches_no_other(place: Place) -> None:
    """Rewriting a growing journal would cost the square of its length."""
    state = place.begin()
    before = {name: place.objects.tag(name) for name in place.names() if name != "lock.json"}
    backend = place.open()
    with backend.lock("apply"):
        backend.load()
        for number in range(5):
            backend.append([Spent(str(number))])
    batches = [name for name in place.names() if name.startswith("journal/")]
    assert [name.split("/")[2] for name in batches] == [f"{number:08}.json" for number in range(1, 6)]
    assert max(len(place.data(name)) for name in batches) < 200
    assert {name: place.objects.tag(name) for name in before} == before
    assert place.open().load() == replay(state, [Spent(str(number)) for number in range(5)])


def test_a_compaction_leaves_no_rubbish(place: Place) -> None:
    state = place.begin(Spent("1"), Spent("2"))
    backend = place.open()
    with backend.lock("apply"):
        backend.load()
        backend.append([Spent("3")])
        backend.save(replay(state, [Spent("3")]))
    assert place.names() == ["lock.json", "state.json"]


def test_saving_what_is_stored_writes_nothing(place: Place) -> None:
    place.begin()
    before = place.objects.tag("state.json")
    backend = place.open()
    with backend.lock("apply"):
        state = backend.load()
        assert state is not None
        backend.save(state)
    assert place.objects.tag("state.json") == before


def test_reading_writes_nothing(place: Place) -> None:
    place.begin(Spent("1"))
    before = [(name, place.objects.tag(name)) for name in place.names()]
    assert place.open().load() is not None
    assert [(name, place.objects.tag(name)) for name in place.names()] == before


def test_the_object_is_a_state_that_can_be_pushed(place: Place) -> None:
    """Who fetches an older version of the object with the tools of the cloud can push it as it is."""
    state = place.begin(Spent("1"))
    backend = place.open()
    with backend.lock("apply"):
        backend.load()
        backend.save(state)
    assert parse(place.data("state.json")) == state


@pytest.mark.parametrize("indent", [None, 2])
def test_a_state_that_a_person_put_there_is_taken(place: Place, indent: int | None) -> None:
    """Without a fence, or laid out anew with its fence, its journal being that of its fence."""
    state = place.begin(Spent("1"))
    edited = json.loads(dump(state) if indent is None else place.data("state.json"))
    place.put("state.json", json.dumps({**edited, "organization": "org"}, indent=indent).encode())
    backend = place.open()
    with backend.lock("apply"):
        assert backend.load() == replace(state, organization="org")
        backend.append([Spent("2")])
        backend.save(replay(replace(state, organization="org"), [Spent("2")]))
    assert place.open().load() == replay(replace(state, organization="org"), [Spent("2")])


def test_two_environments_have_nothing_in_common(place: Place) -> None:
    state = place.begin()
    other = Backend(BucketStorage(place.url, "staging"))
    with place.open().lock("apply"), other.lock("apply"):
        assert other.load() is None
        other.save(new_state())
    assert place.open().load() == state


def test_a_reader_never_sees_half_a_compaction(place: Place) -> None:
    """While one run appends and compacts, whatever others load is a state that there was."""
    state = place.begin()
    over, seen = threading.Event(), list[State]()

    def read() -> None:
        reader = Backend(BucketStorage(place.url, "production"))
        while not over.is_set():
            seen.append(reader.load() or State(""))

    thread = threading.Thread(target=read)
    thread.start()
    backend = place.open()
    with backend.lock("apply"):
        backend.load()
        for number in range(8):
            backend.append([Spent(str(number))])
            state = replay(state, [Spent(str(number))])
            backend.save(state)
    over.set()
    thread.join()
    assert len(seen) > 1
    assert [found.serial for found in seen] == sorted(found.serial for found in seen)
    assert all(found.spent == tuple(map(str, range(found.serial))) for found in seen)


# Answers that do not come


def breaking_at(number: int, when: str, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the write of this number, from 1, fail before or after it happened; returns what was written.

    ``Killed`` is for ever: a dead process writes nothing more.
    """
    done: list[str] = []
    put, delete = obstore.put, obstore.delete

    def broken(what: str, call: Callable[[], Any]) -> Any:
        if isinstance(error, Killed) and len(done) >= number:
            raise error
        done.append(what)
        if len(done) == number and when == "before":
            raise error
        result = call()
        if len(done) == number:
            raise error
        return result

    monkeypatch.setattr(obstore, "put", lambda *a, **k: broken(f"put {a[1]}", lambda: put(*a, **k)))
    monkeypatch.setattr(obstore, "delete", lambda *a: broken("delete", lambda: delete(*a)))
    return done


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 9))
def test_a_kill_at_any_write_leaves_what_was_acknowledged(
    place: Place, number: int, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = place.begin(Spent("1"))
    acknowledged = [state]
    with monkeypatch.context() as broken:
        writes = breaking_at(number, when, Killed(), broken)
        backend = place.open()
        holding = backend.lock("the one that dies")
        try:
            holding.__enter__()
            backend.load()
            for name in ("2", "3"):
                backend.append([Spent(name)])
                acknowledged.append(replay(acknowledged[-1], [Spent(name)]))
            backend.save(acknowledged[-1])
            acknowledged.append(acknowledged[-1])
        except Killed:
            pass
        assert len(writes) == min(number, 7), writes  # lock, two probes, two batches, state, rubbish
        assert isinstance(backend.storage, BucketStorage)
        backend.storage.lock._is_lost = True  # a dead process renews nothing
    found = place.open().load()
    assert found in (acknowledged[-1], replay(acknowledged[-1], [Spent(str(len(acknowledged) + 1))]))
    place.clock.now += LEASE_S + 1
    heir = place.open()
    with heir.lock("heir"):
        assert heir.load() == found
        heir.append([Spent("heir")])
    assert place.open().load() == replay(found, [Spent("heir")])


@pytest.mark.parametrize("number", range(1, 8))
def test_a_write_that_happened_counts_though_its_answer_was_lost(
    place: Place, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = place.begin()
    with monkeypatch.context() as broken:
        breaking_at(number if number < 2 else number + 2, "after", GenericError("connection reset"), broken)
        backend = place.open()
        with backend.lock("apply"):
            backend.load()
            backend.append([Spent("1")])
            backend.append([Spent("2")])
            backend.save(replay(state, [Spent("1"), Spent("2")]))
    assert place.open().load() == replay(state, [Spent("1"), Spent("2")])
    with place.open().lock("next"):
        pass


def test_a_write_in_doubt_is_fenced_off_by_whoever_is_next(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request without an answer may still be on its way: when it comes at last, it must find a changed state."""
    state = place.begin()
    edited = replay(state, [Spent("1")])
    put, late = obstore.put, []

    def held_up(*words: Any, **more: Any) -> Any:
        if words[1] == "state.json":
            late.append(lambda: put(*words, **more))
            raise GenericError("timed out")
        return put(*words, **more)

    backend = place.open()
    with backend.lock("apply"):
        backend.load()
        with monkeypatch.context() as slow:
            slow.setattr(obstore, "put", held_up)
            with pytest.raises(InDoubt, match="no answer came in time"):
                backend.save(edited)
    heir = place.open()
    with heir.lock("heir"):
        assert heir.load() == state
        heir.append([Spent("heir")])
        with pytest.raises(obstore.exceptions.PreconditionError):
            late[0]()
    assert place.open().load() == replay(state, [Spent("heir")])


# Who may write


def test_a_run_that_missed_the_takeover_stores_nothing(place: Place) -> None:
    """Its clock stood still, so that it believes in its lease: the store refuses it all the same."""
    state = place.begin(Spent("1"))
    stopped = Clock()
    sleeper, heir = place.open(stopped), place.open()
    with sleeper.lock("sleeper"):
        assert sleeper.load() == state
        assert isinstance(sleeper.storage, BucketStorage)
        sleeper.storage.lock._lease_s = 0.0
        place.clock.now += LEASE_S + 1
        with heir.lock("heir"):
            assert heir.load() == state
            with pytest.raises(StateError, match="taken away by heir"):
                sleeper.append([Spent("sleeper")])
            assert heir.load() == state
            heir.append([Spent("heir")])
            with pytest.raises(StateError, match="taken away by heir"):
                sleeper.append([Spent("sleeper")])
            with pytest.raises(StateError, match="taken away by heir"):
                sleeper.save(replay(state, [Spent("sleeper")]))
            heir.append([Spent("heir again")])
    assert place.open().load() == replay(state, [Spent("heir"), Spent("heir again")])


def test_the_holder_that_woke_up_does_not_free_the_lock_of_its_heir(place: Place) -> None:
    place.begin()
    sleeper, heir = place.open(), place.open()
    holding = sleeper.lock("sleeper")
    holding.__enter__()
    place.clock.now += LEASE_S + 1
    with heir.lock("heir"):
        holding.__exit__(None, None, None)
        with pytest.raises(StateLocked, match="heir"), place.open().lock("third"):
            pass


def test_a_lease_that_ran_out_is_still_good_while_nobody_took_it(place: Place) -> None:
    """A laptop that slept, and nobody else applied meanwhile: the run goes on."""
    state = place.begin()
    backend = place.open()
    with backend.lock("apply"):
        backend.load()
        place.clock.now += LEASE_S + 1
        backend.append([Spent("1")])
        with pytest.raises(StateLocked), place.open().lock("second"):
            pass
    assert place.open().load() == replay(state, [Spent("1")])


def test_asking_for_the_lock_is_one_request_while_the_lease_lasts(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.begin()
    backend = place.open()
    asked: list[str] = []

    def counted(name: str) -> Callable[..., Any]:
        call = getattr(obstore, name)

        def count(*arguments: Any, **options: Any) -> Any:
            asked.append(name)
            return call(*arguments, **options)

        return count

    with backend.lock("apply"), monkeypatch.context() as counting:
        for name in ("get", "put", "head", "list"):
            counting.setattr(obstore, name, counted(name))
        backend.confirm_lock()
        assert asked == ["get"]


def test_a_lease_that_ran_out_is_renewed_when_the_lock_is_asked_for(place: Place) -> None:
    """Stopped for an hour, and nobody came: nobody may come during the write either."""
    place.begin()
    backend = place.open()
    with backend.lock("apply"):
        place.clock.now += LEASE_S + 1
        backend.confirm_lock()
        with pytest.raises(StateLocked), place.open().lock("second"):
            pass


def test_a_run_that_believes_in_its_lease_is_told_by_the_store(place: Place) -> None:
    """Its clock stood still while it was stopped: what the clock says is not asked."""
    place.begin()
    sleeper, heir = place.open(Clock()), place.open()
    with sleeper.lock("sleeper"):
        sleeper.confirm_lock()
        place.clock.now += LEASE_S + 1
        with heir.lock("heir"):
            heir.confirm_lock()
            with pytest.raises(StateError, match="taken away by heir"):
                sleeper.confirm_lock()
        with pytest.raises(StateError, match="taken away"):
            sleeper.confirm_lock()


def test_a_lock_that_is_gone_from_the_store_is_lost(place: Place) -> None:
    place.begin()
    backend = place.open()
    with backend.lock("apply"):
        place.objects.delete(["lock.json"])
        with pytest.raises(StateError) as caught:
            backend.confirm_lock()
        assert caught.value.summary == "Lock lost"


def test_a_store_that_cannot_be_asked_is_no_yes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.begin()
    backend = place.open()

    def refused(*_: Any, **__: Any) -> Any:
        raise GenericError("operation timed out")

    with backend.lock("apply"):
        with monkeypatch.context() as silent:
            silent.setattr(obstore, "get", refused)
            with pytest.raises(StateError, match="no answer came in time"):
                backend.confirm_lock()
        backend.confirm_lock()


def test_a_living_holder_renews_its_lease(place: Place) -> None:
    holder = Backend(BucketStorage(place.url, "production", lease_s=0.6))
    other = Backend(BucketStorage(place.url, "production", lease_s=0.6))
    with holder.lock("holder"):
        threading.Event().wait(1.5)
        with pytest.raises(StateLocked, match="holder"), other.lock("other"):
            pass


def test_the_next_run_gets_the_lock_of_a_dead_one_when_its_lease_ends(place: Place) -> None:
    state = place.begin()
    holding = place.open().lock("dead")
    holding.__enter__()
    heir = place.open()
    place.clock.now += LEASE_S - 1
    with pytest.raises(StateLocked, match="dead"), heir.lock("heir"):
        pass
    place.clock.now += 1
    with heir.lock("heir"):
        assert heir.load() == state


def test_unlock_needs_no_force_once_the_lease_ended(place: Place) -> None:
    place.begin()
    holding = place.open().lock("dead")
    holding.__enter__()
    with pytest.raises(StateLocked, match="dead"):
        place.open().unlock()
    place.clock.now += LEASE_S + 1
    owner = place.open().unlock()
    assert owner is not None
    assert owner.owner == "dead"
    assert place.open().unlock() is None


@pytest.mark.usefixtures("s3")
def test_a_store_that_is_heedless_of_conditions_is_refused() -> None:
    backend = Backend(BucketStorage(f"s3://{HEEDLESS}/{uuid.uuid4().hex}", "production"))
    with pytest.raises(StateError, match="does not honour conditional writes"), backend.lock("apply"):
        pass
    assert backend.load() is None


# Damage


def test_a_journal_without_its_state_is_not_taken_for_nothing(place: Place) -> None:
    place.begin(Spent("1"))
    place.objects.delete(["state.json"])
    with pytest.raises(StateError, match="is gone, and its journal is there"):
        place.open().load()
    backend = place.open()
    with backend.lock("state push"):
        backend.push(State("one", serial=3), force=True)
        backend.append([Spent("2")])
    assert place.open().load() == State("one", serial=4, spent=("2",))


@pytest.mark.parametrize("name", ["state.json", "journal"])
def test_what_cannot_be_read_is_replaced_by_force_alone(place: Place, name: str) -> None:
    place.begin(Spent("1"))
    found = next(each for each in place.names() if each.startswith(name))
    place.put(found, b"not what it was\n")
    backend = place.open()
    with pytest.raises(StateError, match=r"State is damaged: \w+://.+"):
        backend.load()
    with backend.lock("state push"):
        with pytest.raises(StateError):
            backend.push(State("one", serial=3))
        backend.push(State("one", serial=3), force=True)
    assert place.open().load() == State("one", serial=3)
    assert "state.json.backup" in place.names()


def test_a_lock_that_nobody_wrote_is_told(place: Place) -> None:
    place.put("lock.json", b"[]")
    with pytest.raises(StateError, match="not a lock of hmsplan"), place.open().lock("apply"):
        pass


def test_the_backup_of_a_push_is_what_was_stored(place: Place) -> None:
    state = place.begin(Spent("1"))
    backend = place.open()
    with backend.lock("state push"):
        backend.push(replay(state, [Bound(Binding(A, "1"))]))
    assert parse(place.data("state.json.backup")) == state


# Where it is, and what is told


@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_not_there_is_no_empty_state() -> None:
    backend = Backend(BucketStorage("s3://no-such-bucket/acme", "production"))
    with pytest.raises(StateError, match="there is no such bucket"):
        backend.load()
    with pytest.raises(StateError, match="there is no such bucket"), backend.lock("apply"):
        pass


def test_a_server_that_is_gone_is_told_without_a_secret(monkeypatch: pytest.MonkeyPatch, s3: S3Server) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("hmsplan.state.bucket.objects.RETRIES", 0)
    with pytest.raises(StateError, match="there is no connection") as caught:
        Backend(BucketStorage(s3.url("acme"), "production")).load()
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3:///prefix",
        "s3://key:secret@bucket/prefix",
        "s3://bucket/prefix?endpoint=http://evil.example",
        "s3://bucket/prefix#x",
        "s3://bucket/../other",
        "s3://bucket/a b",
        "s3://bucket:9000/prefix",
        "gs://bucket/%2e%2e",
    ],
)
def test_a_url_is_a_bucket_and_a_prefix_and_nothing_else(tmp_path: Path, url: str) -> None:
    with pytest.raises(StateError) as caught:
        open_backend(url, tmp_path, "production")
    assert "secret" not in caught.value.detail.replace("AWS_SECRET", "")


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT"])
def test_plain_http_is_for_this_machine_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://storage.example:9000")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    with pytest.raises(StateError, match=f"{name} is plain http to another machine"):
        open_backend("s3://bucket/prefix", tmp_path, "production")


def test_a_missing_library_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(StateError, match=r"pip install 'hmsplan\[object-store\]'"):
        open_backend("s3://bucket/prefix", tmp_path, "production")


def test_nothing_is_loaded_for_a_state_in_a_folder() -> None:
    """Whoever keeps the state in a file never imports the library."""
    script = (
        "import sys; from pathlib import Path; from hmsplan.state.backend import open_backend; "
        "open_backend('file', Path('/nowhere'), 'x'); print('obstore' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
