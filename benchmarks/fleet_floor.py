"""The floor of a plan of a fleet: read the lists that a plan reads, with the key of each member, and parse them."""

from __future__ import annotations

import asyncio
import json
import sys

import httpx

AT_ONCE = 32


async def main(url: str, count: int, paths: list[str]) -> None:
    waiting = iter(range(count))
    found = 0
    async with httpx.AsyncClient() as client:

        async def work() -> None:
            nonlocal found
            for number in waiting:
                key = {"Authorization": f"Bearer {key_of(number)}"}
                for path in paths:
                    answer = await client.get(url + path, headers=key)
                    found += len(json.loads(answer.raise_for_status().content))

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    print(f"{found} values of {count} organizations")


def key_of(number: int) -> str:
    return f"fl_bench_{number:04}"


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
