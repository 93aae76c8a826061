"""The leads of a campaign, from a CSV file or from YAML."""

from __future__ import annotations

import csv
import re
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from hmsplan import canonical, words
from hmsplan.model import Diagnostic, SourceLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hmsplan.model import Spec

PHONE: Final = "phone_number"
MAX_PROBLEMS: Final = 20
MAX_COLUMNS: Final = 200
_LIKELY: Final = re.compile("phone|tel|mobile|number|nummer|msisdn", re.IGNORECASE)
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_Found = tuple[tuple["Spec", ...], list[Diagnostic]]


def from_csv(text: str, file: str) -> _Found:
    """Read leads: a column ``phone_number``, and a variable for every other column. Values stay text.

    Blank lines are skipped. After ``MAX_PROBLEMS`` problems the rest of the file is only counted.
    """
    reader = csv.reader(text.removeprefix("\ufeff").splitlines(keepends=True), strict=True)
    try:
        header = [name.strip() for name in next((row for row in reader if any(row)), [])]
        problems = list(islice(_header_problems(header, SourceLine(file, max(reader.line_num, 1))), MAX_PROBLEMS))
        if problems:
            return (), problems
        return _rows(reader, header, file)
    except csv.Error as error:
        detail = f"The line is not CSV: {error}. A cell with a comma, a quote or a line break stands in double quotes."
        return (), [Diagnostic("Unreadable line", detail, SourceLine(file, reader.line_num))]


def _header_problems(header: list[str], source: SourceLine) -> Iterator[Diagnostic]:
    if PHONE not in header:
        if len(header) == 1 and ";" in header[0]:
            detail = "Its columns are divided by semicolons. Save it with commas (CSV UTF-8)."
        elif len(header) == 1 and "\t" in header[0]:
            detail = "Its columns are divided by tabs. Save it with commas (CSV UTF-8)."
        else:
            found = words.listed(header) if header else "none"
            likely = next((name for name in header if _LIKELY.search(name)), None)
            detail = f"The first line names the columns, and {PHONE} has to be one of them. It names: {found}."
            detail += f" Did you mean {likely}? Rename it to {PHONE}." if likely else ""
        yield Diagnostic("Missing column", detail, source)
        return
    if len(header) > MAX_COLUMNS:
        detail = f"The first line names {len(header):,} columns; a lead may have {MAX_COLUMNS}."
        yield Diagnostic("Too many columns", detail, source)
        return
    for position, name in enumerate(header):
        if not name:
            detail = f"Column {position + 1} has no name. Each column but {PHONE} becomes a variable, so it needs one."
            yield Diagnostic("Column without a name", detail, source)
        elif name in header[:position]:
            yield Diagnostic("Duplicate column", f"The column {name} stands in the first line twice.", source)


def _rows(reader: Any, header: list[str], file: str) -> _Found:
    width, at = len(header), header.index(PHONE)
    names = header[:at] + header[at + 1 :]
    leads: list[Spec] = []
    seen: dict[tuple[str, ...], int] = {}
    problems = _Problems()
    line = reader.line_num + 1
    for row in reader:
        start, line = line, reader.line_num + 1
        if len(row) != width:
            if any(cell.strip() for cell in row):
                cells, columns = words.count(len(row), "cell"), words.count(width, "column")
                detail = f"The line has {cells}; the first line names {columns}."
                detail += " A cell with a comma in it stands in double quotes." if len(row) > width else ""
                problems.add("Wrong number of cells", detail, SourceLine(file, start))
            continue
        number = row.pop(at)
        if _E164.fullmatch(number) is None:
            number = canonical.phone_number(number.strip())
            if _E164.fullmatch(number) is None:
                problems.add("Not a phone number", _not_a_number(number), SourceLine(file, start))
                continue
        first = seen.setdefault((number, *row), start)
        if first != start:
            problems.add("Duplicate lead", _duplicate(number, f"line {first}"), SourceLine(file, start))
            continue
        leads.append({PHONE: number, "variables": dict(zip(names, row, strict=True))})
    return tuple(leads), problems.finish(file)


def from_yaml(items: list[Any], locate: Callable[[int], SourceLine]) -> _Found:
    """Read leads that stand in YAML and fit the schema."""
    leads: list[Spec] = []
    seen: dict[tuple[Any, ...], int] = {}
    problems = _Problems()
    for index, item in enumerate(items):
        number, variables = canonical.phone_number(item[PHONE]), item.get("variables", {})
        if _E164.fullmatch(number) is None:
            problems.add("Not a phone number", _not_a_number(number), locate(index))
            continue
        first = seen.setdefault((number, *sorted(variables.items())), index)
        if first != index:
            problems.add("Duplicate lead", _duplicate(number, f"line {locate(first).line}"), locate(index))
            continue
        leads.append({PHONE: number, "variables": variables})
    return tuple(leads), problems.finish("")


class _Problems:
    """The first problems of a list that may have thousands."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []
        self.more = 0

    def add(self, summary: str, detail: str, source: SourceLine) -> None:
        if len(self.found) < MAX_PROBLEMS:
            self.found.append(Diagnostic(summary, detail, source))
        else:
            self.more += 1

    def finish(self, file: str) -> list[Diagnostic]:
        if self.more:
            last = self.found[-1].source
            detail = f"{self.more:,} more leads of this list have a problem."
            self.found.append(Diagnostic("More problems", detail, last or SourceLine(file, 1)))
        return self.found


def _not_a_number(text: str) -> str:
    if not text:
        return f"The cell {PHONE} is empty."
    return f"{words.shown(text)} is not a phone number with a country code, such as +31850835037."


def _duplicate(number: str, where: str) -> str:
    return f"{number} stands on {where} already, with the same variables. It would be called twice; take one out."
