"""Real processes and one database: one writes, and whoever lost the lock, or died, or slept, writes nothing more."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.postgres_server import PostgresServer

# Each script forks its workers itself: importing once keeps the kills quick, and a test process has threads.
BEGIN = """
import json, os, random, signal, sys, time
from hmsplan.errors import StateError, StateLocked
from hmsplan.model import Address, Binding, State
from hmsplan.state.journal import Bound, Spent
from hmsplan.state.postgres import PostgresBackend

def backend():
    return PostgresBackend(sys.argv[1], "production")

with backend().lock("begin"):
    first = backend()
with first.lock("begin"):
    first.load()
    first.save(State("lineage"))
"""

RACE = """
ready, go, answers, over = os.pipe(), os.pipe(), os.pipe(), os.pipe()
N = 10

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
while sys.argv[2] == "unlock":
    try:
        left = second.unlock()
        break
    except StateLocked:
        assert time.monotonic() - began < 30
with second.lock("second", timeout_s=30):
    waited_s = time.monotonic() - began
    spent = second.load().spent
print(json.dumps([told, child, left.pid if left else None, spent, waited_s]))
"""

SLEEPER = """
held, wake = os.pipe(), os.pipe()
told = os.pipe()
child = os.fork()
if child == 0:
    mine = backend()
    try:
        with mine.lock("the one that sleeps"):
            mine.load()
            mine.append([Spent("before")])
            os.write(held[1], b".")
            os.read(wake[0], 1)
            for write in (lambda: mine.append([Spent("late")]), lambda: mine.save(State("lineage", serial=99))):
                try:
                    write()
                    os.write(told[1], b"it wrote\\n")
                except StateError as error:
                    os.write(told[1], f"{error.summary}: {error.detail}\\n".encode())
    finally:
        os._exit(0)
os.read(held[0], 1)
os.kill(child, signal.SIGSTOP)
os.waitpid(child, os.WUNTRACED)
os.write(wake[1], b".")
owner = backend().unlock(force=True)
second = backend()
with second.lock("the next"):
    second.load()
    second.append([Spent("theirs")])
    os.kill(child, signal.SIGCONT)
    os.waitpid(child, 0)
    second.append([Spent("theirs, too")])
os.close(told[1])
answers = b""
while chunk := os.read(told[0], 65536):
    answers += chunk
print(json.dumps([owner.owner, answers.decode().splitlines(), backend().load().spent]))
"""

KILLS = """
chance = random.Random(int(sys.argv[2]))

def work(pipe):
    mine = backend()
    with mine.lock("worker", timeout_s=30):
        number = len(mine.load().bindings)
        while True:
            mine.append([Bound(Binding(Address("assistants", f"n{number}"), str(number), {"name": "x" * 300}))])
            os.write(pipe, b"%d\\n" % number)
            number += 1
            if number % 3 == 0:
                mine.save(mine.load())

for _ in range(30):
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


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.url(uuid.uuid4().hex)


def run(script: str, url: str, *arguments: str) -> str:
    """Run *script* as a process of its own, on a state that has begun, and give what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + script, url, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_of_many_processes_that_append_at_once_exactly_one_does(url: str) -> None:
    assert json.loads(run(RACE, url)) == [["L"] * 9 + ["W"], 1]


@pytest.mark.parametrize("way", ["lock", "unlock"])
def test_the_lock_of_a_killed_process_is_free_at_once_and_nothing_is_lost(url: str, way: str) -> None:
    told, child, left, spent, waited_s = json.loads(run(KILLED_HOLDER, url, way))
    assert "the one that dies" in told
    assert f"process {child}" in told
    assert left == (child if way == "unlock" else None)
    assert spent == ["acknowledged"]
    assert waited_s < 10  # not an expiry: a lease would have to last longer than a slow request


def test_a_process_that_slept_while_its_lock_was_forced_away_writes_nothing_more(url: str) -> None:
    owner, answers, spent = json.loads(run(SLEEPER, url))
    assert owner == "the one that sleeps"
    assert len(answers) == 2
    assert all(answer.startswith("Lock lost: the lock of this run was taken away by the next") for answer in answers)
    assert spent == ["before", "theirs", "theirs, too"]


def test_a_process_killed_at_any_moment_loses_nothing_acknowledged(url: str) -> None:
    assert json.loads(run(KILLS, url, "1")) >= 30
