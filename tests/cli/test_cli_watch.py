"""plan --watch on a terminal: it plans again when a file changes, says which, and ends with Ctrl-C alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .helpers import Cli, write
from .terminals import terminal

if TYPE_CHECKING:
    from pathlib import Path

SECOND = "assistants:\n  night: {name: Night, first_message: Hi}\n"


def test_the_plan_on_the_screen_is_that_of_the_files(stack: Path) -> None:
    with terminal("-C", str(stack), "--emulator", "plan", "--watch", columns=60) as shown:
        said = shown.until("Ctrl-C ends")
        assert "Plan: 2 to add" in said
        assert "Watching 3 files. Ctrl-C ends." in said
        write(stack, {"night.yaml": SECOND})
        said = shown.until("Ctrl-C ends", 2)
        assert "Planned again: night.yaml changed." in said
        assert "Plan: 3 to add" in said
        write(stack, {"night.yaml": "assistants: ["})
        said = shown.until("Ctrl-C ends", 3)
        assert "Unclosed bracket" in said
        (stack / "night.yaml").unlink()
        said = shown.until("Ctrl-C ends", 4)
        assert said.count("Plan: 2 to add") == 2
        assert said.count("\x1b[2J") == 4
        shown.interrupt()
        assert shown.end() == 130


def test_off_a_terminal_it_is_refused(cli: Cli, stack: Path) -> None:
    result = cli("-C", stack, "--emulator", "plan", "--watch")
    assert (result.code, result.out) == (1, "")
    assert "--watch draws on a terminal" in result.err


@pytest.mark.parametrize("more", [("-o", "x"), ("--json",), ("--format", "html"), ("--detailed-exitcode",)])
def test_what_is_for_one_plan_does_not_go_with_it(cli: Cli, stack: Path, more: tuple[str, ...]) -> None:
    result = cli("-C", stack, "--emulator", "plan", "--watch", *more)
    assert result.code == 1
    assert "do not go together" in result.err
