"""Speed: bounds wide enough for a busy machine."""

from __future__ import annotations

import asyncio
import time

from hmsplan.emulator import Emulator
from hmsplan.emulator.assistants import ASSISTANTS

from .helpers import FREE, KEY, Api, Clock

COUNT = 10_000


def _fill(api: Api) -> None:
    """Store many assistants of 5 kB in one transaction."""
    emulator = api.emulator
    doc = {**emulator.get("assistants", api.assistant()["id"]), "first_message": "x" * 4_200}
    org = emulator.organization(KEY)
    store = emulator.app.store
    with store.transaction(write=True):
        ids = (f"00000000-0000-4000-8000-{number:012}" for number in range(COUNT))
        store.insert((ASSISTANTS.entry(org, {**doc, "id": each}) for each in ids), 0.0)


def test_a_list_of_ten_thousand_assistants_takes_about_a_second(api: Api) -> None:
    _fill(api)
    start = time.perf_counter()
    response = api("GET", "/assistants")
    seconds = time.perf_counter() - start
    assert response.content.count(b'"id"') == COUNT + 1
    assert len(response.content) > COUNT * 4_900
    assert seconds < 3


def test_handling_a_request_takes_far_less_than_a_millisecond() -> None:
    emulator = Emulator(settings=FREE, clock=Clock())
    with Api(emulator) as api:
        made = api.assistant()["id"]

    async def read(count: int) -> float:
        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/assistants/{made}",
            "query_string": b"",
            "headers": [(b"authorization", f"Bearer {KEY}".encode())],
        }

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(_: object) -> None:
            return None

        start = time.perf_counter()
        for _ in range(count):
            await emulator.app(dict(scope), receive, send)
        return (time.perf_counter() - start) / count

    assert min(asyncio.run(read(200)) for _ in range(3)) < 0.003
    emulator.close()
