"""``hmsplan plan --watch``: the plan on the screen is always that of the files as they are now."""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from hmsplan.cli.failure import tell
from hmsplan.cli.terminal import clear, err, wrapped
from hmsplan.errors import HmsplanError
from hmsplan.text.escape import plain
from hmsplan.text.wording import count, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hmsplan.cli.options import Globals

_LOOK_S: Final = 0.5
_REQUEST_S: Final = 0.6
"""A hundred requests a minute are allowed, so a reading may be followed by the next after this long for each of its."""

Stamps = dict[str, tuple[int, int]]
"""File to its time of change, in nanoseconds, and its size."""


def watch(options: Globals, show: Callable[[], int]) -> NoReturn:
    """Show a plan, and again whenever a file of the stack changes; ends by Ctrl-C alone.

    Args:
        options: of the run.
        show: prints the plan; returns how many requests it took, which decide when the next may be made.

    Raises:
        HmsplanError: stdout is no terminal.
    """
    if not sys.stdout.isatty():
        raise HmsplanError("--watch draws on a terminal, and stdout is none. Leave it out", summary="No terminal")
    gc.enable()  # it may run all day
    changed: list[str] = []
    while True:
        before = stamps(options)
        clear()
        if changed:
            err(wrapped(f"Planned again: {listed(map(plain, changed))} changed.") + "\n")
        spent = _shown(options, show)
        may_read = time.monotonic() + spent * _REQUEST_S
        err(f"\nWatching {count(len(before), 'file')}. Ctrl-C ends.")
        while not (changed := differing(before, stamps(options))) or time.monotonic() < may_read:
            time.sleep(_LOOK_S)


def _shown(options: Globals, show: Callable[[], int]) -> int:
    """Show a plan, or why there is none: the next change of a file may put it right."""
    try:
        return show()
    except HmsplanError as error:
        tell(error, options)
        return 0


def stamps(options: Globals) -> Stamps:
    """Return when each file that a plan may read was changed."""
    found: Stamps = {}
    for path in _files(options):
        try:
            status = path.stat()
        except OSError:  # it went away while we looked
            continue
        found[os.path.relpath(path, options.directory)] = (status.st_mtime_ns, status.st_size)
    return found


def differing(before: Mapping[str, tuple[int, int]], now: Mapping[str, tuple[int, int]]) -> list[str]:
    """Return the files that came, went or changed."""
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def _files(options: Globals) -> Iterator[Path]:
    for folder, folders, files in os.walk(options.directory):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(folder, name) for name in files if not name.startswith("."))
    if options.secrets_file is not None:
        yield options.secrets_file
