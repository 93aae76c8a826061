"""``apply`` against servers that answer after 50 ms, at once, and only a hundred times a window."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from benchmarks.measure import line
from hmsplan.api.client import WriteClient
from hmsplan.apply.executor import apply
from hmsplan.model import UNKNOWN, Address, Resource, Snapshot, SourceLine, Stack
from hmsplan.operations.history import Performed, Reviewed, remember
from hmsplan.operations.workspace import Workspace, connect_with
from hmsplan.planner.planner import DEFAULTS, make_plan
from hmsplan.state.backend import new_state, open_backend
from hmsplan.state.journal import Began
from hmsplan.state.ledger import Ledger

if TYPE_CHECKING:
    from hmsplan.model import Outcome, Report, Step

LATENCY_S = 0.05
CONNECTIONS = 10
JOURNAL_BOUND = 3.0
"""The calls cost 0.15 ms each here, as nothing is on the wire. Every write asks for the lock and looks for a namesake
in a reading, and two entries of the journal are on the disk before the next: together some 0.3 ms of the 600 that the
rate limit gives to a write."""

HISTORY_BOUND = 0.1


class Nobody:
    """Is told, and says nothing."""

    def started(self, step: Step) -> None: ...

    def finished(self, outcome: Outcome) -> None: ...

    def note(self, text: str) -> None: ...


class Server(httpx.AsyncBaseTransport):
    """Keeps assistants in memory and answers after *latency_s*."""

    def __init__(self, latency_s: float = 0.0) -> None:
        self.latency_s, self.stored, self.busy_s = latency_s, dict[str, dict[str, Any]](), 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        if request.method == "GET":
            return httpx.Response(200, content=orjson.dumps({"assistants": list(self.stored.values())}))
        number = str(len(self.stored))
        self.stored[number] = {"id": number, **orjson.loads(await request.aread())}
        return httpx.Response(201, content=orjson.dumps({"assistant": self.stored[number]}))


def stack_of(count: int) -> Stack:
    """Declare *count* small assistants."""
    place = SourceLine("assistants.yaml", 1)
    addresses = [Address("assistants", f"a{number}") for number in range(count)]
    resources = {a: Resource(a, {"name": f"Assistant {a.key}", "first_message": "Hallo."}, place) for a in addresses}
    return Stack("bench", "default", resources)


@dataclass(frozen=True, slots=True)
class Taken:
    """What an apply took, and of that, what it took to remember it."""

    seconds: float
    history_s: float
    report: Report


async def applied(count: int, server: Server, root: Path) -> Taken:
    """Create *count* assistants, as ``operations.apply`` does."""
    backend = open_backend("file", root, "default")
    state = backend.load() or new_state()
    snapshot = Snapshot({"assistants": {}}, now=time.time())
    stack = stack_of(count)
    plan = make_plan(stack, snapshot, state)
    workspace = Workspace(stack, backend, connect_with("fl_bench"))
    async with WriteClient("http://127.0.0.1/api/v1", api_key="fl_bench", transport=server) as client:
        with backend.lock("benchmark"):
            ledger, began = Ledger(backend, state), time.perf_counter()
            await ledger.write(Began(UNKNOWN, snapshot.now, plan.digest))
            history_s = time.perf_counter() - began
            report = await apply(plan, snapshot, client, ledger, progress=Nobody(), sleep=asyncio.sleep)
            ended = time.perf_counter()
            run = Performed(stack, Reviewed(plan, snapshot, state, DEFAULTS), report, ledger.state)
            ledger.end(await asyncio.to_thread(remember, workspace, run))
            history_s += time.perf_counter() - ended
            await ledger.close()
            return Taken(time.perf_counter() - began, history_s, report)


async def posts_alone(count: int, server: Server) -> float:
    """Send the same POSTs with the same client, ten at a time, and nothing else; return the seconds."""
    async with WriteClient("http://127.0.0.1/api/v1", api_key="fl_bench", transport=server) as client:
        gate, began = asyncio.Semaphore(CONNECTIONS), time.perf_counter()

        async def one(number: int) -> None:
            async with gate:
                await client.post(("assistants",), {"name": f"Assistant a{number}", "first_message": "Hallo."})

        await asyncio.gather(*map(one, range(count)))
        return time.perf_counter() - began


def _apply(count: int, latency_s: float = 0.0) -> Taken:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(applied(count, Server(latency_s), Path(folder)))


def _best(count: int, latency_s: float = 0.0) -> float:
    return min(_apply(count, latency_s).seconds for _ in range(3))


def main() -> bool:
    count = 100
    bound_s = count * LATENCY_S / CONNECTIONS + LATENCY_S  # and one list at the end
    good = line(
        "100 creates at 50 ms and 10 connections / bound",
        _best(count, LATENCY_S) / bound_s,
        1.15,
    )
    thousand = [_apply(1_000) for _ in range(5)]
    whole = {1_000: min(taken.seconds for taken in thousand), 5_000: _best(5_000)}
    http = {n: min(asyncio.run(posts_alone(n, Server())) for _ in range(3)) for n in (1_000,)}
    history_s = min(taken.history_s for taken in thousand)
    state_s = whole[1_000] - http[1_000]
    good &= line("journal, lock and readings of 1,000 creates / their HTTP calls", state_s / http[1_000], JOURNAL_BOUND)
    good &= line("the history of 1,000 creates / all that is no HTTP call", history_s / state_s, HISTORY_BOUND)
    return line("5,000 creates / 5 x 1,000 creates (linear)", whole[5_000] / (5 * whole[1_000]), 1.2) and good
