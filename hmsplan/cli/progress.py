"""What is told while an apply runs: a bar or lines on stderr; with ``--json``, events on stdout."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from hmsplan.cli.terminal import HANG, OutputFailed, err, out, shown, wrapped
from hmsplan.model import Status, Verb
from hmsplan.output import events
from hmsplan.output.report import progress_line
from hmsplan.text.escape import plain as escaped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from hmsplan.apply.executor import Progress
    from hmsplan.model import Outcome, Step


_BAR: Final = 20
"""Columns of the bar itself: at 80 there are 40 left for an address."""


class Lines:
    """One line an event, as Terraform prints them."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}

    def started(self, step: Step) -> None:
        """Say that *step* begins; what only touches the state is not worth a line."""
        self._began[step.key] = time.monotonic()
        if step.verb not in {Verb.BIND, Verb.FORGET}:
            err(wrapped(progress_line(step), hang=HANG))

    def finished(self, outcome: Outcome) -> None:
        """Say how a step ended."""
        seconds = time.monotonic() - self._began.get(outcome.step.key, time.monotonic())
        if outcome.step.verb not in {Verb.BIND, Verb.FORGET} or outcome.status is not Status.DONE:
            err(wrapped(progress_line(outcome.step, outcome, seconds), hang=HANG))

    def note(self, text: str) -> None:
        """Say something about the run."""
        err(wrapped(escaped(text), hang=HANG))


class Events:
    """One JSON object an event on stdout, from the plan to the end of the run."""

    def __init__(self) -> None:
        self.lost = False  # an event was not taken, so none after it is told
        self._running: dict[str, tuple[Step, float]] = {}

    def tell(self, *found: events.Event) -> None:
        """Print events that happen now; the work goes on when their reader has ended."""
        for event in found:
            if self.lost:
                return
            try:
                out(events.line(event, datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")))
            except OutputFailed:
                self.lost = True

    def started(self, step: Step) -> None:
        """Say that *step* begins."""
        self._running[step.key] = (step, time.monotonic())
        self.tell(*filter(None, [events.started(step)]))

    def finished(self, outcome: Outcome) -> None:
        """Say how a step ended."""
        _, began = self._running.pop(outcome.step.key, (None, time.monotonic()))
        self.tell(*events.finished(outcome, time.monotonic() - began))

    def note(self, text: str) -> None:
        """Say something about the run."""
        self.tell(events.note(text))

    def still(self) -> None:
        """Say what is still on its way."""
        now = time.monotonic()
        found = [events.running(step, now - began) for step, began in self._running.values()]
        self.tell(*filter(None, found))

    @asynccontextmanager
    async def alive(self, every_s: float = 10.0) -> AsyncIterator[None]:
        """Say so again and again as long as the block lasts."""

        async def repeat() -> None:
            while True:
                await asyncio.sleep(every_s)
                self.still()

        task = asyncio.create_task(repeat())
        try:
            yield
        finally:
            task.cancel()


class OnBar(Lines):
    """A bar that counts steps, on one line; notes, failures and the log stay above it."""

    def __init__(self, bar: Bar, task: TaskID) -> None:
        super().__init__()
        self._bar, self._task = bar, task

    def started(self, step: Step) -> None:
        """Name what is being done."""
        self._began[step.key] = time.monotonic()
        self._bar.update(self._task, description=escaped(str(step.address)))

    def finished(self, outcome: Outcome) -> None:
        """Move the bar on."""
        self._bar.advance(self._task)
        if outcome.status is not Status.DONE:
            super().finished(outcome)


@contextmanager
def progress_for(total: int, *, plain: bool) -> Iterator[Progress]:
    """Choose who is told."""
    if plain:
        yield Lines()
        return
    from rich.console import Console  # noqa: PLC0415 -- only on a terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.table import Column  # noqa: PLC0415

    rest = Column(ratio=1, no_wrap=True, overflow="ellipsis")  # a long address must not push the others off the line
    address = TextColumn("{task.description}", markup=False, table_column=rest)
    columns = (BarColumn(_BAR), MofNCompleteColumn(), TimeElapsedColumn(), address)
    with Progress(*columns, console=Console(file=shown()), transient=True, expand=True) as bar:
        yield OnBar(bar, bar.add_task("", total=total))
