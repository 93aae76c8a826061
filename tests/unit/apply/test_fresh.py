"""How old a reading may be that decides a write, and how many writes share it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from support.virtual_time import Clock, run

from hmsplan.api.client import ReadClient
from hmsplan.apply.fresh import FRESH_S, FreshReadings, Outdated
from hmsplan.emulator import Emulator, Fault, Settings
from hmsplan.kinds import KINDS
from hmsplan.model import RemoteObject, Snapshot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

KEY = "fl_fresh"
ASSISTANTS, CAMPAIGNS = KINDS["assistants"], KINDS["campaigns"]


class Api:
    """An emulator, and what was asked of it."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.emulator = Emulator(":memory:", Settings(**{"rate_limit": None, **settings}), clock=self.clock)
        self.emulator.organization(KEY)

    def add(self, name: str) -> str:
        return self.emulator.add("assistants", {"name": name}, key=KEY)

    def do(self, work: Callable[[FreshReadings, ReadClient], Awaitable[Any]], *, age_s: float = 0.0) -> Any:
        """Run *work* with the readings of an apply whose plan read the assistants *age_s* ago."""

        async def main() -> Any:
            client = ReadClient(
                "http://127.0.0.1/api/v1",
                api_key=KEY,
                transport=self.emulator.transport(),
                clock=self.clock,
                wall=self.clock,
                sleep=asyncio.sleep,
                random=lambda: 0.5,
            )
            async with client:
                there = {
                    each["id"]: RemoteObject("assistants", each["id"], each) for each in self.emulator.all("assistants")
                }
                self.emulator.requests.clear()
                return await work(FreshReadings(client, self.clock, Snapshot({"assistants": there}), age_s), client)

        return run(main(), self.clock)

    @property
    def asked(self) -> list[str]:
        return [f"{each.method} {each.path.removeprefix('/api/v1')}" for each in self.emulator.requests]


@pytest.fixture
def api() -> Iterator[Api]:
    made = Api()
    yield made
    made.emulator.close()


def test_what_the_plan_read_decides_for_ten_seconds(api: Api) -> None:
    desk = api.add("Desk")

    async def work(fresh: FreshReadings, _: ReadClient) -> list[int]:
        counts = []
        for wait_s in (0.0, FRESH_S / 2, FRESH_S):
            await asyncio.sleep(wait_s)
            assert (await fresh.object(ASSISTANTS, desk))[0] is not None
            counts.append(len(api.asked))
        return counts

    assert api.do(work) == [0, 0, 1]
    assert api.do(work, age_s=FRESH_S + 1)[0] == 1


def test_a_reading_is_checked_once_more_when_the_write_leaves(api: Api) -> None:
    desk = api.add("Desk")

    async def work(fresh: FreshReadings, _: ReadClient) -> None:
        reading = (await fresh.object(ASSISTANTS, desk))[1]
        still = fresh.still(reading)
        still()
        await asyncio.sleep(FRESH_S + 1)
        with pytest.raises(Outdated):
            still()

    api.do(work)


def test_a_reading_from_before_the_rate_limit_held_us_up_decides_nothing() -> None:
    """Much may happen while nothing can be sent, however young the reading is."""
    api = Api(rate_limit=3, rate_window_s=4.0)
    desk = api.add("Desk")

    async def work(fresh: FreshReadings, client: ReadClient) -> tuple[bool, bool]:
        reading = await fresh.list(ASSISTANTS, new=True)
        before = fresh.counts(reading)
        for _ in range(3):
            await client.get(("assistants", desk))
        return before, fresh.counts(reading)

    assert api.do(work) == (True, False)
    api.emulator.close()


def test_many_writes_share_one_list(api: Api) -> None:
    ids = [api.add(f"Desk {number}") for number in range(20)]

    async def work(fresh: FreshReadings, _: ReadClient) -> None:
        await asyncio.gather(*(fresh.object(ASSISTANTS, each) for each in ids))

    api.do(work, age_s=60)
    assert api.asked == ["GET /assistants"]


def test_who_asks_anew_gets_a_list_that_begins_after_the_question(api: Api) -> None:
    """Those who ask while one is read wait for the next, and share it."""
    api.add("Desk")
    api.emulator.inject(Fault(do="delay", seconds=0.5))
    numbers: list[int] = []

    async def ask(fresh: FreshReadings) -> None:
        reading = await fresh.list(ASSISTANTS, new=True)
        numbers.append(reading.number)

    async def work(fresh: FreshReadings, _: ReadClient) -> None:
        await asyncio.gather(*(ask(fresh) for _ in range(10)))

    api.do(work)
    assert set(numbers) == {1, 2}
    assert api.asked == ["GET /assistants"] * 2


def test_what_a_list_lacks_is_looked_up_by_its_id(api: Api) -> None:
    desk = api.add("Desk")
    api.emulator.inject(Fault(do="empty_list", path="/assistants"))

    async def work(fresh: FreshReadings, _: ReadClient) -> RemoteObject | None:
        return (await fresh.object(ASSISTANTS, desk))[0]

    assert api.do(work, age_s=60) is not None
    assert api.asked == ["GET /assistants", f"GET /assistants/{desk}"]


def test_a_list_of_summaries_is_not_taken_for_the_objects() -> None:
    api = Api(list_omits=("first_message",))
    desk = api.add("Desk")

    async def work(fresh: FreshReadings, _: ReadClient) -> RemoteObject | None:
        return (await fresh.object(ASSISTANTS, desk))[0]

    live = api.do(work, age_s=60)
    assert live is not None
    assert "first_message" in live.fields
    api.emulator.close()


def test_what_is_gone_is_gone(api: Api) -> None:
    desk = api.add("Desk")

    async def work(fresh: FreshReadings, _: ReadClient) -> RemoteObject | None:
        api.emulator.remove("assistants", desk)
        return (await fresh.object(ASSISTANTS, desk))[0]

    assert api.do(work, age_s=60) is None


def test_the_answer_to_a_write_is_the_newest_reading(api: Api) -> None:
    desk = api.add("Desk")

    async def work(fresh: FreshReadings, _: ReadClient) -> Any:
        fresh.learn(RemoteObject("assistants", desk, {"id": desk, "name": "As it was answered"}))
        live = (await fresh.object(ASSISTANTS, desk))[0]
        return live.fields["name"] if live is not None else None

    assert api.do(work) == "As it was answered"
    assert api.asked == []
