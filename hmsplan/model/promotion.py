"""What one environment demands of another: that a change was applied there first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from hmsplan.model.address import Address
from hmsplan.model.diagnostic import SourceLine
from hmsplan.model.paths import FieldPath

ContentOf: TypeAlias = Callable[[Address], str | None]
"""Returns the digest of what all environments declare of a resource; None for one that only this environment has."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """``require:`` of an environment.

    Attributes:
        environment: where a change has to be applied first.
        for_s: how many seconds it has to stay applied there.
        source: the line that says so.
        excluded: what that environment does without, and the line that says so.
        organization: that environment's own, if it declares one.
        ignored: the fields of which that environment alone ignores changes, and the lines that say so.
    """

    environment: str
    for_s: float
    source: SourceLine
    excluded: Mapping[Address, SourceLine] = field(default_factory=dict)
    organization: str | None = None
    ignored: Mapping[Address, Mapping[FieldPath, SourceLine]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Content:
    """What is applied of a resource, apart from what an environment says of it.

    Attributes:
        digest: SHA-256 of the content, in hex.
        since: Unix seconds, by the API's clock: the end of the first apply that had it.
    """

    digest: str
    since: float


@dataclass(frozen=True, slots=True)
class Proof:
    """What the state and the history of the required environment tell.

    Attributes:
        contents: of each address that is bound there; None where no apply wrote down which content it has.
        made: when the object of an address was made, as far as the last applies tell.
        deletions: when the last applies deleted an address there; all times in Unix seconds, to the millisecond.
        applies: end of each of the last applies to its number in the history.
        problem: why nothing of it is known; "" = it is.
    """

    contents: Mapping[Address, Content | None] = field(default_factory=dict)
    deletions: Mapping[Address, float] = field(default_factory=dict)
    applies: Mapping[float, int] = field(default_factory=dict)
    problem: str = ""
    made: Mapping[Address, float] = field(default_factory=dict)
