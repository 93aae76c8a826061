"""What tests of single kinds share: worlds with settings of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.stacks import SECRETS
from support.world import World

from hmsplan.emulator import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Return a function that makes a world from settings of the emulator."""
    worlds = []

    def make(**settings: Any) -> World:
        worlds.append(World(tmp_path / "stack", Settings(rate_limit=None, **settings), environ=SECRETS))
        return worlds[-1]

    yield make
    for world in worlds:
        world.emulator.close()
