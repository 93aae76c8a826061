"""What is wrong with a stack, and where."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hmsplan.model.address import Address
from hmsplan.model.paths import FieldPath


@dataclass(frozen=True, slots=True, order=True)
class SourceLine:
    """A place in a file of the stack. Lines and columns count from 1; ``file`` is relative to the stack's root."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Severity(enum.StrEnum):
    """How bad a ``Diagnostic`` is; only an error stops a command, and only lint tells what is merely worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """By which the worst is first; its own is 0."""
        return _WORST_FIRST.index(self)


_WORST_FIRST: Final = tuple(Severity)


class Topic(enum.StrEnum):
    """What a ``Diagnostic`` is about, where a program acts on it: the words of one are for people."""

    NO_STATE = "no state"
    SAME_NAME = "same name"
    READABLE_CREDENTIAL = "readable credential"
    TEMPLATE = "template"
    CONSENT = "consent"
    LOST = "lost"
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem, told so that its reader can fix it.

    Attributes:
        summary: fixed words, without data ("Unknown reference"), so that tools can group by it.
        detail: which, why it matters, and what to type next.
        source: where; None when no file is at fault.
        address: the resource concerned, if one is.
        path: the field concerned; empty for the whole resource.
        topic: None when no program asks.
        rule: id of the rule of lint that found it; "" for what no rule did.
    """

    summary: str
    detail: str
    source: SourceLine | None = None
    address: Address | None = None
    path: FieldPath = ()
    severity: Severity = Severity.ERROR
    topic: Topic | None = None
    rule: str = ""


def has_severity(problems: Iterable[Diagnostic], least: Severity) -> bool:
    """Say whether one of *problems* is at least as bad as *least*."""
    return any(problem.severity.rank <= least.rank for problem in problems)
