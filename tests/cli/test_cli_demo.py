"""``hmsplan demo``: the whole round, played with the real commands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hmsplan.cli import demo

from .helpers import KEY, Cli, process

if TYPE_CHECKING:
    import pytest


def test_the_round_is_played_to_its_end(cli: Cli) -> None:
    """Plan, apply, an empty plan, a change outside, drift, repair, an empty plan."""
    text = cli.ok("demo")
    commands = [line for line in text.splitlines() if line.startswith("$ hmsplan")]
    assert [line.split()[3] for line in commands] == [
        *("validate", "plan", "apply", "plan"),
        *("drift", "plan", "apply", "plan"),
    ]
    assert text.count("No changes.") == 2
    assert "[exit code 2: there is drift]" in text
    assert "Apply complete! 13 added" in text
    assert "What to try next" in text


def test_it_fits_a_terminal_of_80_columns(cli: Cli) -> None:
    """Whatever it prints on stdout; and it is short enough to be read."""
    lines = cli.ok("demo").splitlines()
    assert max(len(line) for line in lines if not line.startswith("$ cd ")) <= 80
    assert len(lines) < 250


def test_the_settings_of_its_user_mean_nothing_to_it(cli: Cli) -> None:
    """Neither key nor endpoint nor state are touched, and all are there again afterwards."""
    mine = {
        "HMS_SOVEREIGN_API_KEY": KEY,
        "HMS_SOVEREIGN_BASE_URL": "https://example.invalid",
        "HMSPLAN_STATE": "s3://mine",
    }
    mine |= {"HMSPLAN_ENV": "nowhere", "HMSPLAN_VAR_BUSINESS_NAME": "Mine"}
    before, here = dict(os.environ), Path.cwd()
    text = cli.ok("demo", **mine)
    assert "Mine" not in text
    assert (dict(os.environ), Path.cwd()) == (before, here)


def test_it_leaves_nothing_behind(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its folder is a temporary one."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    cli.ok("demo")
    assert not list(tmp_path.iterdir())


def test_its_folder_can_be_kept_and_used(cli: Cli, tmp_path: Path) -> None:
    """A plan there goes on where the demo ended."""
    kept = tmp_path / "kept"
    cli.ok("demo", "--fast", "--keep", kept)
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


def test_colour_is_for_terminals(cli: Cli) -> None:
    """And for those who force it; the commands inside follow."""
    assert "\x1b" not in cli.ok("demo")
    coloured = cli.ok("demo", FORCE_COLOR="1")
    assert "\x1b[1m$ hmsplan" in coloured
    assert "\x1b[32m" in coloured


def test_it_runs_in_a_process_without_a_terminal() -> None:
    """As in a build."""
    result = process("demo", "--fast")
    assert result.code == 0, result
