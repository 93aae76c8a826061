"""A state on its way from one backend to another: whole, with its lineage and serial, or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hmsplan.errors import StateError
from hmsplan.formats.history_file import number_of
from hmsplan.model import State
from hmsplan.state.succession import version

if TYPE_CHECKING:
    from hmsplan.state.backend import Backend


def migrate(source: Backend, target: Backend, owner: str) -> State:
    """Copy the state of *source* to *target*, with its history, under both locks; the source is left as it is.

    The state is read back.

    Doing it again does no harm: what is there already is left alone.

    Raises:
        StateError: there is no state to copy; *target* has one that this does not continue; or it is not the same
            when it is read back.
        StateLocked: somebody holds one of the two.
    """
    if source.describe() == target.describe():
        raise StateError(f"{source.describe()} is where the state is already")
    if source.load() is None:  # seen before a lock makes a folder for it
        raise StateError(f"there is no state in {source.describe()}")
    with source.lock(owner), target.lock(owner):
        state = source.load()
        if state is None:
            raise StateError(f"there is no state in {source.describe()} any more")
        stored = target.load()
        if stored is not None and stored != state:
            _refuse(state, stored, target.describe())
        _copy_history(source, target)
        if stored != state:
            target.push(state, force=stored is not None)
        if target.load() != state:
            raise StateError(
                f"what was written to {target.describe()} reads differently. Go on using {source.describe()}, and "
                "report this as a bug"
            )
    return state


def _copy_history(source: Backend, target: Backend) -> None:
    """Copy the applies that *target* does not remember yet."""
    last = target.last_line()
    for line in source.storage.history(last.number + 1 if last is not None else 0):
        target.storage.remember(number_of(line) or 0, line, 0)


def _refuse(state: State, stored: State, place: str) -> None:
    is_empty = replace(stored, lineage="", serial=0) == State(lineage="")
    if state.serial > stored.serial and (is_empty or state.lineage == stored.lineage):
        return
    raise StateError(
        f"{place} holds {version(stored.lineage, stored.serial)}, which {version(state.lineage, state.serial)} does "
        "not continue. If it is worthless, choose another place or delete it there; if it is the better one, there "
        "is nothing to migrate"
    )
