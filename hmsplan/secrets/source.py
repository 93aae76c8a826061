"""Where secrets are kept besides the environment: a dotenv file, a file of SOPS, whatever a command can reach. Pure.

A source is named on the command line, and never by the stack: what it names is run. So is a sink, which takes a secret
that the API shows once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

SCHEMES: Final = ("dotenv", "sops", "exec")
SINKS: Final = ("file", "exec")


@dataclass(frozen=True, slots=True)
class Source:
    """One place where secrets are kept, as ``SCHEME:PLACE``.

    Attributes:
        place: a file; of ``exec`` a command.
    """

    role: ClassVar[str] = "source"
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


@dataclass(frozen=True, slots=True)
class Sink:
    """Where a new secret goes, as ``SCHEME:PLACE``.

    Attributes:
        place: a file that only this user may read; of ``exec`` a command that gets the secret on stdin.
    """

    role: ClassVar[str] = "sink"
    scheme: str
    place: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.place}"

    @classmethod
    def parse(cls, text: str) -> Sink:
        """Read ``SCHEME:PLACE``.

        Raises:
            ValueError: the scheme is not one of ``SINKS``, or nothing stands behind it.
        """
        scheme, _, place = text.partition(":")
        if scheme not in SINKS or not place.strip():
            raise ValueError(text)
        return cls(scheme, place)
