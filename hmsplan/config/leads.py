"""The leads of a campaign, from a CSV file or from YAML."""

from __future__ import annotations

import csv
import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.config.csv_table import Rows, header_problems
from hmsplan.kinds import phone
from hmsplan.model import Diagnostic, Severity, SourceLine
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hmsplan.model import Spec

PHONE: Final = "phone_number"
MAX_PROBLEMS: Final = 20
_LIKELY: Final = re.compile("phone|tel|mobile|number|nummer|msisdn", re.IGNORECASE)


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
    rows = Rows.read(text, file, PHONE)
    try:
        header = rows.header()
        problems = list(islice(header_problems(header, rows.source, PHONE, _LIKELY, "lead"), MAX_PROBLEMS))
        return Found((), problems) if problems else _leads(rows, header)
    except csv.Error as error:
        return Found((), [rows.unreadable(error)])


def _leads(rows: Rows, header: list[str]) -> Found:
    width, at = len(header), header.index(PHONE)
    names = header[:at] + header[at + 1 :]
    leads = _Leads()
    for row in rows:
        if not any(map(str.strip, row)):
            continue
        if (wrong := rows.wrong_number(row, width)) is not None:
            leads.add_problem(wrong)
            continue
        number = phone.bare(row.pop(at))
        if why := phone.why_not(number):
            detail = why if number.strip() else f"The cell {PHONE} is empty."
            leads.problem("Not a phone number", detail, rows.cell(at))
        else:
            leads.add(number, dict(zip(names, row, strict=True)), rows.source)
    return leads.finish()


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
        self.add_problem(Diagnostic(summary, detail, source))

    def add_problem(self, problem: Diagnostic) -> None:
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(problem)
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
