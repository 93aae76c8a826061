"""What an apply did: the ``Report``."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hmsplan.model.diagnostic import SourceLine
from hmsplan.model.paths import FieldPath
from hmsplan.model.plan import Step


class Status(enum.StrEnum):
    """How a step ended."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    NOT_STARTED = "not started"
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class Complaint:
    """What the API says about one field of a request that it refused.

    Attributes:
        text: the API's words, foreign.
        path: of the field in the resource; empty when they name none that is declared.
        source: where that is declared, or the resource; None when nothing declares it.
    """

    text: str
    path: FieldPath = ()
    source: SourceLine | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one step.

    Attributes:
        error: why it did not end well; "" for DONE.
        notes: what people should know although it is done ("the API kept llm_config.temperature").
        to_do: what people have to do now; a text to be copied is indented.
        stale: FAILED because what it rests on moved since the plan.
        blockers: keys of the failed steps that this one waited for.
        complaints: FAILED because the API refused these fields; *error* tells all of them.
    """

    step: Step
    status: Status
    id: str | None = None
    error: str = ""
    notes: tuple[str, ...] = ()
    to_do: tuple[str, ...] = ()
    stale: bool = False
    blockers: tuple[str, ...] = ()
    complaints: tuple[Complaint, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All outcomes of one apply, in the order of the plan's steps.

    Attributes:
        signal: the number of the signal that stopped it; None when none did.
        stopped: why nothing more could succeed, when it was no signal that stopped it.
        unauthorized: the API refused the key.
        requests: HTTP requests sent, by method.
        elapsed_s: seconds, of which *waited_s* were waiting for the rate limit.
    """

    outcomes: tuple[Outcome, ...]
    signal: int | None = None
    stopped: str = ""
    unauthorized: bool = False
    requests: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    elapsed_s: float = 0.0
    waited_s: float = 0.0

    def count(self, status: Status) -> int:
        """Say how many steps ended so."""
        return sum(outcome.status is status for outcome in self.outcomes)
