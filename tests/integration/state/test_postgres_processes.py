"""Processes and one database: whoever slept while its lock was taken away writes nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.processes import run
from support.stores import begin

if TYPE_CHECKING:
    from support.stores import Store

SLEEPER = """
held, wake = os.pipe(), os.pipe()
told = os.pipe()
child = os.fork()
if child == 0:
    mine = backend()
    try:
        with mine.lock("the one that sleeps"):
            state = mine.load()
            mine.append([Spent("before")])
            os.write(held[1], b".")
            os.read(wake[0], 1)
            for write in (lambda: mine.append([Spent("late")]), lambda: mine.save(State(state.lineage, serial=99))):
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


def test_a_process_that_slept_while_its_lock_was_forced_away_writes_nothing_more(postgres_store: Store) -> None:
    begin(postgres_store)
    owner, answers, spent = run(SLEEPER, postgres_store)
    assert owner == "the one that sleeps"
    assert len(answers) == 2
    assert all(answer.startswith("Lock lost: the lock of this run was taken away by the next") for answer in answers)
    assert spent == ["before", "theirs", "theirs, too"]
