"""People who work beside a run of hmsplan: in the dashboard, on the phone, in the next room."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from support.world import World

LONGER_THAN_A_READING_COUNTS_S = 11.0
"""A reading may decide a write for ten seconds, so whoever acts and takes longer has to be seen."""


@dataclass(slots=True)
class Colleague:
    """Acts once: right after the answer to the *nth* request that begins like *after*.

    Attributes:
        after: regular expression for ``METHOD /path``.
        does: what is done.
        takes_s: seconds that pass meanwhile.
        has_acted: whether it came to that.
    """

    world: World
    after: str
    does: Callable[[], object]
    nth: int = 1
    takes_s: float = LONGER_THAN_A_READING_COUNTS_S
    has_acted: bool = False
    _seen: int = 0

    def sends(self, request: httpx.Request) -> None:
        pass

    def sent(self, request: httpx.Request, response: httpx.Response | None) -> None:
        call = f"{request.method} {request.url.path.removeprefix('/api/v1')}"
        self._seen += bool(re.match(self.after, call))

    def act(self) -> None:
        if not self.has_acted and self._seen >= self.nth:
            self.has_acted = True
            self.does()
            self.world.clock.now += self.takes_s
