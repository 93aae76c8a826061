"""The leads of a campaign, from a CSV file or from YAML."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.kinds import phone
from hmsplan.model import Diagnostic, Severity, SourceLine
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hmsplan.model import Spec

PHONE: Final = "phone_number"
MAX_PROBLEMS: Final = 20
MAX_COLUMNS: Final = 200
_LIKELY: Final = re.compile("phone|tel|mobile|number|nummer|msisdn", re.IGNORECASE)
_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab"}
"""The first line proves which one a file has. Excel writes semicolons wherever a decimal number has a comma in it."""
_CELL: Final = {each: re.compile(rf'"(?:[^"]|"")*+"|[^{each}]*+') for each in _DELIMITERS}
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class Found(NamedTuple):
    """What a list declares.

    Attributes:
        problems: errors, and warnings, which leave the leads as they are.
        places: where each of *leads* is written.
    """

    leads: tuple[Spec, ...]
    problems: list[Diagnostic]
    places: tuple[SourceLine, ...] = ()


def from_csv(text: str, file: str) -> Found:
    """Read leads: a column ``phone_number``, and a variable for every other column. Values stay text.

    Blank lines are skipped. After ``MAX_PROBLEMS`` problems the rest of the file is only counted.
    """
    lines = list(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    rows = _Rows(lines, file, delimiter_of(lines))
    try:
        header = _header(rows)
        problems = list(islice(_header_problems(header, rows.source), MAX_PROBLEMS))
        return Found((), problems) if problems else _leads(rows, header)
    except csv.Error as error:
        return Found((), [_unreadable(error, rows)])


def delimiter_of(lines: list[str]) -> str:
    """Return what divides the columns: that by which one of them is the phone number, or else that which finds most."""
    headers: dict[str, list[str]] = {}
    for delimiter in _DELIMITERS:
        try:
            headers[delimiter] = _header(_Rows(lines, "", delimiter))
        except csv.Error:
            headers[delimiter] = []
    return max(headers, key=lambda each: (PHONE in headers[each], len(headers[each])))


def _header(rows: _Rows) -> list[str]:
    return [name.strip() for name in next((row for row in rows if any(row)), [])]


class _Rows:
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

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        self._begin = self._reader.line_num + 1
        return next(self._reader)

    @property
    def source(self) -> SourceLine:
        return SourceLine(self._file, self._begin)

    @property
    def last_line(self) -> SourceLine:
        return SourceLine(self._file, max(self._reader.line_num, 1))

    def cell(self, index: int) -> SourceLine:
        """Return where a cell of the row that was read last begins."""
        written = "".join(self._lines[self._begin - 1 : self._reader.line_num])
        at = 0
        for _ in range(index):
            at = _CELL[self.delimiter].match(written, at).end() + 1  # type: ignore[union-attr]  # it matches the empty text, too
        before = _LINE_END.split(written[:at])
        return SourceLine(self._file, self._begin + len(before) - 1, len(before[-1]) + 1)


def _unreadable(error: csv.Error, rows: _Rows) -> Diagnostic:
    if "unexpected end" in str(error) or "field limit" in str(error):
        detail = "A quote opens in this row, and none closes it before the file ends or the cell is far too long."
        return Diagnostic("Unreadable line", detail, rows.source)
    divider = _DELIMITERS[rows.delimiter]
    detail = f"The line is not CSV: {error}. A cell with a {divider}, a quote or a line break stands in double quotes."
    return Diagnostic("Unreadable line", detail, rows.last_line)


def _header_problems(header: list[str], source: SourceLine) -> Iterator[Diagnostic]:
    if PHONE not in header:
        found = wording.listed(header) if header else "none"
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


def _leads(rows: _Rows, header: list[str]) -> Found:
    width, at = len(header), header.index(PHONE)
    names = header[:at] + header[at + 1 :]
    leads = _Leads()
    for row in rows:
        if not any(map(str.strip, row)):
            continue
        if len(row) != width:
            leads.problem("Wrong number of cells", _cells(len(row), width, rows.delimiter), rows.source)
            continue
        number = phone.bare(row.pop(at))
        if why := phone.why_not(number):
            detail = why if number.strip() else f"The cell {PHONE} is empty."
            leads.problem("Not a phone number", detail, rows.cell(at))
        else:
            leads.add(number, dict(zip(names, row, strict=True)), rows.source)
    return leads.finish()


def _cells(found: int, wanted: int, delimiter: str) -> str:
    detail = f"The line has {wording.count(found, 'cell')}; the first line names {wording.count(wanted, 'column')}."
    return detail + (
        f" A cell with a {_DELIMITERS[delimiter]} in it stands in double quotes." if found > wanted else ""
    )


def from_yaml(items: list[Any], locate: Callable[[int], SourceLine]) -> Found:
    """Read leads that stand in YAML and fit the schema."""
    leads = _Leads()
    for index, item in enumerate(items):
        number = phone.bare(item[PHONE])
        if why := phone.why_not(number):
            leads.problem("Not a phone number", why, locate(index))
        else:
            leads.add(number, item.get("variables", {}), locate(index))
    return leads.finish()


class _Leads:
    """The leads of a list, and the first problems of one that may have thousands."""

    def __init__(self) -> None:
        self._leads: list[Spec] = []
        self._places: list[SourceLine] = []
        self._seen: dict[tuple[Any, ...], SourceLine] = {}
        self._problems: list[Diagnostic] = []
        self._more = 0

    def add(self, number: str, variables: Spec, source: SourceLine) -> None:
        first = self._seen.setdefault((number, *sorted(variables.items())), source)
        if first is not source:
            self.problem("Duplicate lead", _duplicate(number, first.line), source)
            return
        self._leads.append({PHONE: number, "variables": variables})
        self._places.append(source)

    def problem(self, summary: str, detail: str, source: SourceLine) -> None:
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(Diagnostic(summary, detail, source))
        else:
            self._more += 1

    def finish(self) -> Found:
        if self._more:
            detail = f"{self._more:,} more leads of this list have a problem."
            self._problems.append(Diagnostic("More problems", detail, self._problems[-1].source))
        problems = [*self._problems, *_repeated(self._leads, self._places)]
        return Found(tuple(self._leads), problems, tuple(self._places))


def _duplicate(number: str, line: int) -> str:
    return f"{number} stands on line {line} already, with the same variables. It would be called twice; take one out."


def _repeated(leads: Sequence[Spec], places: Sequence[SourceLine]) -> list[Diagnostic]:
    """Warn of numbers that stand in the list more than once: a household, or one customer exported twice."""
    often = {number: how for number, how in Counter(lead[PHONE] for lead in leads).items() if how > 1}
    together: dict[str, list[int]] = {number: [] for number in islice(often, MAX_PROBLEMS)}
    for index, lead in enumerate(leads if often else ()):
        if lead[PHONE] in together:
            together[lead[PHONE]].append(index)
    found = [
        Diagnostic(
            "Same number twice",
            _called_again(
                number, [leads[index]["variables"] for index in same], [places[index].line for index in same]
            ),
            places[same[1]],
            severity=Severity.WARNING,
        )
        for number, same in together.items()
    ]
    if more := len(often) - len(found):
        detail = f"{wording.count(more, 'more number')} of this list would be called more than once."
        found.append(Diagnostic("Same number twice", detail, found[-1].source, severity=Severity.WARNING))
    return found


def _called_again(number: str, variables: Sequence[Spec], lines: Sequence[int]) -> str:
    names = dict.fromkeys(name for each in variables for name in each)
    differ = [name for name in names if any(each.get(name) != variables[0].get(name) for each in variables)]
    return (
        f"{number} stands {_on_lines(lines)}, with different values of {wording.listed(differ)}; it would be called "
        f"{len(lines)} times. Keep one, unless different people share this number."
    )


def _on_lines(lines: Sequence[int]) -> str:
    if len(set(lines)) == 1:
        return f"{len(lines)} times on line {lines[0]}"
    texts = [str(line) for line in lines]
    if len(texts) > MAX_PROBLEMS:
        return f"on lines {', '.join(texts[:MAX_PROBLEMS])} and {len(texts) - MAX_PROBLEMS} more"
    return f"on lines {', '.join(texts[:-1])} and {texts[-1]}"
