"""What is wrong with a stack, as far as anybody wants to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.errors import ConfigError
from hmsplan.model import Diagnostic, Severity, SourceLine

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self


MOST: Final = 500


class Problems(list[Diagnostic]):
    """A list that holds each problem once, and ends the reading of a stack once it is long enough.

    Finding out where a problem stands and what was meant takes time, and a file can hold a million of them. What many
    resources inherit from one line is one problem: it is left out when it is in the list already, or among *told*, the
    problems of the file that holds the line.

    Attributes:
        heard: how many were added, those that were left out too.

    Raises:
        ConfigError: there are *most* errors; carries all, warnings too, and says that there may be more.
    """

    def __init__(self, *, most: int = MOST, told: Iterable[Diagnostic] = ()) -> None:
        super().__init__()
        self.heard = 0
        self._left = most
        self._told = {(problem.summary, problem.source) for problem in told}
        self._seen = set[tuple[str, str, SourceLine]]()

    def append(self, problem: Diagnostic) -> None:
        """Add a problem."""
        self.heard += 1
        if problem.source is not None:
            seen = (problem.summary, problem.detail, problem.source)
            if seen in self._seen or (problem.summary, problem.source) in self._told:
                return
            self._seen.add(seen)
        super().append(problem)
        self._left -= problem.severity is Severity.ERROR
        if self._left <= 0:
            more = "This is as far as the stack was read. Fix these first; there may be more."
            raise ConfigError([*self, Diagnostic("Many problems", more)])

    def __iadd__(self, found: Iterable[Diagnostic]) -> Self:  # type: ignore[override,misc]  # as list does, one by one
        for problem in found:
            self.append(problem)
        return self
