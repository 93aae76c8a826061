"""Every screen fits a terminal of 60 columns and more: only what is copied whole may be longer."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from hmsplan.cli.root import COMMANDS

from .helpers import EXAMPLE, Cli, write

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = re.compile(
    r"(?:.*\b|\W*)(?:hmsplan .+|chmod .+)"  # a command to type
    r"|.*(?:[0-9a-f]{8}-[0-9a-f-]{27}|\[id=\S+\]|sha256:[0-9a-f]{64}|https?://\S+|\S+\.example\b).*"
)
SMALL_WORLD = "x" * 30
LINE = f"assistants:\n  a: {{name: A, first_message: '{SMALL_WORLD * 9}', nmae: {SMALL_WORLD}}}\n"
SCREENS = (
    ("validate",),
    ("plan",),
    ("plan", "--destroy"),
    ("drift", "--unmanaged"),
    ("doctor",),
    ("apply",),
    ("plan", "--target", "assistants.no_such_assistant_is_declared_anywhere"),
    ("plan", "--exclude", "assistants.*", "--show-unchanged"),
    ("state", "show", "assistants.nothing"),
    ("destroy",),
    ("plan", "-var-file=production.tfvars"),
    ("plan", "--format", "jsn"),
)

widths = pytest.mark.parametrize("width", [60, 80, 120])


def too_long(text: str, width: int) -> list[str]:
    return [
        line for line in text.splitlines() if len(line) > width and " " in line.strip() and not WHOLE.fullmatch(line)
    ]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("example") / "stack"
    return shutil.copytree(EXAMPLE, folder)


@widths
def test_every_screen_of_the_example_fits(cli: Cli, example: Path, width: int) -> None:
    words = ("-C", example, "--secrets-file", example / "secrets.example.env", "-e", "staging", "--emulator")
    env = {"COLUMNS": str(width)}
    shutil.rmtree(example / ".hmsplan", ignore_errors=True)
    for screen in (*SCREENS, ("apply", "-y"), *SCREENS):
        said = cli(*words, *screen, **env)
        assert too_long(said.out + said.err, width) == [], screen


@widths
def test_every_help_fits(cli: Cli, width: int) -> None:
    for name in ("", *COMMANDS):
        assert too_long(cli.ok(*filter(None, [name]), "--help", COLUMNS=str(width)), width) == [], name


@widths
def test_an_error_with_a_long_line_fits(cli: Cli, stack: Path, width: int) -> None:
    write(stack, {"long.yaml": LINE})
    said = cli("-C", stack, "validate", COLUMNS=str(width))
    assert said.code == 3
    assert f"nmae: {SMALL_WORLD[:4]}" in said.err
    assert too_long(said.err, width) == []
