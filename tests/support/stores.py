"""Where the tests keep a state: one fixture for each storage there is.

Another storage adds its fixture to ``tests/conftest.py`` and the name of it to ``STORES``, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import pytest

from hmsplan.state.backend import new_state, open_backend
from hmsplan.state.journal import replay

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hmsplan.model import State
    from hmsplan.state.backend import Backend
    from hmsplan.state.journal import Entry

STORES: Final = ["file_store", "postgres_store", "bucket_store"]
"""Names of fixtures that give a ``Store`` with nothing in it."""


class Store(Protocol):
    """One place for the state of the environment ``production``.

    Attributes:
        url: what ``--state`` names it by; a relative path counts from *root*.
    """

    url: str
    root: Path

    def open(self) -> Backend:
        """A further view of the same stored state, as another process has it."""


class UrlStore:
    """A store that ``--state`` names by *url*; a relative path in it counts from *root*."""

    def __init__(self, url: str, root: Path) -> None:
        self.url = url
        self.root = root

    def open(self) -> Backend:
        return open_backend(self.url, self.root, "production")


def begin(store: Store, entries: Sequence[Entry] = ()) -> State:
    """Store a new state and *entries*."""
    backend = store.open()
    state = new_state()
    with backend.lock("test"):
        backend.load()
        backend.save(state)
        if entries:
            backend.append(entries)
    return replay(state, entries)


@pytest.fixture
def file_store(tmp_path: Path) -> Store:
    return UrlStore("file", tmp_path)
