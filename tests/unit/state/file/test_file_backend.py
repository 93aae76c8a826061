"""The file backend: damage, kills between any two operations, modes, and what else only files have."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import zlib
from pathlib import Path
from typing import Any

import pytest

from hmsplan.errors import StateError, StateLocked
from hmsplan.formats.state_file import dump, parse
from hmsplan.model import Address, Binding, State
from hmsplan.state.backend import Backend, open_backend
from hmsplan.state.file.storage import FileStorage
from hmsplan.state.journal import Bound, Entry, Spent, encode, replay

BEGIN = State("lineage-1")
A = Address("assistants", "a")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state with two batches in its journal."""
    folder = tmp_path / "production"
    backend = Backend(FileStorage(folder))
    with backend.lock("test"):
        backend.load()
        backend.save(BEGIN)
        backend.append([Spent("1"), Spent("2")])
        backend.append([Spent("3")])
    return folder


def append(folder: Path, *entries: Entry) -> None:
    backend = Backend(FileStorage(folder))
    with backend.lock("test"):
        backend.load()
        backend.append(entries)


def spent(folder: Path) -> tuple[str, ...]:
    state = Backend(FileStorage(folder)).load()
    assert state is not None
    return state.spent


def test_a_torn_last_line_is_dropped_and_the_next_batch_takes_its_place(folder: Path) -> None:
    journal = folder / "journal.jsonl"
    whole = journal.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for length in range(last, len(whole)):
        journal.write_bytes(whole[:length])
        assert spent(folder) == ("1", "2")
    append(folder, Spent("4"))
    assert spent(folder) == ("1", "2", "4")


def test_pages_that_a_power_failure_left_unwritten_are_dropped(folder: Path) -> None:
    with (folder / "journal.jsonl").open("ab") as journal:
        journal.write(b"\0" * 50 + b'"}]}\n')
    assert spent(folder) == ("1", "2", "3")
    append(folder, Spent("4"))
    assert spent(folder) == ("1", "2", "3", "4")


@pytest.mark.parametrize("line", [0, 1])
def test_damage_that_no_kill_can_leave_is_refused_with_its_line(folder: Path, line: int) -> None:
    journal = folder / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b"spent", b"spend")
    journal.write_bytes(b"".join(lines))
    with pytest.raises(StateError, match=f"line {line + 1}: its checksum is wrong") as caught:
        Backend(FileStorage(folder)).load()
    assert caught.value.summary == "State is damaged"


def test_a_batch_that_is_missing_in_the_middle_is_noticed(folder: Path) -> None:
    journal = folder / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[0] + lines[0])
    with pytest.raises(StateError, match="line 2: it does not continue"):
        Backend(FileStorage(folder)).load()


@pytest.mark.parametrize("op", ["unbound", "invented", None])
def test_an_entry_of_another_version_is_refused(folder: Path, op: str | None) -> None:
    rest = b'"lineage":"lineage-1","serial":1,"entries":[' + json.dumps({"op": op, "x": 1}).encode() + b"]}"
    (folder / "journal.jsonl").write_bytes(b'{"sum":"%08x",' % zlib.crc32(rest) + rest + b"\n")
    with pytest.raises(StateError, match=r"line 1: (unbound: 'address' is missing|.+ is not an entry that this)"):
        Backend(FileStorage(folder)).load()


def test_an_unreadable_note_of_the_holder_is_no_obstacle(folder: Path) -> None:
    with Backend(FileStorage(folder)).lock("first"):
        (folder / "lock.owner").write_bytes(b'{"owner"')
        with pytest.raises(StateLocked, match="another process holds"), Backend(FileStorage(folder)).lock("second"):
            pass
    with Backend(FileStorage(folder)).lock("second"):
        pass


@pytest.mark.parametrize("way", ["removed", "replaced"])
def test_a_lock_whose_file_is_another_one_is_lost(folder: Path, way: str) -> None:
    """The next run would lock the new file and find nobody in its way, before it has put its name there."""
    backend = Backend(FileStorage(folder))
    with backend.lock("apply"):
        backend.load()
        backend.confirm_lock()
        (folder / "lock").unlink()
        if way == "replaced":
            (folder / "lock").touch()
        for write in (backend.confirm_lock, lambda: backend.append([Spent("4")])):
            with pytest.raises(StateError, match=r"lock was removed or replaced; nothing more is written") as caught:
                write()
            assert caught.value.summary == "Lock lost"
    assert spent(folder) == ("1", "2", "3")


def test_a_lock_that_another_run_asked_for_in_vain_is_still_ours(folder: Path) -> None:
    """Asking opens the file, and must not make it another one."""
    backend = Backend(FileStorage(folder))
    with backend.lock("apply"):
        for _ in range(2):
            with pytest.raises(StateLocked), Backend(FileStorage(folder)).lock("second"):
                pass
            backend.confirm_lock()


def test_a_lock_whose_folder_is_gone_is_lost(folder: Path) -> None:
    backend = Backend(FileStorage(folder))
    with backend.lock("apply"):
        folder.rename(folder.with_name("moved"))
        with pytest.raises(StateError) as caught:
            backend.confirm_lock()
        assert caught.value.summary == "Lock lost"


