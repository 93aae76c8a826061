"""The bar of an apply on a real terminal of 80 columns: one line, and nothing of it stays behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .helpers import STACK, write
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
