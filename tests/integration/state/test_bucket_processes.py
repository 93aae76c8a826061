"""Real processes and a real server: one holder of the lease, and a holder that comes back too late writes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from support.patience import locked_within
from support.processes import SOURCE

from hmsplan.errors import StateError, StateLocked
from hmsplan.model import Address, Binding
from hmsplan.state.backend import Backend, new_state
from hmsplan.state.bucket.objects import Found, Objects
from hmsplan.state.bucket.storage import BucketStorage
from hmsplan.state.journal import Spent, replay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.s3_server import S3Server

    from hmsplan.model import State

# Does what it is told, line by line, and answers each line.
WORKER = """
import json, sys
from hmsplan.errors import StateError
from hmsplan.state.backend import Backend
from hmsplan.state.bucket.storage import BucketStorage
from hmsplan.state.journal import Spent

backend = Backend(BucketStorage(sys.argv[1], "production", lease_s=float(sys.argv[2])))
with backend.lock("worker"):
    state = backend.load()
    print("held", flush=True)
    for line in sys.stdin:
        word, _, name = line.strip().partition(" ")
        try:
            if word == "append":
                backend.append([Spent(name)])
            elif word == "save":
                backend.save(backend.load())
            print("done", flush=True)
        except StateError as error:
            print(str(error), flush=True)
"""

# Appends and compacts until it is killed; prints the number of each entry once it is acknowledged.
WRITER = """
import sys
from hmsplan.model import Address, Binding, State
from hmsplan.state.backend import Backend
from hmsplan.state.bucket.storage import BucketStorage
from hmsplan.state.journal import Bound

backend = Backend(BucketStorage(sys.argv[1], "production", lease_s=0.4))
with locked_within(backend, "writer", 30):
    state = backend.load()
    if state is None:
        state = State("lineage")
        backend.save(state)
    number = len(state.bindings)
    while True:
        backend.append([Bound(Binding(Address("assistants", f"n{number}"), str(number)))])
        print(number, flush=True)
        number += 1
        if number % 3 == 0:
            backend.save(backend.load())
"""

LEASE_S = 1.0


class Worker:
    """A process that holds the lock."""

    def __init__(self, url: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, url, str(LEASE_S)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.answer() == "held"

    def tell(self, line: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def url(s3: S3Server) -> str:
    return s3.url(uuid.uuid4().hex)


@pytest.fixture
def state(url: str) -> State:
    """A state that is there already, with one entry."""
    backend = open_(url)
    with backend.lock("beginning"):
        backend.load()
        backend.save(begun := new_state())
        backend.append([Spent("1")])
    return replay(begun, [Spent("1")])


@pytest.fixture
def worker(url: str, state: State) -> Iterator[Worker]:  # noqa: ARG001 -- there before the worker
    made = Worker(url)
    yield made
    made.end()


def open_(url: str, **more: Any) -> Backend:
    return Backend(BucketStorage(url, "production", lease_s=LEASE_S, **more))


def test_the_lock_of_a_killed_process_is_free_when_its_lease_ends(url: str, state: State, worker: Worker) -> None:
    """And not before; what it had appended is there."""
    assert worker.tell("append 2") == "done"
    worker.process.kill()
    heir = open_(url)
    with pytest.raises(StateLocked, match=f"worker .process {worker.process.pid} "), heir.lock("too early"):
        pass
    with pytest.raises(StateLocked):
        open_(url).unlock()
    began = time.monotonic()
    with locked_within(heir, "heir", 30):
        assert time.monotonic() - began < LEASE_S + 5
        assert heir.load() == replay(state, [Spent("2")])
        heir.append([Spent("3")])
    assert open_(url).load() == replay(state, [Spent("2"), Spent("3")])


def stored(url: str) -> dict[str, Found | None]:
    """Return every object but the lock."""
    objects = Objects(f"{url}/production")
    return {name: objects.get(name) for name in objects.names("") if name != "lock.json"}


@pytest.mark.parametrize("word", ["append", "save"])
def test_a_stopped_process_that_goes_on_after_a_takeover_writes_nothing(
    url: str, state: State, worker: Worker, word: str
) -> None:
    os.kill(worker.process.pid, signal.SIGSTOP)
    heir = open_(url)
    with locked_within(heir, "heir", 30):
        heir.load()
        heir.append([Spent("heir")])
        before = stored(url)
        os.kill(worker.process.pid, signal.SIGCONT)
        assert "taken away by heir" in worker.tell(f"{word} sleeper")
        assert "taken away by heir" in worker.tell("append sleeper")
        assert stored(url) == before
        heir.append([Spent("heir again")])
    assert open_(url).load() == replay(state, [Spent("heir"), Spent("heir again")])


def test_unlock_by_force_ends_a_living_process(url: str, state: State, worker: Worker) -> None:
    """It is refused at its next write, even when nobody has taken the lock since."""
    with pytest.raises(StateLocked):
        open_(url).unlock()
    owner = open_(url).unlock(force=True)
    assert owner is not None
    assert owner.pid == worker.process.pid
    assert "taken away" in worker.tell("append sleeper")
    assert open_(url).load() == state
    with open_(url).lock("heir"), pytest.raises(StateError):
        open_(url).append([])


def test_a_process_killed_at_any_moment_loses_nothing_acknowledged(url: str) -> None:
    """Each kill leaves the lock behind as well; the next process waits for its lease."""
    acknowledged = -1
    for pause_s in (0.0, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.11):
        writer = subprocess.Popen([sys.executable, "-c", SOURCE + WRITER, url], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(pause_s)
        writer.kill()
        acknowledged = int((first + writer.communicate()[0]).splitlines()[-1])
        state = Backend(BucketStorage(url, "production")).load()
        assert state is not None
        found = len(state.bindings)
        bound = [state.bindings[Address("assistants", f"n{number}")] for number in range(found)]
        assert bound == [Binding(Address("assistants", f"n{number}"), str(number)) for number in range(found)]
        assert found - 1 in {acknowledged, acknowledged + 1}
        assert state.serial == found
    assert acknowledged >= 8
