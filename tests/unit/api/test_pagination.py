"""A list is read to its end, or it is an error: never half of it, and never "empty" by mistake."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from hmsplan.api.client import ReadClient
from hmsplan.api.pagination import read_rest, read_whole
from hmsplan.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

KEYS = ("templates", "data", "oldTemplates")


def items(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [{"id": f"id-{number}", "name": "same"} for number in range(start, start + count)]


class Pages:
    """A list of so many objects; how it pages, and what it says of itself, differs."""

    def __init__(
        self,
        count: int,
        *,
        key: str = "templates",
        default: int | None = 50,
        most: int = 100,
        offset: bool = True,
        says: Callable[[int, int, int], dict[str, Any]] = lambda *_: {},
    ) -> None:
        self.all = items(count)
        self.key, self.default, self.most, self.offset, self.says = key, default, most, offset, says
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.query.decode())
        asked = request.url.params.get("limit")
        size = len(self.all) if self.default is None else min(int(asked or self.default), self.most)
        start = int(request.url.params.get("offset", 0)) if self.offset else 0
        page = self.all[start : start + size]
        return httpx.Response(200, json={self.key: page, **self.says(len(self.all), start, size)})


def read(server: Callable[[httpx.Request], httpx.Response], *, paged: bool = True) -> dict[str, dict[str, Any]]:
    async def no_sleep(_: float) -> None:
        return

    async def main() -> dict[str, dict[str, Any]]:
        transport = httpx.MockTransport(server)
        async with ReadClient("http://127.0.0.1:1", api_key="fl_x", transport=transport, sleep=no_sleep) as client:
            return await read_whole(client, ("templates",), KEYS, paged=paged)

    return asyncio.run(main())


def total(count: int, start: int, size: int) -> dict[str, Any]:
    return {"total": count, "limit": size, "offset": start}


SAYINGS: dict[str, Callable[[int, int, int], dict[str, Any]]] = {
    "nothing": lambda *_: {},
    "total": total,
    "pagination": lambda *said: {"pagination": total(*said)},
    "has_more": lambda count, start, size: {"has_more": start + size < count},
    "next": lambda count, start, size: {"next": f"/x?offset={start + size}" if start + size < count else None},
    "meta": lambda count, start, size: {"meta": {"hasMore": start + size < count}},
    "limit": lambda _count, _start, size: {"limit": size},
}


@pytest.mark.parametrize("says", SAYINGS)
@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 99, 100, 101, 150, 200, 257])
@pytest.mark.parametrize("key", KEYS)
def test_a_paged_list_is_read_to_its_end(says: str, count: int, key: str) -> None:
    """Whatever it says of itself, and under each documented name: every object, once."""
    server = Pages(count, key=key, says=SAYINGS[says])
    assert list(read(server)) == [item["id"] for item in items(count)]
    assert server.asked[0] == "limit=100&offset=0"
    assert len(server.asked) <= count // 100 + 2


@pytest.mark.parametrize("most", [7, 20, 50])
def test_a_server_that_gives_less_than_was_asked_is_paged_all_the_same(most: int) -> None:
    """It says how large its pages are."""
    assert len(read(Pages(130, most=most, says=SAYINGS["limit"]))) == 130


@pytest.mark.parametrize("count", [50, 100])
def test_a_server_that_knows_no_offset_is_whole(count: int) -> None:
    """ "The SDK sends neither": the same page again means that there is no other."""
    server = Pages(count, default=None, offset=False)
    assert len(read(server)) == count
    assert len(server.asked) == 2


@pytest.mark.parametrize("count", [50, 100, 250, 1000, 10_000])
def test_a_list_that_does_not_page_costs_one_get(count: int) -> None:
    """Round lengths prove nothing; what state binds does."""
    server = Pages(count, default=None)
    assert len(read(server, paged=False)) == count
    assert server.asked == [""]


@pytest.mark.parametrize("says", ["total", "pagination", "has_more", "next", "meta", "limit"])
def test_a_list_that_says_it_is_longer_is_paged_although_nobody_documents_it(says: str) -> None:
    """What an answer says of itself is held against it."""
    assert len(read(Pages(130, says=SAYINGS[says]), paged=False)) == 130


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"assistants": []},
        {"templates": {}},
        {"templates": None},
        {"templates": "none", "other": []},
        [],
        items(3),
        None,
        "x",
        {"templates": ["id-1"]},
        {"templates": [{"name": "no id"}]},
        {"templates": [{"id": 7}]},
        {"templates": [{"id": ""}]},
        {"templates": [{"id": "a"}, None]},
        {"error": "odd", "success": False},
    ],
)
def test_an_answer_that_is_no_list_is_an_error(answer: Any) -> None:
    """Never "empty": a shortened list reads as "deleted by someone"."""
    with pytest.raises(ApiError):
        read(lambda _: httpx.Response(200, json=answer))


def test_the_first_known_name_with_a_list_counts() -> None:
    """A null under the newest name does not hide the list under an older one."""
    found = read(lambda _: httpx.Response(200, json={"templates": None, "data": items(2)}))
    assert len(found) == 2


class Moving:
    """A list that changes between two pages, for the first so many readings."""

    def __init__(self, readings: int, change: str) -> None:
        self.left, self.change, self.requests = readings, change, 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        start = int(request.url.params["offset"])
        moved = self.left > 0 and start > 0
        self.left -= moved
        page, count = items(150)[start : start + 100], 150
        if moved:
            match self.change:
                case "one more":
                    page, count = items(50, start - 1), 151
                case "twice":
                    page = items(50, start - 1)
                case "fewer":
                    page = []
                case "less":
                    count = 149
        return httpx.Response(200, json={"data": page, "total": count})


@pytest.mark.parametrize("change", ["one more", "twice", "fewer", "less"])
def test_a_list_that_moves_while_it_is_read_is_read_again(change: str) -> None:
    """Objects that come twice, or a total that is not kept: up to three readings, then an error."""
    assert len(read(Moving(2, change))) == 150
    for_ever = Moving(99, change)
    with pytest.raises(ApiError, match="3 times in a row"):
        read(for_ever)
    assert for_ever.requests == 6


def test_an_object_that_comes_twice_in_one_answer_is_an_error() -> None:
    """Nobody knows which of the two is meant."""
    with pytest.raises(ApiError, match="an object came twice"):
        read(lambda _: httpx.Response(200, json={"data": [*items(2), *items(1)]}))


def test_a_page_that_fails_fails_the_list() -> None:
    """A second page that cannot be read does not leave the first one standing for the whole."""

    def server(request: httpx.Request) -> httpx.Response:
        if request.url.params["offset"] != "0":
            return httpx.Response(403, json={"error": "no"})
        return httpx.Response(200, json={"data": items(100)})

    with pytest.raises(ApiError, match="403"):
        read(server)


def test_a_list_without_an_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that always has more is not followed for ever."""
    monkeypatch.setattr("hmsplan.api.pagination._MOST_OBJECTS", 500)

    def server(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, json={"data": items(100, int(request.url.params.get("offset", 0))), "has_more": True}
        )

    async def rest() -> None:
        async with ReadClient("http://127.0.0.1:1", api_key="fl_x", transport=httpx.MockTransport(server)) as client:
            await read_rest(client, ("templates",), KEYS, [])

    with pytest.raises(ApiError, match="no end"):
        read(server)
    with pytest.raises(ApiError, match="no end"):
        asyncio.run(rest())
