"""When a change may be made: inside its window, and outside of freezes. Pure: what time it is is an argument.

A window is open while a clock on the wall of its zone shows one of its hours. So an hour that the clocks skip in spring
is not there, one that they repeat in autumn is there twice, and a window over midnight belongs to the day on which it
opens.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hmsplan.model import EVERYTHING, ApprovalStatus, Diagnostic, Opening, Refusal, Risk, Safety, Severity, Topic, Wait
from hmsplan.planner.blast_radius import writes
from hmsplan.planner.consent import is_allowed
from hmsplan.text.timestamps import for_people

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from zoneinfo import ZoneInfo

    from hmsplan.model import Address, Freeze, Hours, InForce, Plan, ResourceChange, Window

_DAY: Final = dt.timedelta(days=1)
_MINUTES: Final = 24 * 60
_SHORT: Final = 5
FARTHEST_S: Final = 366 * 86_400
"""How far ahead an opening is looked for."""


def wait_of(safety: Safety, address: Address, now: float) -> Wait | None:
    """Say why *address* may not be changed at *now*, in Unix seconds, and until when; None = it may."""
    return _wait(*_of(safety, address), now)


@lru_cache(maxsize=256)  # most addresses have the same windows
def _wait(windows: tuple[Window, ...], freezes: tuple[Freeze, ...], now: float) -> Wait | None:
    frozen = [freeze for freeze in freezes if _is_frozen(freeze, now)]
    if not frozen and (not windows or _is_open(windows, now)):
        return None
    zone = (frozen or windows)[0].zone
    if frozen:
        reason = f"frozen {frozen[0].told} {frozen[0].zone}: {frozen[0].reason}"
    else:
        reason = f"outside its window, {' and '.join(f'{window.allow} {window.zone}' for window in windows)}"
    at = _opening(windows, freezes, now)
    return Wait(reason, opening(at, zone, now) if at <= now + FARTHEST_S else None)


def _of(safety: Safety, address: Address) -> tuple[tuple[Window, ...], tuple[Freeze, ...]]:
    """Return what is for *address*."""
    windows = tuple(window for window in safety.windows if _is_for(window.patterns, address))
    return windows, tuple(freeze for freeze in safety.freezes if _is_for(freeze.patterns, address))


def overrides(changes: Iterable[ResourceChange], safety: Safety, now: float) -> Iterator[Refusal]:
    """Yield the risk of each of *changes* that would be made at *now*, in Unix seconds, and has to wait.

    What only the state learns waits for nothing.
    """
    if not safety.windows and not safety.freezes:
        return
    for address in written(changes):
        if (wait := wait_of(safety, address, now)) is not None:
            yield Refusal(Risk.OVERRIDE, address, f"{wait.reason}; it {wait.told}")


def looser(changes: Iterable[ResourceChange], safety: Safety, known: InForce, at: float) -> Iterator[Diagnostic]:
    """Warn of windows and freezes of the last apply that are gone, and of those of *changes* that they would hold back.

    A change that lifts the freeze under which it would wait may have been written for that alone.
    """
    was = Safety(windows=known.windows, freezes=known.freezes)
    gone = [
        *(_named_window(each) for each in was.windows if each not in safety.windows),
        *(_named_freeze(each) for each in was.freezes if each not in safety.freezes and _ends(each) > at),
    ]
    added = [_named_window(each) for each in safety.windows if was.windows and each not in was.windows]
    if not gone and not added:
        return
    told = [f"{what} {'; '.join(names)}." for what, names in (("Gone:", gone), ("New:", added)) if names]
    waits = ((address, wait_of(was, address, at)) for address in written(changes))
    held = [str(address) for address, wait in waits if wait is not None and wait_of(safety, address, at) is None]
    if not held:
        yield Diagnostic(
            "Windows are not those of the last apply",
            " ".join(told),
            severity=Severity.WARNING,
            topic=Topic.CONSENT,
        )
        return
    more = f" and {len(held) - _SHORT} more" if len(held) > _SHORT else ""
    told.append(f"By those of the last apply, {', '.join(held[:_SHORT])}{more} would have to wait.")
    yield Diagnostic("Windows are looser", " ".join(told), severity=Severity.WARNING, topic=Topic.CONSENT)


def _named_window(window: Window) -> str:
    return f"the window {window.allow} {window.zone}{_named_for(window.patterns)}"


def _named_freeze(freeze: Freeze) -> str:
    return f"the freeze {freeze.told} {freeze.zone}{_named_for(freeze.patterns)}: {freeze.reason}"


def _named_for(patterns: tuple[str, ...]) -> str:
    return f" for {', '.join(patterns)}" if patterns != EVERYTHING else ""


def written(changes: Iterable[ResourceChange]) -> Collection[Address]:
    """Return the addresses of those of *changes* of which the API is told anything, each once."""
    return dict.fromkeys(change.address for change in changes if writes(change))


def with_waits(plan: Plan, safety: Safety, now: float, proven: float) -> Plan:
    """Return *plan* with what each change waits for that may not be made outside its window.

    *proven* is when no change lacks the time any more that another environment has to have it.
    """
    held = {refusal.address for refusal in plan.refusals if refusal.risk is Risk.OVERRIDE}
    if not held or not (safety.windows or safety.freezes):
        return plan
    changes = tuple(
        replace(change, wait=wait_of(safety, change.address, now))
        if change.address in held and writes(change)
        else change
        for change in plan.changes
    )
    at = first_opening(safety, written(plan.changes), proven)
    return replace(plan, changes=changes, opens=None if at is None else opening(at, safety.zone, now))


def closed_by(safety: Safety, plan: Plan, allowed: Iterable[str]) -> Callable[[Address, float], str]:
    """Return what says why an address may not be changed at a moment, in Unix seconds; "" when it may.

    It may at any time where *allowed*, the values of ``--allow``, or an approval that *plan* uses says so.
    """
    patterns = tuple(allowed)
    approved = {use.approval.allows for use in plan.approvals if use.status is ApprovalStatus.USED}

    def why(address: Address, now: float) -> str:
        wait = wait_of(safety, address, now) if safety.windows or safety.freezes else None
        if wait is None:
            return ""
        risk = Refusal(Risk.OVERRIDE, address, wait.reason)
        if f"{risk.risk}:{address}" in approved or is_allowed(risk, patterns):
            return ""
        return f"{wait.reason}; it {wait.told}"

    return why


def first_opening(safety: Safety, addresses: Collection[Address], after: float) -> float | None:
    """Return the first moment from *after* on at which all *addresses* may be changed; None = not within a year."""
    at, held = after, {_of(safety, address) for address in addresses}
    while at <= after + FARTHEST_S:
        later = max((_opening(windows, freezes, at) for windows, freezes in held), default=at)
        if later == at:
            return at
        at = later
    return None


def opening(at: float, zone: str, now: float) -> Opening:
    """Return the moment *at* in words, by the clocks of *zone*; with the day where it is not that of *now*."""
    then, today = _wall(at, zone), _wall(now, zone)
    day = "" if then.date() == today.date() else f"{then:%Y-%m-%d} "
    return Opening(at, f"{day}{then:%H:%M} {zone}", then.isoformat(timespec="minutes"))


def told_by(zone: str, at: float) -> str:
    """Return a moment for people by the clocks of *zone*, and in UTC."""
    utc = for_people(at)
    return utc if zone == "UTC" else f"{_wall(at, zone):%Y-%m-%d %H:%M} {zone} ({utc})"


def next_time(hour: int, minute: int, zone: str, now: float) -> float:
    """Return when the clocks of *zone* show that time for the first time after *now*; a day that skips it is passed."""
    today = _wall(now, zone).date()
    for later in range(3):
        wall = dt.datetime.combine(today + later * _DAY, dt.time(hour, minute))
        if found := [at for at in _instants(wall, zone) if at > now]:
            return min(found)
    raise AssertionError


def _opening(windows: Collection[Window], freezes: Collection[Freeze], after: float) -> float:
    """Return the first moment from *after* on; or one that is too far away to count."""
    at = after
    while at <= after + FARTHEST_S:
        if windows and not _is_open(windows, at):
            at = min(_next_opening(window, at) for window in windows)
        frozen = [_ends(freeze) for freeze in freezes if _is_frozen(freeze, at)]
        if not frozen:
            break
        at = max(frozen)
    return at


def _is_for(patterns: Iterable[str], address: Address) -> bool:
    return any(fnmatchcase(str(address), pattern) for pattern in patterns)


def _is_open(windows: Iterable[Window], at: float) -> bool:
    return any(_shows(hours, _wall(at, window.zone)) for window in windows for hours in window.hours)


def _shows(hours: Hours, wall: dt.datetime) -> bool:
    """Say whether a clock that shows *wall* is within *hours*."""
    minute, today = wall.hour * 60 + wall.minute, wall.weekday()
    if hours.opens < hours.closes:
        return today in hours.days and hours.opens <= minute < hours.closes
    begun_today = today in hours.days and minute >= hours.opens
    return begun_today or ((today - 1) % 7 in hours.days and minute < hours.closes)


def _next_opening(window: Window, after: float) -> float:
    """Return when *window*, which is closed at *after*, opens next.

    It opens at a time that it names, or when the clocks jump into the middle of its hours.
    """
    day = _wall(after, window.zone).date() - _DAY
    for _ in range(FARTHEST_S // 86_400):
        found = {*_named(window, day), *_jumps(window.zone, day)}
        if opens := [at for at in found if at > after and _is_open([window], at)]:
            return min(opens)
        day += _DAY
    return after + 2 * FARTHEST_S


def _named(window: Window, day: dt.date) -> Iterator[float]:
    for hours in window.hours:
        if day.weekday() in hours.days:
            wall = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=hours.opens)
            yield from _instants(wall, window.zone)


def _jumps(zone: str, day: dt.date) -> Iterator[float]:
    """Yield when the clocks of *zone* are put forward or back about *day*, to the second."""
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()
    for hour in range(0, 24, 6):  # two of them are never that close
        low, high = int(midnight) + hour * 3600, int(midnight) + (hour + 6) * 3600
        before = _offset(low, zone)
        if _offset(high, zone) == before:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
        yield float(high)


def _is_frozen(freeze: Freeze, at: float) -> bool:
    begins = min(_both(freeze.begins, freeze.zone))
    return begins <= at < _ends(freeze)


def _ends(freeze: Freeze) -> float:
    return max(_both(freeze.ends, freeze.zone))


def _instants(wall: dt.datetime, zone: str) -> list[float]:
    """Return when the clocks of *zone* show *wall*: once, twice, or never on the day on which they skip it."""
    return [at for at in _both(wall, zone) if _wall(at, zone).replace(tzinfo=None, fold=0) == wall]


def _both(wall: dt.datetime, zone: str) -> list[float]:
    """Return the one or two moments that *wall* may stand for; of a time that is skipped, just before and after."""
    return [wall.replace(tzinfo=_zone(zone), fold=fold).timestamp() for fold in (0, 1)]


def _wall(at: float, zone: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, _zone(zone))


def _offset(at: float, zone: str) -> dt.timedelta | None:
    return _wall(at, zone).utcoffset()


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 -- most stacks have no windows

    return ZoneInfo(name)
