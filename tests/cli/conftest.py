"""Nothing of the machine's own settings reaches a test, and nothing of a test reaches another."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

import pytest

from hmsplan.emulator import Emulator, Settings, running

from .helpers import ASSISTANT, KEY, NUMBER, STACK, Cli, Result, is_ours, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OTHERS = (
    "NO_COLOR",
    "FORCE_COLOR",
    "CI",
    "GITHUB_ACTIONS",
    "GITHUB_RUN_ID",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_WORKSPACE",
    "COLUMNS",
    *(f"{name}_proxy" for name in ("http", "https", "all", "no")),
    *(f"{name}_PROXY" for name in ("HTTP", "HTTPS", "ALL", "NO")),
)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*filter(is_ours, os.environ), *OTHERS]:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(capsys, monkeypatch)


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Return a stack of one assistant and one protected number."""
    return write(tmp_path / "stack", {"hmsplan.yaml": STACK, "a.yaml": ASSISTANT, "n.yaml": NUMBER})


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(settings=Settings(rate_limit=None)) as made:
        yield made


@pytest.fixture
def online(emulator: Emulator, cli: Cli) -> Iterator[Callable[..., Result]]:
    """Return a function that runs a command against an API with a socket."""
    with running(emulator) as url:

        def call(*args: str | Path, **env: str) -> Result:
            return cli(*args, **{"HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": KEY, **env})

        yield call


@pytest.fixture
def live(online: Callable[..., Result], stack: Path) -> Callable[..., Result]:
    """Return a function that runs a command on the stack against an API with a socket."""
    return functools.partial(online, "-C", stack)
