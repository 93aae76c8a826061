"""What somebody meets who is new here: mistakes are named first, and what is offered can be typed."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.state.file.lock import FolderLock

from .helpers import Cli, Result, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def applied(cli: Cli, stack: Path) -> tuple[str, ...]:
    """Return the words in front of a command, for a stack that its emulator holds."""
    words = ("-C", str(stack), "--emulator")
    cli.ok(*words, "apply", "-y")
    return words


def offered(text: str) -> list[str]:
    """Return the commands that a text offers, without their first word."""
    return [line.strip().removeprefix("hmsplan ") for line in text.splitlines() if line.startswith("  hmsplan ")]


def test_what_an_export_of_an_emulator_offers_works(cli: Cli, applied: tuple[str, ...], tmp_path: Path) -> None:
    """Its new folder has an emulator of its own, which holds nothing yet."""
    said = cli(*applied, "export", tmp_path / "new").err
    (command,) = offered(said)
    assert cli(*shlex.split(command)).code == 0
    assert "knows none of these objects" in said


def test_a_plan_of_another_environment_is_said_to_be_one(
    online: Callable[..., Result], stack: Path, tmp_path: Path
) -> None:
    """Before the organization of the key is held against it."""
    other = "6f9d2c1e-0000-4000-8000-000000000001"
    write(stack, {"environments/one.yaml": "", "environments/two.yaml": f"organization: {other}\n"})
    online("-C", stack, "-e", "one", "plan", "-o", tmp_path / "p")
    for command in (("apply", tmp_path / "p"), ("plan", "--check", tmp_path / "p")):
        result = online("-C", stack, "-e", "two", *command)
        assert result.code == 5
        assert "the plan is for environment one, this is environment two" in " ".join(result.err.split())
        assert other not in result.err


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("state", "mv", "numbers.main", "numbers.desk"), {"moved": {"from": "numbers.main", "to": "numbers.desk"}}),
        (("state", "rm", "numbers.main"), {"forgotten": ["numbers.main"]}),
        (("state", "unlock"), {"unlocked": False, "holder": None}),
        (("state", "rename-stack", "small"), {"stack": "small", "was": "small"}),
        (("snapshot", "-o", "picture"), {"file": "picture", "objects": 3, "leads": 0, "unknown_leads": 0}),
    ],
)
def test_machines_are_told_what_was_done(
    cli: Cli,
    applied: tuple[str, ...],
    command: tuple[str, ...],
    expected: dict[str, Any],
    monkeypatch: Any,
    tmp_path: Path,
) -> None:
    """With --json, on stdout."""
    monkeypatch.chdir(tmp_path)
    result = cli(*applied, "--json", *command)
    assert (result.code, result.json) == (0, {"format_version": "1.0", **expected})


def test_a_folder_that_cannot_be_written_comes_with_advice(
    cli: Cli, stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an apply cannot lock, and where the setup is checked."""

    def refused(self: FolderLock) -> None:
        raise PermissionError(13, "Permission denied", str(self._folder))

    monkeypatch.setattr(FolderLock, "_make_folder", refused)
    said = " ".join(cli("-C", stack, "--emulator", "apply", "-y").err.split())
    assert "cannot lock" in said
    assert "--state URL" in said
    monkeypatch.setattr("os.access", lambda _path, mode: mode != os.W_OK)
    (lock,) = (
        check for check in cli("-C", stack, "--emulator", "doctor", "--json").json["checks"] if check["name"] == "lock"
    )
    assert lock["status"] == "note"
    assert "may not write" in lock["detail"]


def test_sentences_fit_80_columns(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Also where the name of the folder is long, and where stderr is a pipe; a path stays whole."""
    monkeypatch.chdir(tmp_path)
    said = [cli("init", "a-clinic-in-utrecht", "--ci", "github", "--install", "0.1.0")]
    cli.ok("-C", "a-clinic-in-utrecht", "--emulator", "apply", "-y")
    said += [cli("-C", "a-clinic-in-utrecht", "--emulator", "export", "new")]
    lines = [line for each in said for line in f"{each.out}\n{each.err}".splitlines()]
    assert [line for line in lines if len(line) > 80 and "/" not in line] == []


def test_the_log_stands_in_columns(cli: Cli, applied: tuple[str, ...]) -> None:
    """However long the name of the folder is that speaks."""
    lines = [line for line in cli(*applied, "-v", "plan").err.splitlines() if " s  " in line]
    assert len({line.partition(" s  ")[2][:12].rstrip() for line in lines}) > 1
    assert {line.partition(" s  ")[2][10:12] for line in lines} == {"  "}


def test_no_time_at_all_is_said_to_be_none(cli: Cli, stack: Path) -> None:
    """0s is a number with an s behind it."""
    assert "leaves no time" in " ".join(cli("-C", stack, "plan", "--timeout", "0s").err.split())


@pytest.mark.parametrize("target", ["assistants.suport", "assistant.support"])
def test_a_target_that_does_not_exist_is_guessed(cli: Cli, stack: Path, target: str) -> None:
    """As a command and a field are."""
    result = cli("-C", stack, "--emulator", "plan", "--target", target)
    assert "Did you mean assistants.support?" in " ".join(result.err.split())
