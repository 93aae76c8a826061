"""What a paced ``apply`` costs: one write a change, two lists a kind, and one list each time it is held up."""

from __future__ import annotations

import asyncio
import math
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.apply import Nobody, stack_of
from benchmarks.measure import line
from hmsplan.api.client import WriteClient
from hmsplan.apply.executor import apply
from hmsplan.emulator import Emulator, Settings
from hmsplan.operations.plan import plan_live
from hmsplan.state.backend import new_state, open_backend
from hmsplan.state.ledger import Ledger

if TYPE_CHECKING:
    from hmsplan.model import Stack
    from hmsplan.state.backend import Backend

LIMIT, WINDOW_S, CHANGES = 100, 6.0, 300


def edited(stack: Stack) -> Stack:
    """Return *stack* with another first message everywhere."""
    resources = {
        a: replace(each, spec={**each.spec, "first_message": "Goedendag."}) for a, each in stack.resources.items()
    }
    return replace(stack, resources=resources)


async def applied(emulator: Emulator, backend: Backend, stack: Stack) -> int:
    """Plan and apply with a client of its own; return how many requests it sent."""
    state = backend.load() or new_state()
    async with WriteClient("http://127.0.0.1/api/v1", api_key="fl_bench", transport=emulator.transport()) as client:
        plan, snapshot = await plan_live(client, stack, state)
        with backend.lock("benchmark"):
            ledger = Ledger(backend, state)
            await apply(plan, snapshot, client, ledger, progress=Nobody(), sleep=asyncio.sleep)
            await ledger.close()
        return client.requests.total()


def main() -> bool:
    good = True
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(rate_limit=LIMIT, rate_window_s=WINDOW_S)
        emulator, backend = Emulator(":memory:", settings), open_backend("file", Path(folder), "default")
        stack = stack_of(CHANGES)
        for name, each in (("creates", stack), ("updates", edited(stack))):
            sent = asyncio.run(applied(emulator, backend, each))
            windows = math.ceil(sent / LIMIT)
            promised = CHANGES + 2 + windows + 1  # and whose organization it is
            good &= line(
                f"requests of {CHANGES} {name} at {LIMIT} a window / promised ({promised})", sent / promised, 1.0
            )
        emulator.close()
    return good
