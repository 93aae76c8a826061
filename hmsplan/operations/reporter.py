"""What an operation tells while it runs; nothing here prints."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from hmsplan.apply.executor import Progress
    from hmsplan.errors import HmsplanError
    from hmsplan.model import Diagnostic, Outcome, Plan, Step


class Reporter(Protocol):
    """Is told by an operation. Every method may do nothing; what it raises ends the operation."""

    def warning(self, warning: Diagnostic) -> None:
        """Say what a person should know and what stops nothing."""

    def waiting(self, seconds: float) -> None:
        """Say that the rate limit makes the run wait."""

    def looking(self, creates: int, left_s: float) -> None:
        """Say that creates of an earlier run are looked for, whose answer was lost."""

    def planned(self, plan: Plan) -> None:
        """Show what an apply is going to do, before it is refused, asked about or done."""

    def performing(self, plan: Plan) -> AbstractAsyncContextManager[Progress]:
        """Return who is told of each step while the plan is performed."""

    def failed(self, error: HmsplanError) -> None:
        """Say that the state could not be stored while another error was on its way."""


class Silent:
    """A ``Reporter`` and ``Progress`` that tells nothing; override what you need."""

    def warning(self, warning: Diagnostic) -> None:
        """See ``Reporter``."""

    def waiting(self, seconds: float) -> None:
        """See ``Reporter``."""

    def looking(self, creates: int, left_s: float) -> None:
        """See ``Reporter``."""

    def planned(self, plan: Plan) -> None:
        """See ``Reporter``."""

    @asynccontextmanager
    async def performing(self, plan: Plan) -> AsyncIterator[Progress]:  # noqa: ARG002 -- see Reporter
        """See ``Reporter``."""
        yield self

    def failed(self, error: HmsplanError) -> None:
        """See ``Reporter``."""

    def started(self, step: Step) -> None:
        """See ``Progress``."""

    def finished(self, outcome: Outcome) -> None:
        """See ``Progress``."""

    def note(self, text: str) -> None:
        """See ``Progress``."""


SILENT: Final = Silent()
