"""A stack with canaries, an API that tells, and a command line whose every trace is kept."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from canaries import rig
from canaries.leaks import found, found_below
from hmsplan.cli.root import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hmsplan.emulator import Emulator


@dataclass(frozen=True, slots=True)
class Rig:
    """Runs commands, and looks for canaries in what they leave behind."""

    root: Path
    stack: Path
    secrets_file: Path
    emulator: Emulator
    telltale: rig.Telltale
    capsys: pytest.CaptureFixture[str]
    ran: set[str] = field(default_factory=set)

    def run(self, *words: str, code: int | None = 0) -> str:
        """Run one command at its most talkative; return all it said."""
        command = [*words, "-vvv", "-C", str(self.stack), "--secrets-file", str(self.secrets_file)]
        got = run(command)
        self.ran.add(words[0])
        said = self.capsys.readouterr()
        text = f"{said.out}\n{said.err}"
        assert code is None or got == code, (words, got, text)
        assert not found(text.encode(), rig.ALL), (words, text)
        return text

    def check_files(self) -> None:
        """Fail when a file below the root holds a canary, but for the one that has to."""
        assert found_below(self.root, rig.ALL, apart_from=[self.secrets_file]) == []


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let nothing in from the machine, everything out only below the root, and leave the last filter out of it.

    What is printed has to be without secrets before it is filtered.
    """
    monkeypatch.setattr("hmsplan.cli.terminal.cut", lambda text: text)
    for name in list(os.environ):
        if name.startswith(("HMS_", "HMSPLAN_", "GITHUB_")) or name.lower().endswith("_proxy") or name == "CI":
            monkeypatch.delenv(name)
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "TMPDIR"))


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Rig]:
    for name, value in rig.environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("hmsplan.api.client.backoff", lambda *_: 0.0)
    stack, secrets_file = rig.write(tmp_path)
    monkeypatch.chdir(stack)
    with rig.api() as (emulator, telltale, url):
        monkeypatch.setenv("HMS_SOVEREIGN_BASE_URL", url)
        yield Rig(tmp_path, stack, secrets_file, emulator, telltale, capsys)
