"""An apply of a fleet that ended before its last wave: how far it came, and what is left of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hmsplan.fleet.report import MOST_NAMES
from hmsplan.output.words import some
from hmsplan.text.timestamps import for_people, iso

if TYPE_CHECKING:
    from hmsplan.fleet.journal import Progress


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What is left of an apply.

    Attributes:
        wave: the number of the wave it is at, from 1.
        waves: how many there are.
        left: members that were reviewed and are not applied.
        due: when that wave may begin, in Unix seconds; None = at once.
    """

    wave: int
    waves: int
    left: tuple[str, ...]
    due: float | None = None

    @property
    def told(self) -> str:
        """Say how far it is, and which members are left."""
        due = f" It is due at {for_people(self.due)}." if self.due is not None else ""
        return f"It is at wave {self.wave} of {self.waves}.{due} Not applied yet: {some(self.left, MOST_NAMES)}."

    @property
    def json(self) -> dict[str, Any]:
        """The same for machines."""
        due = iso(round(self.due)) if self.due is not None else None
        return {"wave": self.wave, "waves": self.waves, "left": list(self.left), "due": due}


def unfinished(progress: Progress | None) -> Unfinished | None:
    """Return what is left of an apply; None when nothing is."""
    if progress is None:
        return None
    waves = [
        [name for name in wave if name in progress.reviewed and name not in progress.done] for wave in progress.waves
    ]
    if not any(waves):
        return None
    number = next(number for number, wave in enumerate(waves) if wave)
    due = None if number in progress.begun else due_at(progress, number)
    return Unfinished(number + 1, len(waves), tuple(name for wave in waves for name in wave), due)


def due_at(progress: Progress, number: int) -> float | None:
    """Return when a wave, counted from 0, may begin, in Unix seconds; None = at once."""
    after_s = progress.after_s[number]
    return progress.ended + after_s if after_s and progress.ended is not None else None
