"""What an operation tells while it runs; nothing here prints."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from hmsplan.apply.executor import Progress
    from hmsplan.errors import HmsplanError
    from hmsplan.model import Diagnostic, Outcome, Plan, Step


class Reporter:
    """Is told by an operation, and of each step of an apply; override what you need.

    What a method raises ends the operation.
    """

    def warning(self, warning: Diagnostic) -> None:
        """Say what a person should know and what stops nothing."""

    def waiting(self, seconds: float) -> None:
        """Say that the rate limit makes the run wait."""

    def reading(self, answers: Callable[[], int]) -> AbstractAsyncContextManager[None]:  # noqa: ARG002 -- for a bar
        """Be told that the organization is read as long as the block lasts; *answers* counts the requests so far."""
        return nullcontext()

    def looking(self, creates: int, left_s: float) -> None:
        """Say that creates of an earlier run are looked for, whose answer was lost."""

    def resting(self, seconds: float, until: float) -> None:
        """Say that nothing happens for so many *seconds*, *until* a moment in Unix seconds, and nothing is locked."""

    def planned(self, plan: Plan) -> None:
        """Show what an apply is going to do, before it is refused, asked about or done."""

    @asynccontextmanager
    async def performing(self, plan: Plan) -> AsyncIterator[Progress]:  # noqa: ARG002 -- for those who count
        """Return who is told of each step while the plan is performed."""
        yield self

    def failed(self, error: HmsplanError) -> None:
        """Say that the state could not be stored while another error was on its way."""

    def started(self, step: Step) -> None:
        """Say that *step* begins."""

    def finished(self, outcome: Outcome) -> None:
        """Say how a step ended."""

    def note(self, text: str) -> None:
        """Say something about the run that no step says."""


SILENT: Final = Reporter()