def test_a_journal_of_another_state_is_refused(folder: Path) -> None:
    (folder / "journal.jsonl").write_bytes(encode("lineage-2", 1, [Spent("1")]))
    with pytest.raises(StateError, match="journal belongs to another state"):
        Backend(FileStorage(folder)).load()


def test_a_journal_of_a_later_state_is_refused(folder: Path) -> None:
    (folder / "journal.jsonl").write_bytes(encode("lineage-1", 5, [Spent("1")]))
    with pytest.raises(StateError, match="continues serial 4, the state has 0"):
        Backend(FileStorage(folder)).load()


def test_a_journal_that_was_not_emptied_is_passed_over(folder: Path) -> None:
    journal = (folder / "journal.jsonl").read_bytes()
    backend = Backend(FileStorage(folder))
    with backend.lock("test"):
        state = backend.load()
        assert state is not None
        backend.save(state)
    (folder / "journal.jsonl").write_bytes(journal)
    assert spent(folder) == ("1", "2", "3")
    append(folder, Spent("4"))
    assert spent(folder) == ("1", "2", "3", "4")


def test_entries_that_an_older_state_lacks_are_replayed(folder: Path) -> None:
    (folder / "state.json").write_bytes(dump(replay(BEGIN, [Spent("1")])))
    assert spent(folder) == ("1", "2", "3")


def test_a_lost_state_is_rebuilt_when_the_journal_holds_all_of_it(folder: Path) -> None:
    (folder / "state.json").unlink()
    assert spent(folder) == ("1", "2", "3")
    append(folder, Spent("4"))
    assert spent(folder) == ("1", "2", "3", "4")


@pytest.mark.parametrize("journal", [b"", b'{"sum":"torn', encode("lineage-1", 2, [Spent("2")])])
def test_a_lost_state_is_never_taken_for_a_new_one(folder: Path, journal: bytes) -> None:
    (folder / "state.json").unlink()
    (folder / "journal.jsonl").write_bytes(journal)
    with pytest.raises(StateError, match="is gone"):
        Backend(FileStorage(folder)).load()


def test_an_empty_state_file_is_damage(folder: Path) -> None:
    (folder / "state.json").write_bytes(b"")
    with pytest.raises(StateError, match="empty"):
        Backend(FileStorage(folder)).load()


def test_what_is_wrong_with_a_state_that_is_read_ahead_is_said_when_it_is_loaded(folder: Path) -> None:
    backend = Backend(FileStorage(folder))
    (folder / "state.json").write_bytes(b"")
    backend.look_ahead()
    with pytest.raises(StateError, match="empty"):
        backend.load()


def test_a_state_that_was_read_ahead_is_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Backend(FileStorage(folder))
    backend.look_ahead()
    with monkeypatch.context() as patch:
        patch.setattr(FileStorage, "get", None)
        assert backend.load() is not None
    assert backend.load() is not None


def test_a_temporary_file_of_a_killed_run_is_in_nobodys_way(folder: Path) -> None:
    (folder / "state.json.tmp").write_bytes(b'{"torn')
    append(folder, Spent("4"))
    backend = Backend(FileStorage(folder))
    with backend.lock("test"):
        state = backend.load()
        assert state is not None
        backend.save(state)
    assert spent(folder) == ("1", "2", "3", "4")
    assert not list(folder.glob("*.tmp"))


def test_a_push_keeps_a_backup_with_the_journal_in_it(folder: Path) -> None:
    before = Backend(FileStorage(folder)).load()
    backend = Backend(FileStorage(folder))
    with backend.lock("state push"):
        backend.push(State("another"), force=True)
    assert parse((folder / "state.json.backup").read_bytes()) == before


def test_a_forced_push_mends_a_state_that_cannot_be_read(folder: Path) -> None:
    (folder / "state.json").write_bytes(b"damaged")
    backend = Backend(FileStorage(folder))
    with backend.lock("state push"):
        with pytest.raises(StateError, match="unexpected"):
            backend.push(BEGIN)
        backend.push(BEGIN, force=True)
    assert Backend(FileStorage(folder)).load() == BEGIN
    assert (folder / "state.json.backup").read_bytes() == b"damaged"
    assert (folder / "journal.jsonl.backup").read_bytes()


