"""Where the tests keep a state: one fixture for each storage there is.

Another storage adds its fixture to ``tests/conftest.py`` and the name of it to ``STORES``, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import pytest

from hmsplan.state.backend import open_backend

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.state.backend import Backend

STORES: Final = ["file_store", "postgres_store", "bucket_store"]
"""Names of fixtures that give a ``Store`` with nothing in it."""


class Store(Protocol):
    """One place for the state of the environment ``production``."""

    def open(self) -> Backend:
        """A further view of the same stored state, as another process has it."""


class UrlStore:
    """A store that ``--state`` names by *url*; a relative path in it counts from *root*."""

    def __init__(self, url: str, root: Path) -> None:
        self.url = url
        self.root = root

    def open(self) -> Backend:
        return open_backend(self.url, self.root, "production")


@pytest.fixture
def file_store(tmp_path: Path) -> Store:
    return UrlStore("file", tmp_path)
