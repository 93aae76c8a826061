"""--target and --exclude with patterns: what is planned, saved, printed and applied is the same choice."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from .helpers import Cli, write

MORE = "assistants:\n  desk: {name: Desk, first_message: Hi}\n  night: {name: Night, first_message: Hi}\n"


@pytest.fixture
def words(stack: Path) -> tuple[str, ...]:
    write(stack, {"more.yaml": MORE})
    return ("-C", str(stack), "--emulator")


def created(said: str) -> str:
    (line,) = [line for line in said.splitlines() if line.lstrip().startswith("+ create")]
    return line.split(maxsplit=3)[3]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (("--target", "assistants.*"), "assistants.desk, assistants.night, assistants.support"),
        (("--target", "*.main"), "assistants.support, numbers.main"),
        (("--exclude", "assistants.support"), "assistants.desk, assistants.night"),
        (("--target", "assistants.*", "--exclude", "*.n?ght"), "assistants.desk, assistants.support"),
    ],
)
def test_a_pattern_is_planned_saved_checked_and_applied(
    cli: Cli, words: tuple[str, ...], tmp_path: Path, scope: tuple[str, ...], expected: str
) -> None:
    file = tmp_path / "p"
    assert created(cli.ok(*words, "plan", *scope, "-o", file, COLUMNS="120")) == expected
    assert created(cli.ok("show", file, COLUMNS="120")) == expected
    assert "still holds" in cli.ok(*words, "plan", "--check", file)
    cli.ok(*words, "apply", file)
    assert "No changes" in cli.ok(*words, "plan", *scope)
    state = cli.ok(*words, "state", "list")
    assert all((address in state) == (address in expected) for address in ("assistants.desk", "numbers.main"))


def test_the_command_that_allows_a_risk_has_the_scope_and_can_be_typed(cli: Cli, words: tuple[str, ...]) -> None:
    cli.ok(*words, "apply", "-y")
    root = words[1]
    (Path(root) / "n.yaml").write_text("")
    said = cli(*words, "plan", "--target", "numbers.*", "--exclude", "*.desk").out
    (command,) = {line.strip() for line in said.splitlines() if line.lstrip().startswith("hmsplan ")}
    assert "'--target=numbers.*' '--exclude=*.desk'" in command
    assert cli(*shlex.split(command)[1:], "-y").code == 0


@pytest.mark.parametrize("option", ["--target", "--exclude"])
@pytest.mark.parametrize("value", ["assistants", "", "Assistants.a", "a.b.c", "numbers.[a]"])
def test_what_can_mean_no_address_is_an_error(cli: Cli, option: str, value: str) -> None:
    result = cli("plan", option, value)
    assert result.code == 1
    assert "write it as kind.key" in " ".join(result.err.split())


def test_a_saved_plan_is_not_applied_with_another_exclusion(cli: Cli, words: tuple[str, ...], tmp_path: Path) -> None:
    cli.ok(*words, "plan", "--exclude", "*.desk", "-o", tmp_path / "p")
    result = cli(*words, "apply", tmp_path / "p", "--exclude", "*.night")
    assert result.code == 5
    assert "the plan leaves out *.desk, this one *.night" in " ".join(result.err.split())
