"""The moment in which a write leaves: its caller is asked, and nothing else leaves until its last byte is written.

A process may be stopped (SIGSTOP, a laptop that sleeps) between the answer of the caller and the write that the answer
allowed, and woken when it is wrong. So only one write at a time may be there. What takes long, a free connection above
all, comes before the question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Mapping


class Departure:
    """One try of one request.

    Args:
        before: what the caller of a write wants awaited; raises to send nothing. None = nothing.
        gate: the same for all writes of a client.
        clock: seconds that only grow.

    Attributes:
        allowed_at: clock reading when the caller agreed; None while it has not, and nothing was sent.
    """

    def __init__(
        self, before: Callable[[], Awaitable[None]] | None, gate: asyncio.Lock, clock: Callable[[], float]
    ) -> None:
        self._before, self._gate, self._clock = before, gate, clock
        self._is_in_gate = False
        self.allowed_at: float | None = None

    async def follow(self, event: str, info: Mapping[str, Any]) -> None:
        """Hear what httpcore does; it waits for this, and what is raised here ends the request.

        The events are those of the ``trace`` extension. A proxy is asked for its tunnel first, which is no write.
        """
        match event.partition(".")[2]:
            case "send_request_headers.started" if info["request"].method != b"CONNECT":
                await self._gate.acquire()
                self._is_in_gate = True
                await self.ask()
            case "send_request_headers.failed" | "send_request_body.complete" | "send_request_body.failed":
                self.end()

    async def ask(self) -> None:
        """Ask the caller."""
        if self._before is not None:
            await self._before()
        self.allowed_at = self._clock()

    def end(self) -> None:
        """Let the next write leave."""
        if self._is_in_gate:
            self._is_in_gate = False
            self._gate.release()
