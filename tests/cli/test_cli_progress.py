"""The bar of an apply on a real terminal of 80 columns: one line, and nothing of it stays behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from hmsplan.emulator import Emulator, Fault, running

from .helpers import ASSISTANT, KEY, STACK, write
from .terminals import screen, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COLUMNS = 80
BAR = "━"
LONG = "reception_of_the_third_floor_whose_key_somebody_made_far_too_long_for_a_line_number"


def on_terminal(args: Sequence[str]) -> str:
    """Run a command on a terminal of 80 columns; return all that was written to it, colours left out."""
    with terminal(*args, columns=COLUMNS) as shown:
        assert shown.end() == 0, shown.written
        return shown.written


def test_the_bar_fits_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """With addresses longer than a line, and a log that is written while it moves."""
    objects = "".join(f"  {LONG}_{number}: {{name: A{number}, first_message: Hi}}\n" for number in range(12))
    stack = write(tmp_path / "stack", {"hmsplan.yaml": STACK, "a.yaml": f"assistants:\n{objects}"})
    written = on_terminal(["-C", str(stack), "--emulator", "apply", "-y", "-vv"])
    frames = [piece for piece in re.split(r"[\r\n]|\x1b\[2K", written) if BAR in piece]
    assert frames
    assert all(len(frame) <= COLUMNS and re.search(r" \d+/12 ", frame) for frame in frames)
    assert any(frame.rstrip().endswith("…") for frame in frames)
    shown = screen(written)
    assert [line for line in shown if BAR in line] == []
    assert [line for line in shown if "wrote down: intends" in line]


@pytest.mark.parametrize(
    ("more", "env", "expected"),
    [((), {}, True), ((), {"NO_COLOR": "1"}, False), ((), {"CI": "true"}, False), (("--no-color",), {}, False)],
)
@pytest.mark.parametrize("command", [("plan",), ("drift",), ("apply", "-y")])
def test_a_bar_moves_while_the_organization_is_read_and_is_gone_in_the_end(
    emulator: Emulator,
    tmp_path: Path,
    command: tuple[str, ...],
    more: tuple[str, ...],
    env: dict[str, str],
    expected: bool,
) -> None:
    emulator.inject(Fault(do="delay", path="/assistants", first=1, last=1, seconds=1.2))
    stack = write(tmp_path / "stack", {"hmsplan.yaml": STACK, "a.yaml": ASSISTANT})
    with running(emulator) as url:
        env = {"HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": KEY, **env}
        with terminal("-C", str(stack), *command, *more, columns=60, **env) as shown:
            assert shown.end() == 0, shown.written
    moved = [piece for piece in re.split(r"[\r\n]|\x1b\[2K", shown.written) if "Reading the organization: " in piece]
    assert bool(moved) is expected
    assert all(
        len(frame) <= 60 and re.search(r"\d:\d\d:\d\d Reading the organization: \d+ requests?", frame)
        for frame in moved
    )
    assert not [line for line in screen(shown.written) if "Reading" in line]
