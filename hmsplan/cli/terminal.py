"""Every byte that the command line writes: to whom, how wide, in which colours, and what happens when it is not taken.

``out`` is a result: that it cannot be written is the end of the command. ``report`` tells of work that was done and
goes to the other stream where one is dead. ``err`` is only for show, so it decides over nothing.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Final, TextIO

import click

from hmsplan.cli.secret_filter import cut
from hmsplan.errors import HmsplanError
from hmsplan.text.escape import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

USUAL: Final = 80
NARROW: Final = 60
WIDE: Final = 200
HANG: Final = "  "
"""Before each row of a line but its first."""
_GLUE: Final = "\xa0"
_STREAMS: Final = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))
"""Name and mode of the descriptors 0, 1 and 2."""

_closed: set[str] = set()


class OutputFailed(HmsplanError):
    """A result could not be written."""

    def __init__(self, error: OSError | ValueError) -> None:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        super().__init__(summary=f"The output could not be written: {reason}")


class ReaderGone(OutputFailed):
    """Whatever read the result has ended, as ``head`` does when it has seen enough: nothing that is worth a word."""

    exit_code = 141


def open_streams() -> None:
    """Give each standard stream that this process was started without a place, and each character a form.

    A closed descriptor would be taken by the next file that is opened, say the database of the emulator, and what is
    printed would be written into it.
    """
    for descriptor, (name, mode) in enumerate(_STREAMS):
        try:
            os.fstat(descriptor)
        except OSError:
            _to_nowhere(descriptor)
            _closed.add(name)
        if getattr(sys, name) is None:
            _closed.add(name)
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 -- for the whole run
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _to_nowhere(descriptor: int) -> None:
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != descriptor:
        os.dup2(opened, descriptor)
        os.close(opened)


def is_closed(name: str) -> bool:
    """Say whether this process was started without the stream *name*."""
    return name in _closed


def width() -> int:
    """Return the columns to print in: those of the terminal, 80 where there is none."""
    return max(NARROW, min(WIDE, shutil.get_terminal_size((USUAL, 24)).columns))


def whole(command: str) -> str:
    """Return a command that ``wrapped`` leaves on one line."""
    return command.replace(" ", _GLUE)


def wrapped(text: str, indent: str = "", hang: str = "") -> str:
    """Break a sentence into lines that fit; *indent* stands before each, and *hang* before each but the first."""
    from hmsplan.output.diagnostics import without_command  # noqa: PLC0415 -- `hmsplan version` needs it not

    rows = textwrap.wrap(
        text,
        width(),
        initial_indent=indent,
        subsequent_indent=indent + hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(map(without_command, rows)).replace(_GLUE, " ")


def color(chosen: bool | None, stream: TextIO | None = None) -> bool:
    """Say whether to print colours: on a terminal, unless ``NO_COLOR`` or ``--no-color`` (*chosen* is False) say no."""
    if chosen is False or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return (stream or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def color_of_progress(chosen: bool | None) -> bool:
    """Say whether progress may be drawn in colours and moved about, by the same rules."""
    return color(chosen, sys.stderr)


def interactive() -> bool:
    """Say whether somebody can answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")


def out(text: str, *, whole: bool = False) -> None:
    """Print a result; *whole*: it is a file of ours that somebody gives back, and loses no credential of a URL.

    Raises:
        OutputFailed: it was not taken; ``ReaderGone`` when its reader has ended.
    """
    _write(sys.stdout, printable(text) if whole else cut(printable(text)))


def report(text: str) -> bool:
    """Print what was done: on stdout, on stderr when nothing can be read there; say whether one of them took it."""
    try:
        out(text)
    except OutputFailed:
        return err(text)
    return err(text) if is_closed("stdout") else True


def err(text: str) -> bool:
    """Print progress or a diagnostic; above a bar, where one stands in the place of stderr. Say whether it was taken.

    Nothing follows from it: the work goes on when the reader is gone.
    """
    try:
        _write(sys.stderr, cut(printable(text)))  # err=True writes past whatever stands there
    except OutputFailed:
        return False
    return True


def complain(text: str) -> None:
    """Print why a command ends: on stderr, on stdout when nothing can be written there."""
    if not err(text):
        report(text)


def commands_of_the_runner(lines: Iterable[str]) -> None:
    """Print commands to the runner of a workflow: what is cut out of all other lines may stand in them."""
    for line in lines:
        try:
            _write(sys.stderr, line)
        except OutputFailed:
            return


def shown() -> TextIO:
    """Give what a library may draw progress and usage on: stderr, and no error when the reader is gone."""
    return _Lenient(sys.stderr)  # type: ignore[return-value]  # all of a TextIO that drawing needs


def ask(question: str) -> str:
    """Put a question on stderr, and return the answer without the space around it; "" when there is none."""
    err(question)
    try:
        return str(click.prompt("  Answer", err=True, default="", show_default=False)).strip()
    except OSError:
        return ""


def clear() -> None:
    """Begin a new screen, where stdout is a terminal."""
    click.clear()


def flush() -> None:
    """Push out what is still on its way, as far as it is taken."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue


def _write(stream: TextIO, text: str) -> None:
    try:
        click.echo(text, file=stream, color=True)
    except BrokenPipeError as error:
        raise ReaderGone(error) from error
    except (OSError, ValueError) as error:  # ValueError: the stream is closed
        raise OutputFailed(error) from error


class _Lenient(io.TextIOBase):
    """A stream that takes everything, whether or not somebody reads it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute there
        return self._stream.encoding

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()
