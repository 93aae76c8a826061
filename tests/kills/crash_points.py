"""The command line, which kills itself with SIGKILL when it reaches a fault point for the N-th time.

``HMSPLAN_TEST_CRASH=after-intent:2 python -m kills.crash_points apply -y`` is ``hmsplan apply -y`` in everything but
its end. The seams are wrapped from here, so that the product holds no line that could kill it.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any, Final

import hmsplan.cli.apply  # what a command imports when it is called, imported once for all that are forked
import hmsplan.cli.plan
import hmsplan.cli.root
import hmsplan.export
from hmsplan.api.client import WriteClient
from hmsplan.state.file import durable
from hmsplan.state.journal import Bound, Counted, DeposedGone, Intended, Sending, Unbound
from hmsplan.state.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from hmsplan.model import Address
    from hmsplan.state.journal import Entry

VARIABLE: Final = "HMSPLAN_TEST_CRASH"

POINTS: Final = (
    "before-intent",  # nothing is written down yet, and nothing sent
    "mid-intent",  # half of the journal's line is on the disk
    "after-intent",  # written down, not sent
    "after-create",  # answered, and nobody here has looked at the answer
    "before-done",  # answered; the id is not written down
    "after-done",
    "after-create-before-patch",  # made by this process, and still without its second half
    "replace-between-create-and-repoint",  # two trunks, and the number still at the old one
    "between-patch-and-save",
    "replace-before-delete",  # the number has moved on, the old trunk is still there
    "after-delete-before-save",
    "mid-history",  # half of the apply's line is on the disk
    "after-history",  # the whole line, of which the state does not know
    "mid-save",  # half of the new state.json is on the disk, under its temporary name
    "mid-compaction",  # state.json is new, the journal not yet emptied
    "after-compaction",
    "after-lock",  # nothing is read yet
)
UNSEEN: Final = (
    "after-sending",  # what no answer will show is written down, not sent
    "before-confirmed",  # sent and answered; that is not written down
)

REPLACED: Final = {"state.json": "mid-compaction", "journal.jsonl": "after-compaction"}
"""The point after a file has been replaced; the other one says who holds the lock."""


class Crash:
    """Waits for the process at the N-th passage of one point."""

    def __init__(self, point: str, number: int) -> None:
        if point not in POINTS + UNSEEN:
            raise ValueError(f"{point!r} is none of {', '.join(POINTS + UNSEEN)}")
        self.point, self.left = point, number
        self.made: set[str] = set()  # ids of the objects that this process created
        self.sending: set[Address] = set()  # of which it sends what no answer shows

    def reached(self, *points: str) -> None:
        """Die here, if it is time."""
        if self.point in points:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def halfway(self, point: str, path: Path, at: int, data: bytes) -> None:
        """Die after half of *data*, if it is time."""
        if self.point == point and self.left == 1:
            with path.open("r+b" if path.exists() else "wb") as file:
                file.truncate(at)
                file.seek(at)
                file.write(data[: len(data) // 2])
        self.reached(point)

    def arm(self) -> None:
        """Wrap the seams: what is written to the journal, what is sent, and which files are replaced."""
        self._arm_ledger()
        self._arm_files()
        for method in ("post", "patch", "delete"):
            setattr(WriteClient, method, self._sent(method, getattr(WriteClient, method)))

    def _arm_ledger(self) -> None:
        inner = Ledger._append

        def append(ledger: Ledger, batch: Sequence[Entry]) -> None:
            self.reached(*_before(batch))
            if not self.sending.isdisjoint(entry.binding.address for entry in batch if isinstance(entry, Bound)):
                self.reached("before-confirmed")
            inner(ledger, batch)
            self.sending |= {entry.address for entry in batch if isinstance(entry, Sending)}
            self.reached(*_after(batch))

        Ledger._append = append  # type: ignore[method-assign, assignment]

    def _arm_files(self) -> None:
        replace_file, append = durable.replace_file, durable.append

        def replacing(path: Path, data: bytes) -> durable.Mark:
            if path.name == "state.json":
                self.halfway("mid-save", path.with_name("state.json.tmp"), 0, data)
            mark = replace_file(path, data)
            self.reached(REPLACED.get(path.name, "after-lock"))
            return mark

        def appending(path: Path, at: int, data: bytes) -> durable.Mark:
            if b'"intended"' in data:
                self.halfway("mid-intent", path, at, data)
            is_history = path.name == "history.jsonl"
            if is_history:
                self.halfway("mid-history", path, at, data)
            mark = append(path, at, data)
            if is_history:
                self.reached("after-history")
            return mark

        durable.replace_file, durable.append = replacing, appending

    def _sent(self, method: str, inner: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def send(
            client: WriteClient, where: Sequence[str], body: Mapping[str, Any] | None = None, **more: Any
        ) -> Any:
            if method == "patch" and body is not None:
                if where[-1] in self.made:
                    self.reached("after-create-before-patch")
                if not self.made.isdisjoint(value for value in body.values() if isinstance(value, str)):
                    self.reached("replace-between-create-and-repoint")
            if method == "delete" and where[0] == "sip-trunks":
                self.reached("replace-before-delete")
            answer = await (inner(client, where, **more) if body is None else inner(client, where, body, **more))
            if method == "post":
                self.made |= {made["id"] for made in answer.values() if isinstance(made, dict) and "id" in made}
                self.reached("after-create")
            return answer

        return send


def _before(batch: Sequence[Entry]) -> set[str]:
    """Name the points right before *batch* is written, each once."""
    points = set()
    for entry in batch:
        match entry:
            case Intended():
                points.add("before-intent")
            case Sending():
                points.add("before-sending")
            case Bound(settles=str()) | Counted(settles=str()):
                points.add("before-done")
            case Bound():
                points.add("between-patch-and-save")
            case Unbound() | DeposedGone() | Counted():
                points.add("after-delete-before-save")
    return points


def _after(batch: Sequence[Entry]) -> set[str]:
    before = _before(batch)
    return {
        after for after in ("after-intent", "after-done", "after-sending") if after.replace("after", "before") in before
    }


def run_command(arguments: Sequence[str], crash: str) -> None:
    """Run one command; it ends the process, at the latest when it is done."""
    if crash:
        point, _, number = crash.partition(":")
        Crash(point, int(number)).arm()
    hmsplan.cli.root.main(arguments)


if __name__ == "__main__":
    run_command(sys.argv[1:], os.environ.get(VARIABLE, ""))
