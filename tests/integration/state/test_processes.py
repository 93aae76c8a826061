"""Real processes, in every kind of place: one holder of the lock, and nothing acknowledged is lost by SIGKILL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.processes import run
from support.stores import STORES, begin

if TYPE_CHECKING:
    from support.stores import Store

# The state is not looked at before the fork: the threads of an object store's library would not come along.
RACE = """
ready, go, answers, over = os.pipe(), os.pipe(), os.pipe(), os.pipe()
N = 12

def compete(number):
    os.close(over[1])
    mine = backend()
    os.write(ready[1], b".")
    os.read(go[0], 1)
    try:
        with mine.lock(f"worker {number}"):
            mine.load()
            mine.append([Spent(str(number))])
            os.write(answers[1], b"W")
            os.read(over[0], 1)  # comes to its end when the parent closes or dies
    except StateLocked:
        os.write(answers[1], b"L")
    except BaseException:
        os.write(answers[1], b"?")
        raise

children = []
for number in range(N):
    child = os.fork()
    if child == 0:
        try:
            compete(number)
        finally:
            os._exit(0)
    children.append(child)
for _ in range(N):
    os.read(ready[0], 1)
os.write(go[1], b"g" * N)
result = b""
while len(result) < N:
    result += os.read(answers[0], N)
os.close(over[1])
for child in children:
    os.waitpid(child, 0)
print(json.dumps([sorted(result.decode()), len(backend().load().spent)]))
"""

KILLED_HOLDER = """
way, patience_s = ARGUMENTS[0], float(ARGUMENTS[1])
held = os.pipe()
child = os.fork()
if child == 0:
    mine = backend()
    with mine.lock("the one that dies"):
        mine.load()
        mine.append([Spent("acknowledged")])
        os.write(held[1], b".")
        signal.pause()
os.read(held[0], 1)
second, told = backend(), ""
try:
    with second.lock("second"):
        told = "held twice"
except StateLocked as error:
    told = error.detail
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
began, left = time.monotonic(), None
while way == "unlock":
    try:
        left = second.unlock()
        break
    except StateLocked:
        assert time.monotonic() - began < patience_s
with locked_within(second, "second", patience_s):
    waited_s = time.monotonic() - began
    spent = second.load().spent
print(json.dumps([told, child, left.pid if left else None, spent, waited_s]))
"""

STOPPED_HOLDER = """
told, go = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    mine = backend()
    answers = []
    with mine.lock("the one that is stopped"):
        mine.confirm_lock()
        os.write(told[1], b".")
        os.read(go[0], 1)
        for _ in range(2):
            try:
                mine.confirm_lock()
                answers.append("held")
            except StateError as error:
                answers.append(str(error))
    os.write(told[1], json.dumps(answers).encode())
    os._exit(0)
os.read(told[0], 1)
os.kill(child, signal.SIGSTOP)
os.waitpid(child, os.WUNTRACED)
os.write(go[1], b".")
owner = backend().unlock(force=True)
with backend().lock("heir"):
    os.kill(child, signal.SIGCONT)
    answers = json.loads(os.read(told[0], 65536))
os.waitpid(child, 0)
print(json.dumps([owner.pid == child, answers]))
"""

KILLS = """
chance, rounds, patience_s = random.Random(int(ARGUMENTS[0])), int(ARGUMENTS[1]), float(ARGUMENTS[2])

def work(pipe):
    mine = backend()
    with locked_within(mine, "worker", patience_s):
        number = len(mine.load().bindings)
        while True:
            mine.append([Bound(Binding(Address("assistants", f"n{number}"), str(number), {"name": "x" * 300}))])
            os.write(pipe, b"%d\\n" % number)
            number += 1
            if number % 3 == 0:
                mine.save(mine.load())

for _ in range(rounds):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work(writing)
        finally:
            os._exit(1)
    os.close(writing)
    lines = os.read(reading, 1)
    time.sleep(chance.random() * 0.02)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the worker failed by itself"
    while chunk := os.read(reading, 65536):
        lines += chunk
    os.close(reading)
    acknowledged = int(lines.splitlines()[-1])
    state = backend().load()
    found = len(state.bindings)
    assert [state.bindings[Address("assistants", f"n{n}")].id for n in range(found)] == [str(n) for n in range(found)]
    assert found - 1 in (acknowledged, acknowledged + 1), (found, acknowledged)
    assert state.serial == found
print(json.dumps(found))
"""

AT_ONCE, SOON = "0", "30"
"""Seconds: the system frees a file when its process dies, a server once it sees that the connection is gone."""


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Store:
    """Return a store with a state in it; the test says which."""
    made: Store = request.getfixturevalue(request.param)
    begin(made)
    return made


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_of_many_processes_that_append_at_once_exactly_one_does(store: Store) -> None:
    assert run(RACE, store) == [["L"] * 11 + ["W"], 1]


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_a_process_that_was_stopped_and_unlocked_hears_so_when_it_is_woken(store: Store) -> None:
    is_owner, answers = run(STOPPED_HOLDER, store)
    assert is_owner
    assert len(answers) == 2
    assert all(answer.startswith("Lock lost: the lock of this run was taken away by heir") for answer in answers)


@pytest.mark.parametrize("way", ["lock", "unlock"])
@pytest.mark.parametrize(
    ("store", "patience_s"), [("file_store", AT_ONCE), ("postgres_store", SOON)], indirect=["store"]
)
def test_the_lock_of_a_killed_process_is_free_and_nothing_is_lost(store: Store, patience_s: str, way: str) -> None:
    told, child, left, spent, waited_s = run(KILLED_HOLDER, store, way, patience_s)
    assert "the one that dies" in told
    assert f"process {child}" in told
    assert left == (child if way == "unlock" else None)
    assert spent == ["acknowledged"]
    assert waited_s < 10  # not an expiry: a lease would have to last longer than a slow request


@pytest.mark.parametrize(
    ("store", "seed", "rounds", "patience_s"),
    [("file_store", "1", 60, AT_ONCE), ("file_store", "2", 60, AT_ONCE), ("postgres_store", "1", 30, SOON)],
    indirect=["store"],
)
def test_a_process_killed_at_any_moment_loses_nothing_acknowledged(
    store: Store, seed: str, rounds: int, patience_s: str
) -> None:
    assert run(KILLS, store, seed, str(rounds), patience_s) >= rounds