def test_what_is_on_the_disk_is_for_its_owner_only(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path.name


def test_git_is_told_to_leave_out_all_but_the_state(folder: Path) -> None:
    ignored = (folder.parent / ".gitignore").read_text()
    assert "journal.jsonl" in ignored
    assert "\nstate.json\n" not in ignored


def test_reading_creates_nothing(tmp_path: Path) -> None:
    assert Backend(FileStorage(tmp_path / "production")).load() is None
    assert Backend(FileStorage(tmp_path / "production")).unlock() is None
    assert not list(tmp_path.iterdir())


def test_a_compaction_that_changes_nothing_leaves_the_file_alone(folder: Path) -> None:
    backend = Backend(FileStorage(folder))
    with backend.lock("test"):
        state = backend.load()
        assert state is not None
        backend.save(state)
        inode = (folder / "state.json").stat().st_ino
        backend.save(state)
    assert (folder / "state.json").stat().st_ino == inode


@pytest.mark.parametrize("name", ["state.json", "journal.jsonl"])
def test_a_link_or_a_pipe_in_place_of_a_file_is_refused(folder: Path, name: str) -> None:
    real = folder / name
    real.rename(folder / "elsewhere")
    real.symlink_to(folder / "elsewhere")
    with pytest.raises(StateError, match="cannot read"):
        Backend(FileStorage(folder)).load()
    real.unlink()
    os.mkfifo(real)
    with pytest.raises(StateError, match="no regular file"):
        Backend(FileStorage(folder)).load()


def test_a_write_that_fails_says_so_and_leaves_no_torn_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    backend = Backend(FileStorage(folder))
    with backend.lock("test"):
        backend.load()
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            with pytest.raises(StateError, match="No space left on device"):
                backend.append([Spent("4")])
        backend.append([Spent("5")])
    assert spent(folder) == ("1", "2", "3", "5")


class Killed(BaseException):
    """The process dies here."""


class Fatal:
    """Counts the calls of what it wraps; the call with the number *fatal* is the last one."""

    def __init__(self, fatal: int, *, is_made: bool) -> None:
        self.calls = 0
        self._fatal = fatal
        self._is_made = is_made

    def wrap(self, real: Any) -> Any:
        def call(*args: Any, **keywords: Any) -> Any:
            this, self.calls = self.calls, self.calls + 1
            if this == self._fatal and not self._is_made:
                raise Killed
            try:
                return real(*args, **keywords)
            finally:
                if this == self._fatal:
                    raise Killed

        return call


LAST_CALL = 69  # more than work() makes
CALLS = [(os, "fsync"), (os, "ftruncate"), (os, "write"), (os, "open"), (Path, "replace")]


def work(folder: Path, acknowledged: list[str]) -> None:
    """Append the numbers from 4 to 7, and compact after each even one."""
    backend = Backend(FileStorage(folder))
    with backend.lock("test"):
        backend.load()
        for number in range(4, 8):
            backend.append([Spent(str(number))])
            acknowledged.append(str(number))
            if number % 2 == 0:
                state = backend.load()
                assert state is not None
                backend.save(state)


@pytest.mark.parametrize("is_made", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(LAST_CALL + 1))
def test_a_kill_at_any_system_call_loses_nothing_acknowledged(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, is_made: bool
) -> None:
    acknowledged = ["1", "2", "3"]
    fatal = Fatal(number, is_made=is_made)
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        for owner, name in CALLS:
            patch.setattr(owner, name, fatal.wrap(getattr(owner, name)))
        work(folder, acknowledged)
    found = spent(folder)
    assert list(found[: len(acknowledged)]) == acknowledged
    assert number < LAST_CALL or acknowledged[-1] == "7"
    assert len(found) <= len(acknowledged) + 1
    append(folder, Spent("next"))
    assert spent(folder) == (*found, "next")


def test_a_reader_never_sees_less_while_another_run_compacts(folder: Path) -> None:
    is_over = threading.Event()
    failures: list[BaseException] = []

    def read() -> None:
        seen = 0
        try:
            while not is_over.is_set():
                state = Backend(FileStorage(folder)).load()
                assert state is not None
                assert state.serial >= seen
                seen = state.serial
        except BaseException as error:  # noqa: BLE001 -- told by the test's own thread
            failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    backend = Backend(FileStorage(folder))
    with backend.lock("test"):
        state = backend.load()
        assert state is not None
        for number in range(100):
            entry = Bound(Binding(A, str(number), {"name": "x" * 2000}))
            backend.append([entry])
            state = replay(state, [entry])
            backend.save(state)
    is_over.set()
    reader.join()
    assert not failures


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file", ".hmsplan/staging/state.json"),
        ("", ".hmsplan/staging/state.json"),
        ("file:elsewhere", "elsewhere/staging/state.json"),
        ("./else where", "else where/staging/state.json"),
        ("file:///srv/state", "/srv/state/staging/state.json"),
        ("/srv/state", "/srv/state/staging/state.json"),
    ],
)
def test_a_folder_can_be_chosen_in_several_spellings(tmp_path: Path, url: str, path: str) -> None:
    assert open_backend(url, tmp_path, "staging").describe() == str(tmp_path / path)


@pytest.mark.parametrize("url", ["http://host/x", "redis:x", "file://host/x"])
def test_an_unknown_backend_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(StateError, match="not a state backend"):
        open_backend(url, tmp_path, "default")


@pytest.mark.parametrize("environment", ["", ".", "..", "a/b", "../x", "a\0", ".hidden"])
def test_an_environment_cannot_lead_out_of_the_folder(tmp_path: Path, environment: str) -> None:
    with pytest.raises(StateError, match="cannot name an environment"):
        open_backend("file", tmp_path, environment)
