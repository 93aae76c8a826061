"""What a plan would interrupt: calls in progress and the calls of the last days; and whether the minutes last.

Reads more, and only when asked.

None of it changes what is planned, and nothing that fails here fails the plan: what could not be read is a warning.

One list answers both questions. ``/usage`` would too, but it names assistants by a name that two may share, while a
call has the ids of its assistant and its number.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from hmsplan.api.urls import encoded, segments
from hmsplan.errors import ApiError
from hmsplan.kinds import KINDS
from hmsplan.model import Calls, Diagnostic, Severity
from hmsplan.operations.minutes import not_enough, people_called
from hmsplan.operations.refresh import read_more
from hmsplan.planner.blast_radius import writes
from hmsplan.planner.matching import NOWHERE
from hmsplan.planner.planner import DEFAULTS, Options, make_plan
from hmsplan.text import timestamps

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from hmsplan.api.client import ReadClient
    from hmsplan.model import Plan, ResourceChange, Snapshot, Stack, State
    from hmsplan.planner.matching import Elsewhere

DAYS: Final = 7
_PAGE: Final = 1000
_MOST_PAGES: Final = 20
_OVER: Final = frozenset({"ended", "ended-with-error", "transferred", "failed", "rejected", "insufficient-credits"})
"""How a call ends. Any other status is of one that goes on, unless it says when it ended."""

_PARTIES: Final = {name: kind.in_calls for name, kind in KINDS.items() if kind.in_calls}
_ALWAYS: Final = tuple(field for kind in KINDS.values() if kind.in_every_call for field in kind.in_calls)


async def with_impact(
    client: ReadClient,
    stack: Stack,
    state: State,
    plan: Plan,
    snapshot: Snapshot,
    options: Options = DEFAULTS,
    *,
    elsewhere: Elsewhere = NOWHERE,
) -> Plan:
    """Return *plan*, made from *snapshot*, with what only people want to know."""
    warnings: list[Diagnostic] = []
    if plan.unread:
        try:
            more = await read_more(client, stack, state, snapshot, plan.unread)
            plan = make_plan(stack, more, state, options, elsewhere)
        except ApiError as error:
            warnings.append(_unknown(f"Whom the plan reaches through {' and '.join(plan.unread)}", error))
    before = client.requests.total()
    people = people_called(plan)
    if people or any(map(_has_calls, plan.changes)):
        try:
            calls, at_least = await _read_calls(client, snapshot.now)
            plan = replace(plan, changes=_with_calls(plan, calls, at_least=at_least))
        except ApiError as error:
            warnings.append(_unknown("Which calls the plan meets", error))
        else:
            warnings += await _of_minutes(client, people, calls.values())
    requests = plan.requests + client.requests.total() - before
    return replace(plan, warnings=(*plan.warnings, *warnings), requests=requests)


async def _of_minutes(client: ReadClient, people: int, calls: Collection[Mapping[str, Any]]) -> Sequence[Diagnostic]:
    try:
        return tuple(filter(None, [await not_enough(client, people, calls, DAYS)]))
    except ApiError as error:
        return (_unknown("Whether the minutes that are left are enough", error),)


def _unknown(what: str, error: ApiError) -> Diagnostic:
    detail = f"{what} is not known, and the plan is the same without it. {error}"
    return Diagnostic("Impact not known", detail, severity=Severity.WARNING)


def _has_calls(change: ResourceChange) -> bool:
    return change.address.kind in _PARTIES and change.id is not None and writes(change)


def _with_calls(plan: Plan, calls: Mapping[str, Mapping[str, Any]], *, at_least: bool) -> tuple[ResourceChange, ...]:
    running = Counter(party for call in calls.values() if _goes_on(call) for party in _parties(call))
    recent = Counter(party for call in calls.values() for party in _parties(call))

    def told(change: ResourceChange) -> ResourceChange:
        party = (change.address.kind, change.id or "")
        return replace(change, calls=Calls(running[party], recent[party], at_least=at_least))

    return tuple(told(change) if _has_calls(change) else change for change in plan.changes)


async def _read_calls(client: ReadClient, now: float) -> tuple[Mapping[str, dict[str, Any]], bool]:
    """Return the calls of the last days by id, and whether there are more than were read.

    The newest come first and new ones come in meanwhile, so a call may come twice; none is left out by that.
    """
    since = timestamps.iso(now - DAYS * timestamps.UNITS["d"])
    found: dict[str, dict[str, Any]] = {}
    offset = 0
    for _ in range(_MOST_PAGES):
        where = segments("/calls")
        answer = await client.get(where, params={"limit": _PAGE, "offset": offset, "start_date": since})
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


def _goes_on(call: Mapping[str, Any]) -> bool:
    return call.get("status") not in _OVER and not call.get("ended_at")


def _parties(call: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for kind, names in _PARTIES.items():
        if isinstance(party := next(filter(None, map(call.get, names)), None), str):
            yield kind, party
