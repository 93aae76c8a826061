"""The files of a stack that several members share."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from hmsplan.config.load import load_settings, read_files

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.config.declarations import Sources
    from hmsplan.config.settings import Settings


class SharedFiles:
    """The files of the stacks of several members: parsed once, so that all of them see the same ones.

    What is parsed is never changed; values of variables and secrets are filled into copies.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[tuple[Path, str | None], Sources] = {}
        self._settings: dict[Path, Settings] = {}

    def of(self, root: Path, environment: str | None) -> Sources:
        """Return those of the stack in *root*; see ``read_files``."""
        with self._lock:
            if (root, environment) not in self._found:
                self._found[root, environment] = read_files(root, environment)
            return self._found[root, environment]

    def settings(self, root: Path) -> Settings:
        """Return what hmsplan.yaml in *root* says of the stack; see ``load_settings``."""
        with self._lock:
            if root not in self._settings:
                self._settings[root] = load_settings(root)
            return self._settings[root]
