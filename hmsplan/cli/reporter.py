"""Who is told of an apply, and how: people, the log and summary of a workflow, or a machine that reads events."""

from __future__ import annotations

import gc
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

from hmsplan import __version__
from hmsplan.cli import terminal
from hmsplan.cli.failure import tell
from hmsplan.cli.progress import Events, progress_for
from hmsplan.cli.session import Stderr
from hmsplan.cli.surfaces import locator, print_found, print_plan, write_summary
from hmsplan.cli.terminal import color, color_of_progress, err, report, width, wrapped
from hmsplan.errors import HmsplanError, UnsafePlan
from hmsplan.output import events
from hmsplan.output.diagnostics import diagnostics_of
from hmsplan.output.report import render_report
from hmsplan.planner.windows import told_by
from hmsplan.text.timestamps import duration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from hmsplan.apply.executor import Progress
    from hmsplan.cli.options import Globals
    from hmsplan.model import Plan, Report, Stack

APPLY_FORMATS: Final = ("text", "github")


class ApplyReporter(Stderr):
    """Tells of one apply: people on stdout and stderr, or machines by events.

    Attributes:
        form: one of ``APPLY_FORMATS``.
        events: None = people are told.
        stack: what is applied; None until it is read.
        zone: by whose clocks moments are told.
    """

    def __init__(self, options: Globals, form: str) -> None:
        super().__init__(options.color)
        self._options, self._form = options, form
        self.events = Events() if options.json else None
        self.stack: Stack | None = None
        self.zone = "UTC"

    def looking(self, creates: int, left_s: float) -> None:
        """Say that creates of an earlier run are looked for."""
        err(f"Looking for {creates} create(s) of an earlier run whose answer was lost; {left_s:.0f} s left ...")

    def resting(self, seconds: float, until: float) -> None:
        """Say what is waited for."""
        text = f"Waiting until {told_by(self.zone, until)}, for {duration(seconds)}. Nothing is locked; Ctrl-C ends it."
        if self.events is not None:
            self.events.note(text)
        else:
            err(wrapped(text))

    def planned(self, plan: Plan) -> None:
        """Tell what is going to happen."""
        if self.events is not None:
            self.events.tell(*events.planned(plan, self._options.commands))
        else:
            print_plan(self._options, plan, self._form, stack=self.stack, write=report)

    @asynccontextmanager
    async def performing(self, plan: Plan) -> AsyncIterator[Progress]:
        """Show a bar or lines on stderr, or tell events."""
        gc.freeze()
        gc.enable()  # from here on the run may be long
        if self.events is not None:
            async with self.events.alive():
                yield self.events
        else:
            with progress_for(len(plan.steps), plain=not color_of_progress(self._options.color)) as shown:
                yield shown

    def failed(self, error: HmsplanError) -> None:
        """Say that the state could not be stored; the error on its way is told after it."""
        tell(error, self._options)

    def ended(self, ending: Report, plan: Plan) -> None:
        """Tell what was done; nothing, where there was nothing to do."""
        if self.events is not None:
            self.events.tell(events.ended(ending, plan))
            if self.events.lost or terminal.is_closed("stdout"):
                err(self._table(ending, plan, colored=False))
            return
        if not plan.pending and not ending.outcomes:
            return
        commands = self._options.commands
        if self._form == "github":
            from hmsplan.output.ending import report_markdown  # noqa: PLC0415 -- only in a workflow
            from hmsplan.output.findings import of_report  # noqa: PLC0415

            print_found(self._options, of_report(ending, locator(self.stack), commands), "github", write=report)
        report(self._table(ending, plan, colored=color(self._options.color)))
        if self._form == "github":
            write_summary(report_markdown(ending, plan, commands=commands))

    def _table(self, ending: Report, plan: Plan, *, colored: bool) -> str:
        commands = self._options.commands
        return render_report(ending, plan=plan, width=width(), color=colored, commands=commands).rstrip("\n")

    def ended_by(self, error: HmsplanError) -> None:
        """Tell machines of an error that ends the run; people are told where every error is."""
        if self.events is not None:
            self.events.tell(*events.of_error(error, self._options.commands))
        elif self._form == "github":
            from hmsplan.output.ending import error_markdown  # noqa: PLC0415 -- only in a workflow
            from hmsplan.output.findings import of_diagnostics  # noqa: PLC0415

            found = list(map(self._options.commands.completed, diagnostics_of(error)))
            if not isinstance(error, UnsafePlan):  # the plan has marked what it refuses
                print_found(self._options, of_diagnostics(found), "github", write=report)
            write_summary(error_markdown(found))


@contextmanager
def reporter(options: Globals, form: str) -> Iterator[ApplyReporter]:
    """Give who tells of the run; an error that ends it is told as well."""
    told = ApplyReporter(options, form)
    try:
        if told.events is not None:
            told.events.tell(events.version_event(__version__))
        yield told
    except HmsplanError as error:
        told.ended_by(error)
        raise
