"""Where secrets are kept besides the environment: a dotenv file, a file of SOPS, whatever a command can reach. Pure.

A source is named on the command line, and never by the stack: what it names is run. So is a sink, which takes a secret
that the API shows once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from typing import Self

SCHEMES: Final = ("dotenv", "sops", "exec")


@dataclass(frozen=True, slots=True)
class _Named:
    """What is named on the command line as ``SCHEME:PLACE``."""

    role: ClassVar[str]
    schemes: ClassVar[tuple[str, ...]]
    scheme: str
    place: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.place}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``SCHEME:PLACE``.

        Raises:
            ValueError: the scheme is not one of ``schemes``, or nothing stands behind it.
        """
        scheme, _, place = text.partition(":")
        if scheme not in cls.schemes or not place.strip():
            raise ValueError(text)
        return cls(scheme, place)


@dataclass(frozen=True, slots=True)
class Source(_Named):
    """One place where secrets are kept.

    Attributes:
        place: a file; of ``exec`` a command.
    """

    role: ClassVar[str] = "source"
    schemes: ClassVar[tuple[str, ...]] = SCHEMES

    @property
    def is_program(self) -> bool:
        """Whether asking it starts a program, so that it is not asked in vain."""
        return self.scheme != "dotenv"


@dataclass(frozen=True, slots=True)
class Sink(_Named):
    """Where a new secret goes.

    Attributes:
        place: a file that only this user may read; of ``exec`` a command that gets the secret on stdin.
    """

    role: ClassVar[str] = "sink"
    schemes: ClassVar[tuple[str, ...]] = ("file", "exec")
