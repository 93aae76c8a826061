"""Real processes: one holder of the lock, and nothing acknowledged is lost by SIGKILL."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Each script forks its workers itself: importing once keeps 60 kills quick, and a test process has threads.
RACE = """
import json, os, sys
from pathlib import Path
from hmsplan.errors import StateLocked
from hmsplan.state.file import FileBackend

folder = Path(sys.argv[1])
ready, go, answers, over = os.pipe(), os.pipe(), os.pipe(), os.pipe()
N = 12

def compete():
    os.close(over[1])
    os.write(ready[1], b".")
    os.read(go[0], 1)
    try:
        with FileBackend(folder).lock(f"worker {os.getpid()}"):
            os.write(answers[1], b"W")
            os.read(over[0], 1)  # comes to its end when the parent closes or dies
    except StateLocked as error:
        os.write(answers[1], b"L")

children = []
for _ in range(N):
    child = os.fork()
    if child == 0:
        compete()
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
print(json.dumps(sorted(result.decode())))
"""

KILLED_HOLDER = """
import json, os, signal, sys
from pathlib import Path
from hmsplan.errors import StateLocked
from hmsplan.state.file import FileBackend

folder, held = Path(sys.argv[1]), os.pipe()
child = os.fork()
if child == 0:
    with FileBackend(folder).lock("the one that dies"):
        os.write(held[1], b".")
        signal.pause()
os.read(held[0], 1)
backend, told = FileBackend(folder), ""
try:
    with backend.lock("second"):
        told = "held twice"
except StateLocked as error:
    told = error.detail
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
left = backend.unlock() if sys.argv[2] == "unlock" else None
with backend.lock("second"):
    print(json.dumps({"told": told, "child": child, "left": left.pid if left else None}))
"""

KILLS = """
import json, os, random, signal, sys, time
from pathlib import Path
from hmsplan.model import Address, Binding, State
from hmsplan.state.file import FileBackend
from hmsplan.state.journal import Bound

folder, chance = Path(sys.argv[1]), random.Random(int(sys.argv[2]))

def work(pipe):
    backend = FileBackend(folder)
    with backend.lock("worker"):
        state = backend.load()
        if state is None:
            state = State("lineage")
            backend.save(state)
        number = len(state.bindings)
        while True:
            address = Address("assistants", f"n{number}")
            backend.append([Bound(Binding(address, str(number), {"name": "x" * 300}))])
            os.write(pipe, b"%d\\n" % number)
            number += 1
            if number % 3 == 0:
                backend.save(backend.load())

found, acknowledged = 0, -1
for _ in range(60):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work(writing)
        finally:
            os._exit(1)
    os.close(writing)
    first = os.read(reading, 1)
    time.sleep(chance.random() * 0.02)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the worker failed by itself"
    lines = first
    while chunk := os.read(reading, 65536):
        lines += chunk
    os.close(reading)
    acknowledged = int(lines.splitlines()[-1])
    state = FileBackend(folder).load()
    found = len(state.bindings)
    assert [state.bindings[Address("assistants", f"n{n}")].id for n in range(found)] == [str(n) for n in range(found)]
    assert found - 1 in (acknowledged, acknowledged + 1), (found, acknowledged)
    assert state.serial == found
print(json.dumps(found))
"""


def run(script: str, folder: Path, *arguments: str) -> str:
    """Run *script* as a process of its own and give what it prints, as JSON of one line."""
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_of_many_processes_exactly_one_gets_the_lock(tmp_path: Path) -> None:
    assert json.loads(run(RACE, tmp_path / "production")) == ["L"] * 11 + ["W"]


@pytest.mark.parametrize("way", ["lock", "unlock"])
def test_the_lock_of_a_killed_process_is_free_at_once(tmp_path: Path, way: str) -> None:
    answer = json.loads(run(KILLED_HOLDER, tmp_path / "production", way))
    assert "the one that dies" in answer["told"]
    assert f"process {answer['child']}" in answer["told"]
    assert answer["left"] == (answer["child"] if way == "unlock" else None)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_process_killed_at_any_moment_loses_nothing_acknowledged(tmp_path: Path, seed: str) -> None:
    assert json.loads(run(KILLS, tmp_path / "production", seed)) >= 60
