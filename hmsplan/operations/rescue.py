"""``errored.state.json``: what an apply did, when the storage of the state refused to take it."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hmsplan.errors import StateError
from hmsplan.output.commands import BARE, CommandLine

if TYPE_CHECKING:
    from hmsplan.model import State


def rescue_file(root: Path, *words: str) -> Path:
    """Name the file beside a stack that keeps a state; *words* say whose, such as the environment."""
    return root / ".".join(["errored", *words, "state.json"])


@dataclass(frozen=True, slots=True)
class Rescue:
    """Keeps the state of one stack and environment where its storage does not.

    Attributes:
        file: where, see ``rescue_file``.
        commands: what belongs into the command that brings the state back.
    """

    file: Path
    commands: CommandLine = BARE

    def refuse_unpushed(self, stored: State | None) -> None:
        """Refuse to go on from a *stored* state that lacks what an earlier apply did.

        Raises:
            StateError: that apply kept it in a file that is not pushed yet.
        """
        if not self.file.is_file():
            return
        from hmsplan.formats.state_file import parse  # noqa: PLC0415 -- such a file is seldom there

        kept = parse(self.file.read_bytes(), str(self.file))
        if stored is None or (kept.lineage == stored.lineage and kept.serial > stored.serial):
            raise StateError(
                f"{self.file} holds what an earlier apply did and could not store; without it, objects would be made "
                "twice. If you know that it is worthless, delete it. Otherwise type\n"
                f"  {self._push(self.file)}",
                summary="State is not up to date",
            )

    def keep(self, state: State, error: StateError) -> StateError:
        """Keep *state* in a file, and give the error that says where and how to bring it back.

        Beside the stack; where that cannot be, in the folder for temporary files; and at the last in the error itself.
        """
        from hmsplan.formats.state_file import dump  # noqa: PLC0415 -- seldom needed
        from hmsplan.state.file.durable import replace_file  # noqa: PLC0415

        data = dump(state)
        for file in self._candidates(state):
            try:
                replace_file(file, data)
            except OSError:
                continue
            return StateError(
                f"{error.detail}\nWhat this run did is kept in {file} (sha256 {hashlib.sha256(data).hexdigest()}); "
                "without it, the next run would not know of it. When the storage is back, type\n"
                f"  {self._push(file)}",
                summary="State not stored",
            )
        return StateError(
            f"{error.detail}\nNo file could be written either. Save the lines from the brace on as {self.file.name}; "
            f"when the storage is back, type\n  {self._push(Path(self.file.name))}\n {data.decode()}",
            summary="State not stored",
        )

    def _candidates(self, state: State) -> list[Path]:
        from hmsplan.formats.state_file import parse  # noqa: PLC0415 -- seldom needed

        try:
            is_another = self.file.exists() and parse(self.file.read_bytes()).lineage != state.lineage
        except (OSError, StateError):
            is_another = True
        found = [] if is_another else [self.file]  # what another state left there is worth as much
        try:
            return [*found, Path(tempfile.mkdtemp(prefix="hmsplan-")) / self.file.name]
        except OSError:
            return found

    def _push(self, file: Path) -> str:
        return self.commands.command("state", "push", str(file))
