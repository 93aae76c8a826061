"""Where secrets are kept besides the environment: a dotenv file, a file of SOPS, whatever a command can reach. Pure.

A source is named on the command line, and never by the stack: what it names is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SCHEMES: Final = ("dotenv", "sops", "exec")


@dataclass(frozen=True, slots=True)
class Source:
    """One place where secrets are kept, as ``SCHEME:PLACE``.

    Attributes:
        place: a file; of ``exec`` a command.
    """

    scheme: str
    place: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.place}"

    @property
    def is_program(self) -> bool:
        """Whether asking it starts a program, so that it is not asked in vain."""
        return self.scheme != "dotenv"

    @classmethod
    def parse(cls, text: str) -> Source:
        """Read ``SCHEME:PLACE``.

        Raises:
            ValueError: the scheme is not one of ``SCHEMES``, or nothing stands behind it.
        """
        scheme, _, place = text.partition(":")
        if scheme not in SCHEMES or not place.strip():
            raise ValueError(text)
        return cls(scheme, place)
