"""What differs between two environments: the ``Comparison``."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from hmsplan.model.address import Address
from hmsplan.model.diagnostic import SourceLine
from hmsplan.model.paths import FieldPath
from hmsplan.model.plan import Drift
from hmsplan.model.value import Missing, Value


class CauseKind(enum.StrEnum):
    """Where a difference comes from. The first five are in the files, and meant."""

    VARIABLE = "variable"
    OVERRIDE = "override"
    EXCLUDE = "exclude"
    FILE = "file of the environment"
    COPY = "copy"
    NOT_APPLIED = "not applied"
    DRIFT = "changed outside"
    NOT_DECLARED = "not declared"


MEANT = frozenset({CauseKind.VARIABLE, CauseKind.OVERRIDE, CauseKind.EXCLUDE, CauseKind.FILE, CauseKind.COPY})


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason of a difference.

    Attributes:
        environment: in which it is; "" = in both.
        name: of a variable; the field that is copied; "" for the rest.
        source: the line that says so; None where no file does.
    """

    kind: CauseKind
    environment: str = ""
    name: str = ""
    source: SourceLine | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not the same in both environments, or an object that only one of them has.

    Attributes:
        path: empty for a whole object.
        left, right: the values, references as ``${kind.key}``; MISSING where there is none. Of members, how many. Of a
            whole object, None where it is there.
        is_live: it is in what the platform has, and not in the files.
    """

    address: Address
    path: FieldPath
    left: Value | Missing
    right: Value | Missing
    causes: tuple[Cause, ...] = ()
    is_live: bool = False

    @property
    def is_meant(self) -> bool:
        """Whether the files say that it is to be so."""
        return not self.is_live and any(cause.kind in MEANT for cause in self.causes)

    @property
    def is_late(self) -> bool:
        """Whether an apply of what the files say ends it."""
        return {cause.kind for cause in self.causes} == {CauseKind.NOT_APPLIED}

    @property
    def is_accidental(self) -> bool:
        """Whether nothing in the files says it, and no apply of them ends it."""
        return not (self.is_meant or self.is_late)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two environments, and what differs.

    Attributes:
        left, right: their names.
        is_live: what the platform has was compared, too.
        objects: how many addresses either of them has.
        differences: by address and path.
        unmanaged: environment to its live objects that no stack manages, of the kinds that were read.
    """

    left: str
    right: str
    is_live: bool
    objects: int
    differences: tuple[Difference, ...]
    unmanaged: Mapping[str, tuple[Drift, ...]] = field(default_factory=dict)

    @property
    def meant(self) -> int:
        """How many of the differences the files say."""
        return sum(each.is_meant for each in self.differences)

    @property
    def late(self) -> tuple[Difference, ...]:
        """What is not applied yet, and else as the files say."""
        return tuple(each for each in self.differences if each.is_late)

    @property
    def accidental(self) -> tuple[Difference, ...]:
        """What nothing in the files says."""
        return tuple(each for each in self.differences if each.is_accidental)

    @property
    def alike(self) -> int:
        """How many objects have no difference."""
        return self.objects - len({each.address for each in self.differences})
