"""Live values on their way into the files: what ``hmsplan pull`` did, or would do."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from hmsplan.model.address import Address
from hmsplan.model.diagnostic import Diagnostic, SourceLine
from hmsplan.model.plan import Drift, FieldChange
from hmsplan.model.value import Missing, Value


class Side(enum.StrEnum):
    """Who is right where both changed a value: OURS is the repository, THEIRS the platform."""

    OURS = "ours"
    THEIRS = "theirs"


class PullOutcome(enum.StrEnum):
    """What became of one drifted value. KEPT: the files stay as they are, because somebody said so."""

    WRITTEN = "written"
    KEPT = "kept"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Pulled:
    """One value that drifted.

    Attributes:
        change: ``before`` = last applied, ``after`` = live.
        declared: what the stack says.
        places: where it is written, or would have to be.
        reason: why it is kept or refused; foreign text.
        is_shared: it is refused because others share the place.
    """

    address: Address
    change: FieldChange
    declared: Value | Missing
    outcome: PullOutcome
    places: tuple[SourceLine, ...] = ()
    reason: str = ""
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file before and after; *before* is None for a new one."""

    before: bytes | None
    after: bytes


@dataclass(frozen=True, slots=True)
class PullReport:
    """All that a pull found.

    Attributes:
        gone: objects that are not live any more, which no pull takes out of the files.
        adopted: address to the file of each new resource.
        unmanaged: live objects that nothing binds or imports, as far as they were not adopted.
        left_out: what is live of the new resources and not in their files, one line each; foreign text.
        files: path below the root, without symbolic links, to what it becomes.
        findings: of lint, about what the files become and not about what they are; errors and warnings.
        is_adopting: what nothing manages was asked for, too.
        unsettled: says of each object of which the readings do not tell whether it exists that it was not compared.
    """

    pulled: tuple[Pulled, ...]
    gone: tuple[Drift, ...] = ()
    adopted: Mapping[Address, str] = field(default_factory=dict)
    unmanaged: tuple[Drift, ...] = ()
    left_out: tuple[str, ...] = ()
    files: Mapping[str, FileChange] = field(default_factory=dict)
    warnings: tuple[Diagnostic, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    is_adopting: bool = False
    unsettled: tuple[Diagnostic, ...] = ()

    def of(self, outcome: PullOutcome) -> tuple[Pulled, ...]:
        """Return the values of one outcome."""
        return tuple(each for each in self.pulled if each.outcome is outcome)

    @property
    def is_whole(self) -> bool:
        """Whether nothing that drifted or was adopted is left outside the files, but for what is kept."""
        left = self.gone or self.unsettled or self.left_out
        return not (left or self.of(PullOutcome.CONFLICT) or self.of(PullOutcome.REFUSED))
