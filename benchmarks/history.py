"""``history`` over 10,000 applies against reading their bytes: checked from end to end, the last 30 of them shown.

The bound is that of the operation, in one process; a process that only begins takes longer than reading them.
"""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import PYTHON, line, run
from benchmarks.organization import assistant
from hmsplan.cli.history import MOST
from hmsplan.formats.history_file import ORIGIN, hash_of, line_of
from hmsplan.formats.state_file import dump
from hmsplan.model import Action, Address, Author, Deed, Head, HistoryEntry, LastEntry, Picture, State, Status, Verb
from hmsplan.operations.history import audit
from hmsplan.output.history import history_text
from hmsplan.state.backend import open_backend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HMSPLAN = Path(PYTHON).with_name("hmsplan")
APPLIES = 10_000
RUNS = 15
BOUND = 2.0
DESK = Address("assistants", "desk")
AUTHOR = Author("ann", "laptop", "https://ci.example.com/runs/1", "c" * 40, is_clean=True)


def entries(count: int) -> Iterator[HistoryEntry]:
    """Yield *count* applies that change an assistant of 5 kB, as ``operations.history`` makes them."""
    for number in range(1, count + 1):
        was, now = assistant(number - 1), assistant(number)
        head = Head(
            number,
            3 * number,
            1.6e9 + number,
            AUTHOR,
            "production",
            "6" * 36,
            "d" * 64,
            counts={"update": 1},
            touched={DESK: "update"},
            oldest=1,
        )
        deed = Deed("assistants.desk:update", Verb.UPDATE, DESK, Status.DONE, "1" * 36)
        yield HistoryEntry(head, (deed,), (Picture(DESK, Action.UPDATE, "1" * 36, was, now),))


def write(root: Path, count: int) -> Path:
    """Write a stack with a history of *count* applies; return the file of the history."""
    folder = root / ".hmsplan" / "default"
    folder.mkdir(parents=True)
    (root / "hmsplan.yaml").write_text("version: 1\nstack: bench\n", "utf-8")
    previous, lines = ORIGIN, []
    for entry in entries(count):
        lines.append(line_of(entry, previous))
        previous = hash_of(lines[-1])
    (folder / "history.jsonl").write_bytes(b"".join(lines))
    (folder / "state.json").write_bytes(dump(State("bench", 4 * count, last=LastEntry(count, previous))))
    return folder / "history.jsonl"


def by_turns(*calls: Callable[[], object]) -> list[float]:
    """Return the seconds of the fastest run of each, so that a busy machine is unfair to none."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(RUNS):
        for call, times in zip(calls, taken, strict=True):
            began = time.perf_counter()
            call()
            times.append(time.perf_counter() - began)
    return list(map(min, taken))


def listed(root: Path) -> str:
    """Do what ``hmsplan history`` does."""
    found = audit(open_backend("file", root, "default"), MOST)
    if found.problems or found.earlier + len(found.lines) != APPLIES:
        raise SystemExit(f"{found.problems}, {found.earlier}")
    return history_text(found, width=80, color=False)


def main() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        root, small = Path(folder, "many"), Path(folder, "few")
        file = write(root, APPLIES)
        write(small, MOST)
        reading, listing = by_turns(file.read_bytes, lambda: listed(root))
        print(f"      {file.stat().st_size / 1e6:.0f} MB are read in {reading * 1000:.0f} ms")
        good = line(f"history of {APPLIES:,} applies / reading its bytes, in one process", listing / reading, BOUND)
        many, few = by_turns(*(partial(run, [HMSPLAN, "-C", each, "history"]) for each in (root, small)))
        name = f"hmsplan history of {APPLIES:,} applies / of {MOST}, and reading those bytes"
        whole = line(name, many / (few + reading), 1.5)
        return good and whole
