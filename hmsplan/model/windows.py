"""When what may be changed: windows and freezes, from ``safety:``."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from hmsplan.model.diagnostic import SourceLine

EVERYTHING = ("*",)


@dataclass(frozen=True, slots=True)
class Hours:
    """From when to when on some days of the week, by the clock on the wall.

    Attributes:
        days: on which it opens; 0 is Monday.
        opens, closes: minutes of the day; what closes no later than it opens closes on the next day.
    """

    days: frozenset[int]
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Window:
    """An entry of ``safety.windows``; an address of several is open while one of them is, one of none always.

    Attributes:
        allow: the hours as they are written.
        zone: IANA name of the time zone whose clocks are meant.
        patterns: of the addresses that it is for.
    """

    allow: str
    hours: tuple[Hours, ...]
    zone: str
    patterns: tuple[str, ...] = EVERYTHING
    source: SourceLine | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Freeze:
    """An entry of ``safety.freeze``, which closes whatever windows say.

    Attributes:
        begins, ends: by the clocks of *zone*, the end not included.
        told: from when to when, as it is written.
    """

    begins: dt.datetime
    ends: dt.datetime
    zone: str
    reason: str
    told: str
    patterns: tuple[str, ...] = EVERYTHING
    source: SourceLine | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Opening:
    """A moment from which on something may be changed.

    Attributes:
        at: Unix seconds.
        told: for people, as ``18:00 Europe/Amsterdam``, with the day where that is another one.
        typed: for ``--at``: in ISO 8601, by the same clocks.
    """

    at: float
    told: str
    typed: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a change may not be made yet.

    Attributes:
        reason: which window or freeze; may hold foreign text.
        opening: when it may be made; None = not within a year.
    """

    reason: str
    opening: Opening | None

    @property
    def told(self) -> str:
        """What the change waits for."""
        return f"waits for {self.opening.told}" if self.opening else "waits, and no window opens within a year"
