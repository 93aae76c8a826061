"""Parses the files of a large stack on all cores, in forked copies of this process.

What went well comes back as a ``Document``. A file that has a problem comes back as nothing, and is read once more by
the caller: so problems, their order and their lines are the same as on one core.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from hmsplan.config.confined import Folder
from hmsplan.config.interpolation import FileProblem
from hmsplan.config.yaml_parser import parse
from hmsplan.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from hmsplan.config.document import Document

_FEWEST: Final = 400  # files; of fewer, a fork takes longer than it saves
_MOST_CORES: Final = 8
_CHUNK: Final = 50  # files that one process takes at once, and that share their keys when they come back
_MOST_CHUNKS: Final = 1000  # as many numbers fit into any pipe
_NUMBER: Final = struct.Struct("H")

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


def parse_ahead(
    folder: Folder, files: Sequence[_Path], cores: int, meanwhile: Callable[[], object] = lambda: None
) -> Iterator[Parsed | None]:
    """Yield what each file holds, in their order; None for one that has to be read by the caller, problems and all.

    *meanwhile* is other work, which is done while other processes parse; where none do, it is not done.
    """
    if cores < 2:  # noqa: PLR2004
        yield from [None] * len(files)
        return
    from multiprocessing import get_context  # noqa: PLC0415 -- only for a large stack

    context = get_context("fork")
    share_of_budget = Folder(folder.root, folder.budget // cores, folder.instead)
    size = max(_CHUNK, -(-len(files) // _MOST_CHUNKS))
    chunks = [files[at : at + size] for at in range(0, len(files), size)]
    with _numbers(len(chunks)) as numbers:
        workers = []
        for _ in range(cores - 1):
            receiver, sender = context.Pipe(duplex=False)
            worker = context.Process(target=_work, args=(share_of_budget, chunks, numbers, sender), daemon=True)
            worker.start()
            sender.close()
            workers.append((receiver, worker))
        meanwhile()
        found = dict(_parsed_chunks(share_of_budget, chunks, numbers))
    for receiver, worker in workers:
        found.update(_received(receiver))
        worker.join()
    for number, chunk in enumerate(chunks):
        yield from found.pop(number, None) or [None] * len(chunk)


@contextmanager
def _numbers(count: int) -> Iterator[int]:
    """Give a pipe with the numbers below *count*, of which each process takes the next; none is taken twice."""
    reader, writer = os.pipe()
    os.write(writer, b"".join(map(_NUMBER.pack, range(count))))
    os.close(writer)
    try:
        yield reader
    finally:
        os.close(reader)


def _work(folder: Folder, chunks: Sequence[Sequence[_Path]], numbers: int, sender: Connection) -> None:
    """Parse files while there are some and send them: all at the end, as the receiver parses until then, too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is for all; the one who began says so
    with suppress(Exception):  # what is not sent is read by the other process, which says what is wrong
        parsed = _parsed_chunks(folder, chunks, numbers)
        for chunk in [pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL) for chunk in parsed]:
            sender.send_bytes(chunk)


def _parsed_chunks(
    folder: Folder, chunks: Sequence[Sequence[_Path]], numbers: int
) -> Iterator[tuple[int, list[Parsed | None]]]:
    """Yield chunks that no other process has taken, each with its number."""
    while taken := os.read(numbers, _NUMBER.size):
        (number,) = _NUMBER.unpack(taken)
        yield number, [_parsed(folder, path) for path in chunks[number]]


def _received(receiver: Connection) -> Iterator[tuple[int, list[Parsed | None]]]:
    """Yield what a worker sends until it ends."""
    with suppress(EOFError):
        while True:
            yield pickle.loads(receiver.recv_bytes())  # noqa: S301 -- of a process of our own


def _parsed(folder: Folder, path: _Path) -> Parsed | None:
    shown, absolute = path
    try:
        data = folder.read_bytes(absolute, shown)
        return Parsed(parse(data, shown), len(data))
    except (FileProblem, ConfigError):
        return None
