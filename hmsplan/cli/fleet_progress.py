"""What is told while a fleet is applied: a table on a terminal, lines elsewhere; with ``--json``, events on stdout."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from hmsplan.cli.reading import is_shown
from hmsplan.cli.terminal import HANG, OutputFailed, err, out, shown, wrapped
from hmsplan.fleet.report import MOST_NAMES
from hmsplan.fleet.rollout import Told
from hmsplan.fleet.task import Ended
from hmsplan.output import events
from hmsplan.output.words import some
from hmsplan.text.escape import plain
from hmsplan.text.timestamps import duration
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.live import Live
    from rich.table import Table

    from hmsplan.cli.options import Globals
    from hmsplan.fleet.rollout import Rollout
    from hmsplan.fleet.task import Result

_MOST_ROWS: Final = 12


class FleetLines(Told):
    """One line an event on stderr."""

    def __init__(self) -> None:
        self._waits = 0

    def wave(self, number: int, of: int, names: Sequence[str]) -> None:
        """Say which members are next."""
        self._waits = 0
        err(wrapped(f"Wave {number} of {of}: {some(names, MOST_NAMES)}", hang=HANG))

    def waiting(self, seconds_left: float, number: int) -> None:
        """Say once how long it takes."""
        self._waits += 1
        if self._waits == 1:
            err(f"Wave {number} is due in {duration(seconds_left)} ...")

    def ended(self, result: Result) -> None:
        """Say how a member ended."""
        err(wrapped(_ended(result), "  ", HANG))


def _ended(result: Result) -> str:
    if isinstance(result.value, Ended):
        return f"{result.name}: {plain(result.value.summary)}"
    return f"{result.name}: {plain(result.problems[-1].summary if result.problems else 'failed')}"


class FleetEvents(Told):
    """One JSON object an event on stdout."""

    def __init__(self) -> None:
        self._is_lost = False

    def _tell(self, kind: str, message: str, **more: Any) -> None:
        event = {"@level": "info", "@message": message, "@module": "hmsplan.fleet", "type": kind, **more}
        if not self._is_lost:
            try:
                out(events.line(event, datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")))
            except OutputFailed:
                self._is_lost = True

    def planned(self, plan: dict[str, Any]) -> None:
        """Tell what every member would do."""
        self._tell("fleet_plan", plan["summary"], plan=plan)

    def wave(self, number: int, of: int, names: Sequence[str]) -> None:
        """Tell that a wave begins."""
        self._tell("wave_start", f"Wave {number} of {of}", wave=number, waves=of, members=list(names))

    def started(self, names: Sequence[str]) -> None:
        """Tell that members begin."""
        for name in names:
            self._tell("member_start", f"{name}: applying", member=name)

    def ended(self, result: Result) -> None:
        """Tell how a member ended."""
        self._tell("member_end", _ended(result), member=result.name, exit_code=result.code)

    def over(self, ending: dict[str, Any]) -> None:
        """Tell what was done, and who is behind."""
        self._tell("fleet_summary", ending["summary"], summary=ending)


class FleetTable(Told):
    """A table that moves: how many of each wave are done, and which members are being applied."""

    def __init__(self, live: Live, rollout: Rollout) -> None:
        self._live, self._rollout = live, rollout
        self._running: dict[str, None] = {}
        self._note = ""
        self._live.update(self._table())

    def wave(self, number: int, of: int, names: Sequence[str]) -> None:
        """Show which wave it is."""
        self._note = f"wave {number} of {of}: {count(len(names), 'member')}"
        self._live.update(self._table())

    def waiting(self, seconds_left: float, number: int) -> None:
        """Show how long it takes."""
        self._note = f"wave {number} is due in {duration(seconds_left)}"
        self._live.update(self._table())

    def started(self, names: Sequence[str]) -> None:
        """Show that members are being applied."""
        self._running |= dict.fromkeys(names)
        self._live.update(self._table())

    def ended(self, result: Result) -> None:
        """Count a member; one that failed stays above the table."""
        self._running.pop(result.name, None)
        if result.code:
            err(wrapped(_ended(result), hang=HANG))
        self._live.update(self._table())

    def _table(self) -> Table:
        from rich.table import Table  # noqa: PLC0415 -- only on a terminal

        progress = self._rollout.progress
        table = Table(box=None, pad_edge=False)
        for name in ("wave", "members", "done", "failed", "left"):
            table.add_column(name, justify="left" if name == "wave" else "right")
        for number, wave in enumerate(progress.waves, 1):
            found = Counter(self._rollout.fate(name) for name in wave if name in progress.reviewed)
            total = sum(found.values())
            failed = found["failed"] + found["refused"]  # type: ignore[index]  # StrEnum
            done = found["applied"]  # type: ignore[index]
            table.add_row(str(number), str(total), str(done), str(failed), str(total - done - failed))
        for name in list(self._running)[:_MOST_ROWS]:
            table.add_row(plain(name), "applying")
        table.caption = self._note
        return table


@contextmanager
def progress_of(options: Globals, rollout: Rollout) -> Iterator[Told]:
    """Choose who is told."""
    if options.json:
        yield FleetEvents()
    elif not is_shown(options.color):
        yield FleetLines()
    else:
        from rich.console import Console  # noqa: PLC0415 -- only on a terminal
        from rich.live import Live  # noqa: PLC0415

        with Live(console=Console(file=shown()), transient=True, auto_refresh=True) as live:
            yield FleetTable(live, rollout)
