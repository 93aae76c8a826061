"""A fleet as its file declares it. Pure."""

from __future__ import annotations

import enum
import fnmatch
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hmsplan.secrets.answers import variable_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hmsplan.config.document import Node
    from hmsplan.model import Diagnostic, SourceLine, Variable

SECRET: Final = "secret:"  # noqa: S105 -- a word before the name of one


@dataclass(frozen=True, slots=True)
class Member:
    """One organization of a fleet, and how the shared stack differs for it.

    Attributes:
        name: unique, and safe as the name of a folder.
        key: name of the variable that holds its API key, or ``secret:NAME``; never the key.
        stack: folder of its stack, relative to that of the fleet file.
        environment: of the stack; None = what the command line or the stack says.
        organization: the only one that its key may belong to; None = any.
        variables: with the line of each, relative to the folder of its stack.
        secrets: the name of a secret in the stack to the one under which the member's own is kept, likewise.
        overrides: fields of single resources, by address; None = none.
        source: its line, relative to the folder of the fleet file.
        has_column: the table that names it has a column organization; None = it stands in a list.
    """

    name: str
    key: str
    stack: str
    source: SourceLine
    environment: str | None = None
    organization: str | None = None
    tags: tuple[str, ...] = ()
    variables: Mapping[str, Variable] = field(default_factory=dict)
    secrets: Mapping[str, Variable] = field(default_factory=dict)
    overrides: Node | None = None
    has_column: bool | None = None

    @property
    def key_variable(self) -> str:
        """The variable that holds its key, if no source of secrets does."""
        return variable_of(self.key.removeprefix(SECRET)) if self.key.startswith(SECRET) else self.key

    def place_of(self, organization: str) -> str:
        """Say what to write to declare its *organization*, and where; goes on behind "write"."""
        if self.has_column is None:
            return f"organization: {organization} at {self.source}"
        column = "the column organization" if self.has_column else "a column organization, which the table lacks"
        return f"{organization} at {self.source} into {column}"

    def fits(self, pattern: str) -> bool:
        """Say whether its name or one of its tags is meant by *pattern*, in which ``*`` matches any characters."""
        return any(fnmatch.fnmatchcase(word, pattern) for word in (self.name, *self.tags))


class StopOn(enum.StrEnum):
    """What keeps an apply of a fleet from beginning with further members."""

    FAILURE = "failure"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True)
class Wave:
    """One step of a rollout.

    Attributes:
        members: patterns of names and tags; empty where *share* says how far it goes.
        share: percent of all members that have been reached when it ends; None where *members* are named.
        after_s: seconds to wait after the wave before it.
    """

    members: tuple[str, ...] = ()
    share: int | None = None
    after_s: int = 0


ALL_AT_ONCE: Final = (Wave(share=100),)


@dataclass(frozen=True, slots=True)
class Fleet:
    """All members, in the order in which they are written.

    Attributes:
        file: the fleet file, relative to the folder it was looked for in.
        warnings: what a person should know, and what stops nothing.
    """

    file: str
    members: tuple[Member, ...]
    waves: tuple[Wave, ...] = ALL_AT_ONCE
    stop_on: StopOn = StopOn.FAILURE
    warnings: tuple[Diagnostic, ...] = ()


def chosen(members: Iterable[Member], patterns: Iterable[str]) -> tuple[Member, ...]:
    """Return the members that one of *patterns* means; one that begins with ``!`` leaves members out."""
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")] or ["*"]
    unwanted = [pattern.removeprefix("!") for pattern in patterns if pattern.startswith("!")]
    return tuple(member for member in members if any(map(member.fits, wanted)) and not any(map(member.fits, unwanted)))


def in_shards(members: Sequence[Member], number: int) -> tuple[tuple[Member, ...], ...]:
    """Divide *members* into at most *number* parts of nearly the same size, in their order; none is empty."""
    parts = min(number, len(members))
    return tuple(
        tuple(members[len(members) * part // parts : len(members) * (part + 1) // parts]) for part in range(parts)
    )


def in_waves(fleet: Fleet, members: Iterable[Member]) -> tuple[tuple[Member, ...], ...]:
    """Return which of *members* belong to which wave of *fleet*; each to the first that reaches it.

    A share counts all members of the fleet, so that it means the same however many are chosen.
    """
    wanted = {member.name for member in members}
    waves: list[tuple[Member, ...]] = []
    left = list(fleet.members)
    for wave in fleet.waves:
        if wave.share is None:
            found = [member for member in left if any(map(member.fits, wave.members))]
        else:
            reached = len(fleet.members) - len(left)
            found = left[: max(0, -(-len(fleet.members) * wave.share // 100) - reached)]
        names = {member.name for member in found}
        left = [member for member in left if member.name not in names]
        waves.append(tuple(member for member in found if member.name in wanted))
    return tuple(waves)
