"""Nothing of the machine's own settings reaches a test, and nothing of a test reaches another."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from .helpers import ASSISTANT, NUMBER, STACK, Cli, is_ours, write

if TYPE_CHECKING:
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
