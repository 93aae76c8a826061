"""Parses the files of a large stack on all cores, in forked copies of this process.

What went well comes back as a ``Document``. A file that has a problem comes back as nothing, and is read once more by
the caller: so problems, their order and their lines are the same as on one core.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from hmsplan.config.confined import Folder
from hmsplan.config.interpolation import FileProblem
from hmsplan.config.yaml_parser import parse
from hmsplan.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from hmsplan.config.document import Document

_FEWEST: Final = 400  # files; of fewer, a fork takes longer than it saves
_MOST_CORES: Final = 8
_CHUNK: Final = 100  # files that come back in one piece, which share their keys

_Path: TypeAlias = tuple[str, str]
"""Relative to the root, and absolute."""


class Parsed(NamedTuple):
    """A file that has no problem, and how many bytes it has."""

    document: Document
    size: int


def cores_for(files: int) -> int:
    """Return how many cores are worth using: one where this process has threads, which a fork would tear apart."""
    if files < _FEWEST or sys.platform != "linux" or threading.active_count() > 1:
        return 1
    return min(len(os.sched_getaffinity(0)), _MOST_CORES)


def parse_ahead(folder: Folder, files: Sequence[_Path], cores: int) -> Iterator[Parsed | None]:
    """Yield what each file holds, in their order; None for one that has to be read by the caller, problems and all."""
    if cores < 2:  # noqa: PLR2004
        yield from [None] * len(files)
        return
    from multiprocessing import get_context  # noqa: PLC0415 -- only for a large stack

    context = get_context("fork")
    share_of_budget = Folder(folder.root, folder.budget // cores)
    ours, *others = (files[len(files) * n // cores : len(files) * (n + 1) // cores] for n in range(cores))
    workers = []
    for share in others:
        receiver, sender = context.Pipe(duplex=False)
        worker = context.Process(target=_work, args=(share_of_budget, share, sender), daemon=True)
        worker.start()
        sender.close()
        workers.append((share, receiver, worker))
    yield from [_parsed(share_of_budget, path) for path in ours]
    for share, receiver, worker in workers:
        yield from _received(receiver, len(share))
        worker.join()


def _work(folder: Folder, files: Sequence[_Path], sender: Connection) -> None:
    """Parse *files* and send them: all at the end, as the receiver parses its own share first."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is for all; the one who began says so
    with suppress(Exception):  # what is not sent is read by the other process, which says what is wrong
        parsed = _chunks(_parsed(folder, path) for path in files)
        for chunk in [pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL) for chunk in parsed]:
            sender.send_bytes(chunk)


def _chunks(found: Iterator[Parsed | None]) -> Iterator[list[Parsed | None]]:
    while chunk := list(islice(found, _CHUNK)):
        yield chunk


def _received(receiver: Connection, count: int) -> Iterable[Parsed | None]:
    """Return what a worker sends; None for each file that is missing when it has ended too early."""
    found: list[Parsed | None] = []
    try:
        while len(found) < count:
            found += pickle.loads(receiver.recv_bytes())  # noqa: S301 -- of a process of our own
    except EOFError:
        found += [None] * (count - len(found))
    return found


def _parsed(folder: Folder, path: _Path) -> Parsed | None:
    shown, absolute = path
    try:
        data = folder.read_bytes(absolute, shown)
        return Parsed(parse(data, shown), len(data))
    except (FileProblem, ConfigError):
        return None
