"""``errored.state.json``: what an apply did, when the storage of the state refused to take it."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hmsplan.errors import StateError

if TYPE_CHECKING:
    from hmsplan.cli.options import Globals
    from hmsplan.model import State

_FILE: Final = "errored.state.json"


def rescue_file(options: Globals) -> Path:
    """Name the file beside the stack that keeps the state of the chosen environment."""
    return options.directory / (f"errored.{options.environment}.state.json" if options.environment else _FILE)


def refuse_unpushed(options: Globals, stored: State | None) -> None:
    """Refuse to go on from a *stored* state that lacks what an earlier apply did.

    Raises:
        StateError: that apply kept it in a file that is not pushed yet.
    """
    file = rescue_file(options)
    if not file.is_file():
        return
    from hmsplan.formats.state_file import parse  # noqa: PLC0415 -- such a file is seldom there

    kept = parse(file.read_bytes(), str(file))
    if stored is None or (kept.lineage == stored.lineage and kept.serial > stored.serial):
        raise StateError(
            f"{file} holds what an earlier apply did and could not store; without it, objects would be made twice. If "
            f"you know that it is worthless, delete it. Otherwise type\n  {_push(options, file)}",
            summary="State is not up to date",
        )


def rescue(state: State, options: Globals, error: StateError) -> StateError:
    """Keep *state* in a file, and give the error that says where and how to bring it back.

    Beside the stack; where that cannot be, in the folder for temporary files; and at the last in the error itself.
    """
    from hmsplan.formats.state_file import dump  # noqa: PLC0415 -- seldom needed
    from hmsplan.state.file.durable import replace_file  # noqa: PLC0415

    data = dump(state)
    for file in _candidates(options, state):
        try:
            replace_file(file, data)
        except OSError:
            continue
        return StateError(
            f"{error.detail}\nWhat this run did is kept in {file} (sha256 {hashlib.sha256(data).hexdigest()}); without "
            f"it, the next run would not know of it. When the storage is back, type\n  {_push(options, file)}",
            summary="State not stored",
        )
    return StateError(
        f"{error.detail}\nNo file could be written either. Keep the lines from the brace on as {_FILE}; when the "
        f"storage is back, type\n  {_push(options, Path(_FILE))}\n {data.decode()}",
        summary="State not stored",
    )


def _candidates(options: Globals, state: State) -> list[Path]:
    from hmsplan.formats.state_file import parse  # noqa: PLC0415 -- seldom needed

    beside = rescue_file(options)
    try:
        is_another = beside.exists() and parse(beside.read_bytes()).lineage != state.lineage
    except (OSError, StateError):
        is_another = True
    found = [] if is_another else [beside]  # what another state left there is worth as much
    try:
        return [*found, Path(tempfile.mkdtemp(prefix="hmsplan-")) / beside.name]
    except OSError:
        return found


def _push(options: Globals, file: Path) -> str:
    """Write the command that pushes *file*; a password in the address of the state is not repeated."""
    return replace(options, variables={}, secrets=[], secrets_file=None).command("state", "push", str(file))
