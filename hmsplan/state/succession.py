"""Which state may take the place of which; pure, and the same for every backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from hmsplan.errors import StateError

if TYPE_CHECKING:
    from hmsplan.model import State


Version: TypeAlias = tuple[str | None, int]
"""Lineage and serial."""

NEVER: Final[Version] = (None, -1)
"""The version of a place where there has never been a state."""


def version(lineage: str | None, serial: int) -> str:
    """Name a state by its lineage and serial; no lineage = there has never been one."""
    return f"serial {serial} of lineage {lineage}" if lineage else "no state"


def refuse_backward(state: State, lineage: str | None, serial: int, place: str) -> None:
    """Refuse to save *state* where one of *lineage* and *serial* is stored that it does not continue.

    Raises:
        StateError: it is older, or of another lineage.
    """
    if lineage not in (None, state.lineage) or state.serial < serial:
        raise StateError(
            f"{version(state.lineage, state.serial)} cannot take the place of {version(lineage, serial)} in {place}; "
            "if it should, type\n  hmsplan state push --force FILE"
        )


def refuse_older(state: State, stored: State) -> None:
    """Refuse to push *state* over a stored one that it does not continue.

    Raises:
        StateError: it is older, or of another lineage.
    """
    if state.lineage != stored.lineage or state.serial < stored.serial:
        raise StateError(
            f"{version(stored.lineage, stored.serial)} is stored, which {version(state.lineage, state.serial)} does "
            "not continue. To put it there all the same, add --force; a backup is kept"
        )


def changed_meanwhile(place: str, found: Version, known: Version) -> StateError:
    """Tell that *place* holds *found*, though this run had read *known*."""
    return StateError(
        f"{place} holds {version(*found)}, this run had read {version(*known)}: another run wrote in between. "
        "Run the command again"
    )
