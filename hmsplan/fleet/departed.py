"""Members that left the fleet file, or have another name in it now, and whose state stays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hmsplan.config.load import DEFAULT_ENVIRONMENT, load_settings
from hmsplan.errors import HmsplanError
from hmsplan.fleet.worker import member_state
from hmsplan.state.backend import is_folder, open_backend

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.fleet.values import Member


def departed(root: Path, members: Iterable[Member], state: str | None) -> dict[str, str]:
    """Return name to folder of each state in a folder that none of *members* has; a database is not looked through.

    Args:
        root: the folder of the fleet file.
        members: all of the file.
        state: URL below which every member has a state of its own; None = what its stack says.
    """
    known = {member.name for member in members}
    stacks = {member.stack: member for member in members}
    return {
        folder.name: str(folder.relative_to(root) if folder.is_relative_to(root) else folder)
        for member in stacks.values()
        for folder in _states_beside(root / member.stack, member.name, state)
        if folder.name not in known
    }


def _states_beside(stack: Path, name: str, state: str | None) -> Iterator[Path]:
    """Yield the folders of members in which there is a state; a stack that cannot be read is told elsewhere."""
    try:
        url = state or load_settings(stack).state
        if not is_folder(url):
            return
        own = Path(open_backend(member_state(url, name), stack, DEFAULT_ENVIRONMENT).describe()).parents[1]
        yield from sorted(folder for folder in own.parent.glob("*") if any(folder.glob("*/state.json")))
    except (HmsplanError, OSError):
        return
