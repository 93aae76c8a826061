"""The files of a stack that several members share."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from hmsplan.config.load import read_files

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.config.build import Sources


class SharedFiles:
    """The files of the stacks of several members: parsed once, so that all of them see the same ones.

    What is parsed is never changed; values of variables and secrets are filled into copies.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[tuple[Path, str | None], Sources] = {}

    def of(self, root: Path, environment: str | None) -> Sources:
        """Return those of the stack in *root*; see ``read_files``."""
        with self._lock:
            if (root, environment) not in self._found:
                self._found[root, environment] = read_files(root, environment)
            return self._found[root, environment]
