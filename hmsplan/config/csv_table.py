"""Rows of a CSV file with their places: what divides it, what its first line names, what is wrong with it."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Final

from hmsplan.model import Diagnostic, SourceLine
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_COLUMNS: Final = 200
_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab"}
"""The first line proves which one a file has. Excel writes semicolons wherever a decimal number has a comma in it."""
_CELL: Final = {each: re.compile(rf'"(?:[^"]|"")*+"|[^{each}]*+') for each in _DELIMITERS}
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class Rows:
    """The rows of a CSV file. Only CR and LF end a line, as for editors and git; U+2028 in a cell ends none.

    Attributes:
        delimiter: what divides the cells of a row.
        source: the line on which the row begins that was read last.
    """

    def __init__(self, lines: list[str], file: str, delimiter: str) -> None:
        self._lines = lines
        self._reader = csv.reader(lines, strict=True, delimiter=delimiter)
        self._file = file
        self.delimiter = delimiter
        self._begin = 1

    @classmethod
    def read(cls, text: str, file: str, key: str) -> Rows:
        """Return the rows of *text*, divided by the character that makes *key* a column, or else finds most columns."""
        lines = list(io.StringIO(text.removeprefix("\ufeff"), newline=""))
        headers: dict[str, list[str]] = {}
        for delimiter in _DELIMITERS:
            try:
                headers[delimiter] = cls(lines, "", delimiter).header()
            except csv.Error:
                headers[delimiter] = []
        best = max(headers, key=lambda each: (key in headers[each], len(headers[each])))
        return cls(lines, file, best)

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        self._begin = self._reader.line_num + 1
        return next(self._reader)

    def header(self) -> list[str]:
        """Read the first line that is not blank."""
        return [name.strip() for name in next((row for row in self if any(row)), [])]

    @property
    def source(self) -> SourceLine:
        """The line on which the row begins that was read last."""
        return SourceLine(self._file, self._begin)

    def cell(self, index: int) -> SourceLine:
        """Return where a cell of the row that was read last begins."""
        written = "".join(self._lines[self._begin - 1 : self._reader.line_num])
        at = 0
        for _ in range(index):
            at = _CELL[self.delimiter].match(written, at).end() + 1  # type: ignore[union-attr]  # it matches the empty text, too
        before = _LINE_END.split(written[:at])
        return SourceLine(self._file, self._begin + len(before) - 1, len(before[-1]) + 1)

    def unreadable(self, error: csv.Error) -> Diagnostic:
        """Say what is wrong with the row that could not be read."""
        if "unexpected end" in str(error) or "field limit" in str(error):
            detail = "A quote opens in this row, and none closes it before the file ends or the cell is far too long."
            return Diagnostic("Unreadable line", detail, self.source)
        divider = _DELIMITERS[self.delimiter]
        detail = (
            f"The line is not CSV: {error}. A cell with a {divider}, a quote or a line break stands in double quotes."
        )
        return Diagnostic("Unreadable line", detail, SourceLine(self._file, max(self._reader.line_num, 1)))

    def wrong_number(self, row: list[str], columns: int) -> Diagnostic | None:
        """Say that a row has another number of cells than the first line has names; None when it has not."""
        if len(row) == columns:
            return None
        detail = (
            f"The line has {wording.count(len(row), 'cell')}; the first line names {wording.count(columns, 'column')}."
        )
        if len(row) > columns:
            detail += f" A cell with a {_DELIMITERS[self.delimiter]} in it stands in double quotes."
        return Diagnostic("Wrong number of cells", detail, self.source)


def header_problems(
    header: list[str], source: SourceLine, key: str, likely: re.Pattern[str], noun: str
) -> Iterator[Diagnostic]:
    """Yield what is wrong with the first line of a table of *noun*: each has a *key*, and variables."""
    if key not in header:
        found = wording.listed(header) if header else "none"
        guess = next((name for name in header if likely.search(name)), None)
        detail = f"The first line names the columns, and {key} has to be one of them. It names: {found}."
        detail += f" Did you mean {guess}? Rename it to {key}." if guess else ""
        yield Diagnostic("Missing column", detail, source)
        return
    if len(header) > MAX_COLUMNS:
        detail = f"The first line names {len(header):,} columns; a {noun} may have {MAX_COLUMNS}."
        yield Diagnostic("Too many columns", detail, source)
        return
    for position, name in enumerate(header):
        if not name:
            detail = f"Column {position + 1} has no name. Each column but {key} becomes a variable, so it needs one."
            yield Diagnostic("Column without a name", detail, source)
        elif name in header[:position]:
            yield Diagnostic("Duplicate column", f"The column {name} stands in the first line twice.", source)
