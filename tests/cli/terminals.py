"""Running a command on a real terminal: a pseudo terminal of a given width, whose user answers and interrupts."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING

from .helpers import MAIN, is_ours

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COLOUR = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]")
PATIENCE_S = 60.0


class Terminal:
    """A command whose three streams are one terminal; remembers all that was written to it."""

    def __init__(self, args: Sequence[str], columns: int, **env: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        environ = {name: value for name, value in os.environ.items() if not is_ours(name)} | {"TERM": "xterm-256color"}
        for name in ("CI", "NO_COLOR", "COLUMNS", "GITHUB_ACTIONS"):
            environ.pop(name, None)
        command = [sys.executable, "-c", MAIN, *args]
        self._process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ | env, start_new_session=True
        )
        os.close(theirs)
        self._bytes = b""

    @property
    def written(self) -> str:
        """All that was written so far, colours left out."""
        return COLOUR.sub("", self._bytes.decode("utf-8", "replace"))

    def _read(self) -> bool:
        """Take what is written next; say whether more may come."""
        if not select.select([self._ours], [], [], PATIENCE_S)[0]:
            raise AssertionError(f"nothing more was written: {self.written}")
        with contextlib.suppress(OSError):  # the last one has closed it
            if piece := os.read(self._ours, 65_536):
                self._bytes += piece
                return True
        return False

    def until(self, text: str, times: int = 1) -> str:
        """Wait until *text* was written so often; return all that was written."""
        began = time.monotonic()
        while self.written.count(text) < times:
            assert self._read(), self.written
            assert time.monotonic() - began < PATIENCE_S, self.written
        return self.written

    def type(self, line: str) -> None:
        """Answer a question."""
        os.write(self._ours, f"{line}\n".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Wait for the end; return the exit code."""
        while self._read():
            pass
        return self._process.wait(PATIENCE_S)

    def close(self) -> None:
        """End it, if it has not ended."""
        self._process.kill()
        self._process.wait()
        os.close(self._ours)


@contextlib.contextmanager
def terminal(*args: str, columns: int = 80, **env: str) -> Iterator[Terminal]:
    """Run a command on a terminal; it is ended with the block."""
    running = Terminal(args, columns, **env)
    try:
        yield running
    finally:
        running.close()


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
