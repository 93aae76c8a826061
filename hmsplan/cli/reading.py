"""What is shown on a terminal while the organization is read: one line that moves, and is gone in the end."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from hmsplan.cli.terminal import color_of_progress, shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from rich.progress import Progress

_AFTER_S: Final = 0.5
"""A reading that is shorter shows nothing, and does without rich."""
_EVERY_S: Final = 0.2
_BAR: Final = 20


def is_shown(color: bool | None) -> bool:
    """Say whether a bar may move on stderr: on a terminal, unless colours are off or a CI runs it."""
    return color_of_progress(color) and not os.environ.get("CI") and shown().isatty()


@asynccontextmanager
async def reading_bar(answers: Callable[[], int]) -> AsyncIterator[None]:
    """Show a bar and the number of *answers* so far, as long as the block lasts. How many there will be is unknown."""
    bars: list[Progress] = []

    async def show() -> None:
        await asyncio.sleep(_AFTER_S)
        bar = _bar()
        bars.append(bar)
        bar.start()
        task = bar.add_task("", total=None)
        while True:
            number = answers()
            bar.update(task, description=f"Reading the organization: {number} request{'' if number == 1 else 's'}")
            await asyncio.sleep(_EVERY_S)

    showing = asyncio.create_task(show())
    try:
        yield
    finally:
        showing.cancel()
        with suppress(asyncio.CancelledError):
            await showing
        for bar in bars:
            bar.stop()


def _bar() -> Progress:
    from rich.console import Console  # noqa: PLC0415 -- only on a terminal, and only when it takes long
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (BarColumn(_BAR), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    return Progress(*columns, console=Console(file=shown()), transient=True)
