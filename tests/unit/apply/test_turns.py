"""Many may write together, or one alone, and nobody waits for ever."""

from __future__ import annotations

import asyncio

import pytest
from support.virtual_time import Clock, run

from hmsplan.apply.turns import Turns


def test_one_alone_waits_for_the_others_and_goes_before_those_who_come_later() -> None:
    told: list[str] = []

    async def together(turns: Turns, name: str) -> None:
        async with turns.together():
            told.append(f"{name} begins")
            await asyncio.sleep(1)
            told.append(f"{name} ends")

    async def alone(turns: Turns) -> None:
        async with turns.alone():
            told.append("alone")
            await asyncio.sleep(1)

    async def main() -> None:
        turns = Turns()
        first = [asyncio.create_task(together(turns, name)) for name in ("a", "b")]
        await asyncio.sleep(0.5)
        one = asyncio.create_task(alone(turns))
        await asyncio.sleep(0.1)
        late = asyncio.create_task(together(turns, "c"))
        await asyncio.gather(*first, one, late)

    run(main(), Clock())
    assert sorted(told[:2]) == ["a begins", "b begins"]
    assert sorted(told[2:4]) == ["a ends", "b ends"]
    assert told[4:] == ["alone", "c begins", "c ends"]


def test_who_fails_lets_go() -> None:
    async def main() -> str:
        turns = Turns()
        for hold in (turns.together, turns.alone):
            with pytest.raises(ZeroDivisionError):
                async with hold():
                    _ = 1 / 0
        async with turns.alone(), turns.alone(), turns.together():
            return "free"

    assert run(main(), Clock()) == "free"
