"""Comments that silence a rule at one place: ``# hmsplan: ignore RULE until 2027-01-01 because …``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from hmsplan.model import SourceLine
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

MARK: Final = "hmsplan: ignore"
FORM: Final = "# hmsplan: ignore RULE until 2027-01-01 because REASON"
_COMMENT: Final = re.compile(r"(?:^|\s)#\s*hmsplan:\s*ignore\b(.*)$")
_BODY: Final = re.compile(
    r"\s+(?P<rules>[a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)"
    r"(?:\s+until\s+(?P<until>\S+))?"
    r"(?:\s+because\s+(?P<reason>\S.*))?\s*"
)


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment.

    Attributes:
        source: where the comment stands.
        line: that it is about: its own, or the next one if it stands alone.
        rules: ids.
        until: the last day it holds; None = for good.
        problem: why it counts for nothing; "" for one that is right.
        is_at_head: it stands alone before all that the file holds, so it is about the file, too.
    """

    source: SourceLine
    line: int
    rules: tuple[str, ...] = ()
    until: date | None = None
    problem: str = ""
    is_at_head: bool = False

    def is_about(self, line: int) -> bool:
        """Say whether it is about what is found on *line*; what is found about a whole file is on its first one."""
        return line == self.line or (self.is_at_head and line == 1)

    def holds(self, today: date) -> bool:
        """Say whether it is right, and not over."""
        return not self.problem and (self.until is None or today <= self.until)


def suppressions_in(lines: Sequence[str], file: str, known: Collection[str]) -> Iterator[Suppression]:
    """Yield the comments of a YAML file, wrong ones too; *known* are the ids of all rules.

    What looks like a comment inside a block of text is one for us too: a prompt that says it about itself is not known.
    """
    for number, line in enumerate(lines, 1):
        if "hmsplan:" in line and (found := _COMMENT.search(line)) is not None:
            source = SourceLine(file, number, line.index("#", found.start()) + 1)
            alone = not line[: source.column - 1].strip()
            read = _read(found[1], source, _next(lines, number) if alone else number, known)
            yield replace(read, is_at_head=alone and _next(lines, 0) == read.line)


def _next(lines: Sequence[str], number: int) -> int:
    """Return the number of the next line that is neither empty nor a comment."""
    for at in range(number, len(lines)):
        text = lines[at].lstrip()
        if text and not text.startswith("#"):
            return at + 1
    return number


def _read(body: str, source: SourceLine, line: int, known: Collection[str]) -> Suppression:
    parts = _BODY.fullmatch(body)
    if parts is None:
        return Suppression(source, line, problem=f"Write it as\n  {FORM}")
    rules = tuple(re.split(r"\s*,\s*", parts["rules"]))
    for rule in rules:
        if rule not in known:
            return Suppression(source, line, problem=f"There is no rule {rule}.{wording.did_you_mean(rule, known)}")
    if not parts["reason"]:
        return Suppression(source, line, problem=f"It does not say why. Write it as\n  {FORM}")
    try:
        until = date.fromisoformat(parts["until"]) if parts["until"] else None
    except ValueError:
        return Suppression(source, line, problem=f"{parts['until']} is not a date. Write it as 2027-01-31.")
    return Suppression(source, line, rules, until)
