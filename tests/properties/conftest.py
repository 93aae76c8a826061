"""Folders for the worlds of a search, which survive no power failure."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module", autouse=True)
def _no_power_failure() -> Iterator[None]:
    """A process that dies loses nothing that the system was given, so nobody has to wait for the disk here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a new folder whenever one is asked for."""
    root = tmp_path_factory.mktemp("worlds")
    return (root / str(number) for number in itertools.count())
