"""``hmsplan demo``: the whole round, played with the real commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from hmsplan.cli import demo

from .helpers import KEY, Cli, Result, environment, process

if TYPE_CHECKING:
    from collections.abc import Mapping

MINE: Final[Mapping[str, str]] = {
    "HMS_SOVEREIGN_API_KEY": KEY,
    "HMS_SOVEREIGN_BASE_URL": "https://example.invalid",
    "HMSPLAN_STATE": "s3://mine",
    "HMSPLAN_ENV": "nowhere",
    "HMSPLAN_VAR_BUSINESS_NAME": "Mine",
}
"""Settings of the user, which mean nothing to the demo."""


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder for temporary ones of ``played``."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def played(temporary: Path) -> Result:
    """Play it in a process without a terminal, as in a build, for all tests that look at what it left and said."""
    result = process("demo", **MINE, TMPDIR=str(temporary))
    assert result.code == 0, result
    return result


def test_the_round_is_played_to_its_end(played: Result) -> None:
    """Plan, apply, an empty plan, a change outside, drift, repair, an empty plan."""
    text = played.out
    commands = [line for line in text.splitlines() if line.startswith("$ hmsplan")]
    assert [line.split()[3] for line in commands] == [
        *("validate", "plan", "apply", "plan"),
        *("drift", "plan", "apply", "plan"),
    ]
    assert text.count("No changes.") == 2
    assert "[exit code 2: there is drift]" in text
    assert "Apply complete! 13 added" in text
    assert "What to try next" in text


def test_it_fits_a_terminal_of_80_columns(played: Result) -> None:
    """Whatever it prints on stdout; and it is short enough to be read."""
    lines = played.out.splitlines()
    assert max(len(line) for line in lines if not line.startswith("$ cd ")) <= 80
    assert len(lines) < 250


def test_it_leaves_nothing_behind(played: Result, temporary: Path) -> None:
    """Its folder is a temporary one."""
    assert f"$ cd {temporary}/hmsplan-demo-" in played.out
    assert not list(temporary.iterdir())


def test_its_folder_can_be_kept_and_used(cli: Cli, tmp_path: Path) -> None:
    """A plan there goes on where the demo ended."""
    kept = tmp_path / "kept here"
    told = cli.ok("demo", "--fast", "--keep", kept).split("What to try next:\n\n")[1].splitlines()
    prompt = kept / "prompts/balie.md"
    before = prompt.read_text("utf-8")
    prompt.write_text(f"{before}\nZeg altijd gedag.\n", "utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    words = ["sh", "-ec", "\n".join(told[:2])]
    typed = subprocess.run(words, env=environment(PATH=path), capture_output=True, text=True, check=False)
    assert (typed.returncode, "Plan: 0 to add, 1 to change" in typed.stdout) == (0, True), typed
    prompt.write_text(before, "utf-8")
    common = ("-C", kept, "-e", "staging", "--secrets-file", kept / "secrets.example.env", "--emulator")
    assert cli(*common, "plan", "--detailed-exitcode").code == 0
    assert len(cli(*common, "state", "list").out.splitlines()) == 14


def test_a_folder_that_holds_something_is_not_used(cli: Cli, tmp_path: Path) -> None:
    """Nothing of it is overwritten."""
    (tmp_path / "hmsplan.yaml").write_text("mine", "utf-8")
    result = cli("demo", "--keep", tmp_path)
    assert result.code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["hmsplan.yaml"]


def test_a_surprise_fails_the_demo(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no show: a command that ends otherwise than it should ends the demo with 1."""
    monkeypatch.setattr(demo, "_meddle", lambda _: None)
    result = cli("demo")
    assert result.code == 1
    assert "The demo went wrong" in result.err
    assert "drift" in result.err


def test_the_settings_of_its_user_mean_nothing_to_it(played: Result) -> None:
    """Neither key nor endpoint nor state are touched."""
    assert "Mine" not in played.out


def test_colour_is_for_terminals(played: Result, cli: Cli) -> None:
    """And for those who force it; the commands inside follow. What a process is set to is what it was, afterwards."""
    assert "\x1b" not in played.out
    before, here = dict(os.environ), Path.cwd()
    coloured = cli.ok("demo", FORCE_COLOR="1", **MINE)
    assert (dict(os.environ), Path.cwd()) == (before, here)
    assert "Mine" not in coloured
    assert "\x1b[1m$ hmsplan" in coloured
    assert "\x1b[32m" in coloured
