"""The line of a file that a problem is about, for those who show it; never one that may hold a secret or a lead.

What is quoted is what stands in the file at that time, read as a stack is read: below the root, and no link out of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.config.confined import Folder
from hmsplan.config.interpolation import FileProblem
from hmsplan.kinds import KINDS
from hmsplan.secrets.detect import hidden, sounds_secret

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from hmsplan.model import SourceLine

_QUOTED: Final = (".yaml", ".yml", ".md", ".txt")
_LONGEST_LINE: Final = 10_000
_LARGEST_FILE: Final = 2**21
_MOST_LINES: Final = 2_000
_TOO_FAR: Final = "headers"
"""A private key, for a block whose beginning is not looked for any further."""
_KEY: Final = re.compile(r"""([\w.-]+)["']?\s*:(?=\s|$|["'{\[])""")
_PRIVATE: Final = frozenset(
    {
        "state",  # an address that may hold a password
        *(part for kind in KINDS.values() for place in kind.secrets for part in place[-2:] if part not in {"*", "**"}),
        *(kind.members.name for kind in KINDS.values() if kind.members is not None),
    }
)
"""Keys whose lines, and all below them, are not shown."""


class Excerpts:
    """Gives lines of the files of one stack."""

    def __init__(self, root: Path, but: Collection[str] = ()) -> None:
        self._root, self._but = root, but
        self._folder: Folder | None = None
        self._lines: dict[str, Sequence[str]] = {}

    def __call__(self, source: SourceLine) -> str | None:
        """Return the line of *source*; None for one that is not there, is empty, or may hold what is not shown."""
        if not source.file.endswith(_QUOTED) or source.file.rpartition("/")[2] in self._but:
            return None
        lines = self._lines_of(source.file)
        line = lines[source.line - 1] if 1 <= source.line <= len(lines) else ""
        if not line.strip() or len(line) > _LONGEST_LINE:
            return None
        around = _keys_around(lines, source.line - 1) if source.file.endswith((".yaml", ".yml")) else _KEY.findall(line)
        if any(key in _PRIVATE or sounds_secret(key) for key in around) or hidden(line) != line:
            return None
        return line

    def _lines_of(self, file: str) -> Sequence[str]:
        if file not in self._lines:
            self._folder = self._folder or Folder(str(self._root))
            try:
                data = self._folder.read_bytes(self._folder.real(file), file)
            except FileProblem:
                data = b""
            text = data.decode("utf-8", "replace").removeprefix("\ufeff") if len(data) <= _LARGEST_FILE else ""
            self._lines[file] = [line.removesuffix("\r") for line in text.split("\n")]
        return self._lines[file]


def _keys_around(lines: Sequence[str], at: int) -> Iterator[str]:
    """Yield the keys on a line, on those that it stands below or inside of, and the one before a line without any."""
    yield from _KEY.findall(lines[at])
    is_found, least, opened = bool(_KEY.search(lines[at])), _indent(lines[at]), 0
    for number in range(at - 1, -1, -1):
        line = lines[number]
        if at - number > _MOST_LINES:
            yield _TOO_FAR
            return
        if not line.strip():
            continue
        opened += sum(map(line.count, "{[")) - sum(map(line.count, "}]"))
        if _indent(line) < least or opened > 0 or (not is_found and _KEY.search(line)):
            yield from _KEY.findall(line)
            is_found, least = is_found or bool(_KEY.search(line)), min(least, _indent(line))
            opened = min(opened, 0)
            if not _indent(line) and _KEY.search(line):
                return


def _indent(line: str) -> int:
    """Count the columns before the text of a line; the dash of a list item is one of them."""
    return len(line) - len(line.lstrip(" \t-"))
