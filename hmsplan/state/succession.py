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


def refuse_older(state: State, stored: Version, place: str) -> None:
    """Refuse to put *state* where one of the version *stored* is that it does not continue.

    Raises:
        StateError: it is older, or of another lineage.
    """
    lineage, serial = stored
    if lineage not in (None, state.lineage) or state.serial < serial:
        raise StateError(
            f"{version(state.lineage, state.serial)} cannot take the place of {version(lineage, serial)} in {place}, "
            "which it does not continue. If it should, type\n  hmsplan state push --force FILE\nA backup is kept"
        )


def changed_meanwhile(place: str, found: Version, known: Version) -> StateError:
    """Tell that *place* holds *found*, though this run had read *known*."""
    return StateError(
        f"{place} holds {version(*found)}, this run had read {version(*known)}: another run wrote in between. "
        "Run the command again"
    )
