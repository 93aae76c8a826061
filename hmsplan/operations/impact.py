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

from hmsplan.api.calls import PARTIES, goes_on, named, read_calls
from hmsplan.errors import ApiError
from hmsplan.model import Calls, Diagnostic, Severity
from hmsplan.operations.minutes import minutes_of, not_enough, people_called, with_balance
from hmsplan.operations.refresh import read_more
from hmsplan.planner.blast_radius import writes
from hmsplan.planner.matching import NOWHERE
from hmsplan.planner.planner import DEFAULTS, Options, make_plan
from hmsplan.text import timestamps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmsplan.api.client import ReadClient
    from hmsplan.model import Minutes, Plan, ResourceChange, Snapshot, Stack, State
    from hmsplan.planner.matching import Elsewhere

DAYS: Final = 7


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
            calls, at_least = await read_calls(client, snapshot.now - DAYS * timestamps.UNITS["d"])
            plan = replace(plan, changes=_with_calls(plan, calls, at_least=at_least))
        except ApiError as error:
            warnings.append(_unknown("Which calls the plan meets", error))
        else:
            minutes = minutes_of(plan, stack, calls.values(), snapshot.now) if people else None
            if minutes is not None:
                minutes, told = await _with_balance(client, minutes)
                plan = replace(plan, minutes=minutes)
                warnings += told
    requests = plan.requests + client.requests.total() - before
    return replace(plan, warnings=(*plan.warnings, *warnings), requests=requests)


async def _with_balance(client: ReadClient, minutes: Minutes) -> tuple[Minutes, Sequence[Diagnostic]]:
    try:
        minutes = await with_balance(client, minutes)
    except ApiError as error:
        return minutes, (_unknown("Whether the minutes that are left are enough", error),)
    return minutes, tuple(filter(None, [not_enough(minutes, DAYS)]))


def _unknown(what: str, error: ApiError) -> Diagnostic:
    detail = f"{what} is not known, and the plan is the same without it. {error}"
    return Diagnostic("Impact not known", detail, severity=Severity.WARNING)


def _has_calls(change: ResourceChange) -> bool:
    return change.address.kind in PARTIES and change.id is not None and writes(change)


def _with_calls(plan: Plan, calls: Mapping[str, Mapping[str, Any]], *, at_least: bool) -> tuple[ResourceChange, ...]:
    running = Counter(party for call in calls.values() if goes_on(call) for party in named(call))
    recent = Counter(party for call in calls.values() for party in named(call))

    def told(change: ResourceChange) -> ResourceChange:
        party = (change.address.kind, change.id or "")
        return replace(change, calls=Calls(running[party], recent[party], at_least=at_least))

    return tuple(told(change) if _has_calls(change) else change for change in plan.changes)
