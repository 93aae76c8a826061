"""The list of calls: which go on, and who takes part in them. Reads only.

The newest come first and new ones come in meanwhile, so a call may come twice; none is left out by that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hmsplan.api.urls import encoded, segments
from hmsplan.errors import ApiError
from hmsplan.kinds import KINDS
from hmsplan.model import values_at
from hmsplan.text import timestamps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hmsplan.api.client import ReadClient
    from hmsplan.model import RemoteObject

Call: TypeAlias = dict[str, Any]
Party: TypeAlias = tuple[str, str]
"""Kind and id of an object that takes part in a call."""

LONGEST_S: Final = 24 * 3600.0
"""No call is longer: one that is still said to go on after it was lost by the platform."""
PAGE: Final = 1000
MOST_PAGES: Final = 20
_SKEW_S: Final = 60.0
_OVER: Final = frozenset({"ended", "ended-with-error", "transferred", "failed", "rejected", "insufficient-credits"})
"""How a call ends. Any other status is of one that goes on, unless it says when it ended."""

PARTIES: Final = {name: kind.in_calls for name, kind in KINDS.items() if kind.in_calls}
_ALWAYS: Final = tuple(name for kind in KINDS.values() if kind.in_every_call for name in kind.in_calls)
_THROUGH: Final = {name: kind.calls_through for name, kind in KINDS.items() if kind.calls_through}


def takes_calls(kind: str) -> bool:
    """Say whether a call may be on an object of *kind*."""
    return kind in PARTIES or kind in _THROUGH


def led_by(kinds: Iterable[str]) -> frozenset[str]:
    """Return the kinds whose objects lead calls to those of *kinds*, and have to be known to tell what a call is on."""
    return frozenset(_THROUGH[kind] for kind in kinds if kind in _THROUGH)


async def read_calls(client: ReadClient, since: float) -> tuple[Mapping[str, Call], bool]:
    """Return the calls since then, in Unix seconds, by id, and whether there are more than were read.

    Raises:
        ApiError: they could not be read, or do not name who took part.
    """
    found: dict[str, Call] = {}
    offset = 0
    for _ in range(MOST_PAGES):
        where = segments("/calls")
        params: dict[str, str | int] = {"limit": PAGE, "offset": offset, "start_date": timestamps.iso(since)}
        answer = await client.get(where, params=params)
        page = answer.get("calls") if isinstance(answer, dict) else None
        if not isinstance(page, list) or not all(map(_is_told, page)):
            raise ApiError("not a list of calls that name their assistant", method="GET", path=encoded(where))
        new = {call["id"]: call for call in page if call["id"] not in found}
        if not new:
            return found, False
        found |= new
        offset += len(page)
        pagination = answer.get("pagination")
        total = pagination.get("total") if isinstance(pagination, dict) else None
        if isinstance(total, int) and offset >= total:
            return found, False
    return found, True


def _is_told(call: Any) -> bool:
    """Say whether *call* names who took part; a null is an answer as well, a missing key is none."""
    return isinstance(call, dict) and isinstance(call.get("id"), str) and any(name in call for name in _ALWAYS)


def goes_on(call: Mapping[str, Any]) -> bool:
    """Say whether *call* is in progress; the API may have a status that its description does not list."""
    return call.get("status") not in _OVER and not call.get("ended_at")


def named(call: Mapping[str, Any]) -> Iterator[Party]:
    """Yield who takes part as the call itself names them."""
    for kind, names in PARTIES.items():
        if isinstance(party := next(filter(None, map(call.get, names)), None), str):
            yield kind, party


def parties(call: Mapping[str, Any], leading: Mapping[Party, RemoteObject]) -> Iterator[Party]:
    """Yield who takes part, also those whom the call does not name.

    *leading* are live objects that lead calls on: the number that a call is on has a workflow, and an assistant.
    """
    own = dict(named(call))
    yield from own.items()
    for kind, through in _THROUGH.items():
        live = leading.get((through, own.get(through, "")))
        if live is None or kind in own:
            continue
        for pattern, target in KINDS[through].refs.items():
            for _, value in values_at(live.fields, pattern) if target == kind else ():
                if isinstance(value, str):
                    yield kind, value


@dataclass(slots=True)
class RunningCalls:
    """The calls in progress, read again and again.

    What is over stays over, so each reading begins with the oldest call that went on at the last one.
    """

    client: ReadClient
    since: float | None = None

    async def read(self) -> Mapping[str, Call]:
        """Return the calls that go on now, by id.

        Raises:
            ApiError: they could not all be read.
        """
        now = self.client.server_now()
        earliest = now - LONGEST_S
        calls, is_cut = await read_calls(self.client, max(self.since or earliest, earliest))
        if is_cut:
            detail = f"more than {MOST_PAGES * PAGE:,} calls, so those that go on could not all be read"
            raise ApiError(detail, method="GET", path="/calls")
        running = {name: call for name, call in calls.items() if goes_on(call)}
        begun = [timestamps.from_api(call.get("created_at")) for call in running.values()]
        oldest = min((earliest if at is None else at for at in begun), default=now)
        self.since = min(oldest, now) - _SKEW_S
        return running
