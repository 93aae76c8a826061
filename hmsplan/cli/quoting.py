"""Which lines of the stack's files the problems of a run are shown with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hmsplan.cli.options import Globals
    from hmsplan.model import SourceLine


class Quoting:
    """Reads lines of the stack of a run when the first one is asked for."""

    def __init__(self, options: Globals) -> None:
        self._options = options

    def __call__(self, source: SourceLine) -> str | None:
        """Return a line that may be shown; a file of secrets has none that may."""
        from hmsplan.config.excerpt import Excerpts  # noqa: PLC0415 -- only for a problem

        if not hasattr(self, "_excerpts"):
            files = {each.place.rpartition("/")[2] for each in self._options.sources}
            self._excerpts = Excerpts(self._options.directory, files)
        return self._excerpts(source)
