"""A workspace opens clients that tell its reporter what goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
from support.readings import declared, resource

from hmsplan.operations.plan import plan
from hmsplan.operations.reporter import Reporter
from hmsplan.operations.workspace import Workspace, connect_with
from hmsplan.state.backend import open_backend

if TYPE_CHECKING:
    from pathlib import Path


class Waits(Reporter):
    """Writes down for how long the rate limit makes a run wait."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def waiting(self, seconds: float) -> None:
        self.seconds.append(seconds)


def test_a_reporter_is_told_of_waits_for_the_rate_limit(tmp_path: Path) -> None:
    """Also where a program made the connection itself."""
    answers = iter([httpx.Response(429, headers={"Retry-After": "7"}, json={"error": "slow down"})])

    def answer(_: httpx.Request) -> httpx.Response:
        there = {"organization": {"id": "o1"}, "assistants": [], "numbers": [], "campaigns": []}
        return next(answers, httpx.Response(200, json=there))

    async def sleep(_: float) -> None:
        clock[0] += 10.0

    clock, waits = [0.0], Waits()
    connect = connect_with(
        "fl_test", "http://127.0.0.1/api/v1", transport=httpx.MockTransport(answer), clock=lambda: clock[0], sleep=sleep
    )
    stack = declared(resource("assistants.support", name="Support"))
    workspace = Workspace(stack, open_backend("file", tmp_path, "default"), connect, waits)
    asyncio.run(plan(workspace))
    assert [round(seconds) for seconds in waits.seconds] == [7]
