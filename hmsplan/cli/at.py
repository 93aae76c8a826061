"""``--at``: a moment to judge windows by, or to wait for."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from hmsplan.errors import HmsplanError
from hmsplan.planner.windows import FARTHEST_S, next_time, told_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmsplan.cli.options import Decorated
    from hmsplan.model import Safety, Stack
    from hmsplan.planner.planner import Options

WINDOW: Final = "window"
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_HOW: Final = (
    "write 18:00, 2026-11-30T18:00, 2026-11-30T18:00+01:00, or window for the first moment that all may be done"
)


def _readable(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None or value == WINDOW or _CLOCK.fullmatch(value) or _iso(value) is not None:
        return value
    raise click.BadParameter(f"{value!r} is not a moment; {_HOW}", ctx, param)


def at_option(text: str) -> Callable[[Decorated], Decorated]:
    """Return the option, with *text* as its help."""
    return click.option("--at", callback=_readable, metavar="TIME", help=text)


def with_moment(choice: Options, at: str | None, stack: Stack, now: float) -> Options:
    """Return *choice*, with windows judged as of *at*.

    A time without an offset is by the clocks of the windows' zone, if they have but one, else by those of this machine.

    Args:
        choice: the other options.
        at: as it was typed; None = now.
        stack: has the windows.
        now: Unix seconds.

    Raises:
        HmsplanError: the moment is over, or more than a year away.
    """
    if at is None:
        return choice
    if at == WINDOW:
        return replace(choice, at_opening=True)
    found = _moment(at, _zone(stack.safety), now)
    if found < now:
        raise HmsplanError(
            f"--at {at} is over: it was {told_by(stack.safety.zone, found)}. Leave --at out to plan as of now",
            summary="Moment is over",
        )
    if found > now + FARTHEST_S:
        raise HmsplanError(f"--at {at} is more than a year away", summary="Moment is too far away")
    return replace(choice, at=found)


def _moment(at: str, zone: str | None, now: float) -> float:
    if clock := _CLOCK.fullmatch(at):
        hour, minute = int(clock[1]), int(clock[2])
        return _next_here(hour, minute, now) if zone is None else next_time(hour, minute, zone, now)
    read = _iso(at)
    if read is None:
        raise AssertionError
    if read.tzinfo is None and zone is not None:
        from zoneinfo import ZoneInfo  # noqa: PLC0415 -- only for such a time

        read = read.replace(tzinfo=ZoneInfo(zone))
    return read.timestamp()


def _iso(text: str) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(text) if len(text) > len("2026-11-30") else None
    except ValueError:
        return None
    return found if found is not None and found.year > dt.MINYEAR else None  # some zone cannot tell it


def _zone(safety: Safety) -> str | None:
    zones = {window.zone for window in safety.windows} or {freeze.zone for freeze in safety.freezes}
    return zones.pop() if len(zones) == 1 else None


def _next_here(hour: int, minute: int, now: float) -> float:
    """Return when the clocks of this machine show that time next."""
    today = dt.datetime.fromtimestamp(now)  # noqa: DTZ006 -- its own zone is meant
    at = today.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return next(found.timestamp() for found in (at, at + dt.timedelta(days=1)) if found.timestamp() > now)
