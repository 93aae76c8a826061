"""What ``-v`` tells: the loggers of hmsplan, a line a record, on stderr. No other logger is heard.

``-v`` says what a run does, ``-vv`` each request, wait, lock and entry of the journal, ``-vvv`` the shape of what was
sent and received. Libraries log what they like (headers, statements of SQL), so theirs are not shown at any level.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from hmsplan.cli.terminal import err
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEVELS: Final = (logging.WARNING, logging.INFO, logging.DEBUG, logging.DEBUG)
_SHAPES: Final = "hmsplan.api.shapes"


class _Lines(logging.Handler):
    """Prints seconds since the start, the folder that speaks, and what it says; above a bar, where there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        folder = record.name.removeprefix("hmsplan.").partition(".")[0]
        line = f"{record.relativeCreated / 1000:8.3f} s  {folder:<10}  {plain(record.getMessage())}"
        err(line)


@contextmanager
def heard(verbosity: int) -> Iterator[None]:
    """Let the loggers of hmsplan be heard while the block runs, and no other; *verbosity* counts the ``v``."""
    ours, shapes, root = (logging.getLogger(name) for name in ("hmsplan", _SHAPES, None))
    lines, silent = _Lines(), logging.NullHandler()
    before = {logger: logger.level for logger in (ours, shapes)}  # hmsplan demo runs commands within a command
    ours.setLevel(_LEVELS[min(verbosity, len(_LEVELS) - 1)])
    shapes.setLevel(logging.NOTSET if verbosity >= len(_LEVELS) - 1 else logging.WARNING)
    ours.addHandler(lines)
    root.addHandler(silent)  # else the warnings of libraries went to stderr as they are
    try:
        yield
    finally:
        root.removeHandler(silent)
        ours.removeHandler(lines)
        for logger, level in before.items():
            logger.setLevel(level)
