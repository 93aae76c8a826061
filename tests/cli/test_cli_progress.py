"""The bar of an apply on a real terminal of 80 columns: one line, and nothing of it stays behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

from .helpers import MAIN, STACK, is_ours, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COLUMNS = 80
COLOUR = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]")
BAR = "━"
LONG = "reception_of_the_third_floor_whose_key_somebody_made_far_too_long_for_a_line_number"


def on_terminal(args: Sequence[str]) -> str:
    """Run a command whose three streams are one terminal; return all that was written to it, colours left out."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    environ = {name: value for name, value in os.environ.items() if not is_ours(name)} | {"TERM": "xterm-256color"}
    for name in ("CI", "NO_COLOR", "COLUMNS", "GITHUB_ACTIONS"):
        environ.pop(name, None)
    command = [sys.executable, "-c", MAIN, *args]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ) as process:
        os.close(theirs)
        written = b""
        with contextlib.suppress(OSError):  # the last one has closed it
            while piece := os.read(ours, 65_536):
                written += piece
        os.close(ours)
    assert process.returncode == 0, written.decode()
    return COLOUR.sub("", written.decode())


def screen(written: str) -> list[str]:
    """Return the lines that stand there in the end, as a terminal without an end shows them."""
    lines, row = [""], 0
    for token in re.findall(r"\r\n|\n|\r|\x1b\[2K|\x1b\[1A|[^\r\n\x1b]+", written):
        match token:
            case "\r":
                pass  # whatever is written next begins by erasing the line
            case "\n" | "\r\n":
                row += 1
                lines += [""] * (row == len(lines))
            case "\x1b[2K":
                lines[row] = ""
            case "\x1b[1A":
                row -= 1
            case text:
                lines[row] += text
    return lines


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
