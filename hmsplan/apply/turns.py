"""Who may write: many at once, or one alone.

A DELETE and what makes the platform call people follow their reading at once, so nothing else of ours is sent between
the two, and they do not queue behind other writes.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Turns:
    """A lock that many hold together or one alone; one who waits to be alone goes first.

    The one that is alone may take it once more.
    """

    def __init__(self) -> None:
        self._owner: asyncio.Task[object] | None = None
        self._together = 0
        self._alone = asyncio.Lock()
        self._nobody = asyncio.Event()
        self._nobody.set()

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Hold it beside others."""
        if self._is_mine():
            yield
            return
        async with self._alone:
            self._together += 1
            self._nobody.clear()
        try:
            yield
        finally:
            self._together -= 1
            if not self._together:
                self._nobody.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Hold it when everybody else has let go."""
        if self._is_mine():
            yield
            return
        async with self._alone:
            await self._nobody.wait()
            self._owner = asyncio.current_task()
            try:
                yield
            finally:
                self._owner = None

    def _is_mine(self) -> bool:
        return self._owner is not None and self._owner is asyncio.current_task()
