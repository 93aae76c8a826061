"""How wide, in which colours, and to whom: what is known of the place the output goes to."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Final, TextIO

import click

from hmsplan.cli.hidden import cut
from hmsplan.escape import printable

NARROW: Final = 80
WIDE: Final = 200


def width() -> int:
    """Return the columns to print in: those of the terminal, 80 where there is none."""
    return max(NARROW, min(WIDE, shutil.get_terminal_size((NARROW, 24)).columns))


def color(chosen: bool | None, stream: TextIO | None = None) -> bool:
    """Say whether to print colours: on a terminal, unless ``NO_COLOR`` or ``--no-color`` (*chosen* is False) say no."""
    if chosen is False or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return (stream or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def interactive() -> bool:
    """Say whether somebody can answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")


def out(text: str, *, whole: bool = False) -> None:
    """Print a result; *whole*: it is a file of ours that somebody gives back, and loses no credential of a URL."""
    click.echo(printable(text) if whole else cut(printable(text)), color=True)


def err(text: str) -> None:
    """Print progress or a diagnostic; above a bar, where one stands in the place of stderr."""
    click.echo(cut(printable(text)), file=sys.stderr, color=True)  # err=True writes past whatever stands there
