"""Reads one list to its end, and proves that it did.

"Not paginated may still hide a server-side cap" (API notes, 2). Deletes and creates are decided from lists, so:

- A list without any known key, or whose value is no list, is an error and never "empty".
- Whatever an answer says of itself is held against it: ``total``, ``limit``, ``has_more``, ``next``, at the
  top or in ``pagination``. While it says that there is more, we ask on with ``offset``.
- A list that pages by its documentation and says nothing of itself ends with a page that is neither full nor 50 long,
  the documented default; when the next page repeats the first, the server knows no ``offset``, and the list is whole.
- Any other list that says nothing is taken as whole: it costs one GET, at 100 objects and at 10,000. Asking "is there
  more?" after every round length would cost a request a list and prove little, for a server without paging ignores the
  question. What is proof are the objects that state binds: ``snapshot`` looks up each one that a list lacks.
- Objects that come twice, a total that moves or is not reached: something changed between two pages. We read again, and
  after three times it is an error.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hmsplan.api.urls import encoded
from hmsplan.errors import ApiError
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hmsplan.api.client import ReadClient

PAGE: Final = 100
"""Objects a page we ask for: "limit 1-100"."""

_LOG: Final = logging.getLogger("hmsplan.api")
_DEFAULT_PAGE: Final = 50
_READINGS: Final = 3
_MOST_OBJECTS: Final = 1_000_000

Item: TypeAlias = dict[str, Any]


class _Drifted(Exception):
    """The pages do not fit together; the text says how."""


@dataclass(frozen=True, slots=True)
class _Page:
    """One answer.

    Attributes:
        total: objects there are in all; None when it does not say.
        limit: objects a page; None when it does not say.
        more: whether there are further pages; None when it does not say.
    """

    items: list[Item]
    total: int | None
    limit: int | None
    more: bool | None


async def read_whole(client: ReadClient, where: Sequence[str], keys: Sequence[str], *, paged: bool) -> dict[str, Item]:
    """Read a list to its end: id to object, as the API sent them.

    Args:
        client: to read with.
        where: the list is.
        keys: under which the list may come.
        paged: the list takes ``limit`` and ``offset`` by its documentation.

    Raises:
        ApiError: a page failed, is no list, or holds something that is no object with an id; the pages never fit.
    """
    reason = ""
    for _ in range(_READINGS):
        try:
            return await _read(client, where, keys, paged=paged)
        except _Drifted as drifted:
            reason = str(drifted)
            _LOG.info("%s changed while it was read (%s)", encoded(where), reason)
    raise _error(where, f"the list changed while it was read, {_READINGS} times in a row: {reason}")


async def read_rest(
    client: ReadClient, where: Sequence[str], keys: Sequence[str], known: Collection[str]
) -> dict[str, Item]:
    """Ask an incomplete list for what comes after the objects we know: id to object, *known* ids left out.

    A server that ignores ``offset`` answers with the list as it is now, which serves as well.
    """
    found: dict[str, Item] = {}
    while len(found) <= _MOST_OBJECTS:
        page = await _page(client, where, keys, {"limit": PAGE, "offset": len(known) + len(found)})
        new = {item["id"]: item for item in page.items if item["id"] not in known and item["id"] not in found}
        if not new:
            return found
        found |= new
    raise _error(where, "the list has no end")


async def _read(client: ReadClient, where: Sequence[str], keys: Sequence[str], *, paged: bool) -> dict[str, Item]:
    began, pages = time.perf_counter(), 1
    first = page = await _page(client, where, keys, {"limit": PAGE, "offset": 0} if paged else None)
    found = _joined({}, page)
    while not _is_last(page, len(found), paged=paged):
        page = await _page(client, where, keys, {"limit": PAGE, "offset": len(found)})
        pages += 1
        if page.total != first.total:
            raise _Drifted(f"a total of {first.total} became {page.total}")
        if (first.total, first.more) == (None, None) and _ids(page) == _ids(first):
            break  # no offset here
        if not page.items and not _is_last(page, len(found), paged=paged):
            raise _Drifted(f"only {len(found)} objects came, and there should be more")
        found = _joined(found, page)
        if len(found) > _MOST_OBJECTS:
            raise _error(where, "the list has no end")
    took_ms = (time.perf_counter() - began) * 1000
    _LOG.info(
        "read %s: %s in %s, %.0f ms",
        encoded(where),
        wording.count(len(found), "object"),
        wording.count(pages, "page"),
        took_ms,
    )
    return found


def _is_last(page: _Page, count: int, *, paged: bool) -> bool:
    if page.more:
        return False
    if page.total is not None:
        return count >= page.total
    full = {PAGE, _DEFAULT_PAGE, page.limit} if paged else {page.limit}
    return page.more is False or not page.items or len(page.items) not in full


def _ids(page: _Page) -> list[str]:
    return [item["id"] for item in page.items]


def _joined(found: dict[str, Item], page: _Page) -> dict[str, Item]:
    joined = found | {item["id"]: item for item in page.items}
    if len(joined) != len(found) + len(page.items):
        raise _Drifted("an object came twice")
    return joined


async def _page(
    client: ReadClient, where: Sequence[str], keys: Sequence[str], params: Mapping[str, str | int] | None
) -> _Page:
    answer = await client.get(where, params=params)
    if not isinstance(answer, dict):
        raise _error(where, f"a list in an object was expected, and a {type(answer).__name__} came")
    key = next((key for key in keys if isinstance(answer.get(key), list)), None)
    if key is None:
        raise _error(where, f"there is no list under {' or '.join(keys)}; nothing may be concluded from such an answer")
    items = answer[key]
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not item["id"]:
            raise _error(where, "the list holds an item that is not an object with an id")
    return _Page(items, *_said(answer))


def _said(answer: Item) -> tuple[int | None, int | None, bool | None]:
    """Return the total, the size of a page and whether there is more, as far as the answer tells."""
    total = limit = more = None
    for part in (answer, answer.get("pagination"), answer.get("meta")):
        if isinstance(part, dict):
            total = count if (count := _count(part.get("total"))) is not None else total
            limit = _count(part.get("limit")) or limit
            flags = [
                part[name] for name in ("has_more", "hasMore", "next", "next_offset", "next_cursor") if name in part
            ]
            more = any(flags) or more is True if flags else more
    return total, limit, more


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _error(where: Sequence[str], detail: str) -> ApiError:
    return ApiError(detail, method="GET", path=encoded(where))
