"""Values: an event that a webhook is tried with, and what came of it. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.model import Address, Diagnostic, FieldPath, Secret, SourceLine


class WebhookEvent(enum.StrEnum):
    """The four events of a call."""

    ASSISTANT_REQUEST = "assistant-request"
    TOOL_CALLS = "tool-calls"
    STATUS_UPDATE = "status-update"
    END_OF_CALL_REPORT = "end-of-call-report"


class Signing(enum.StrEnum):
    """How an event is signed; all but the first have to be refused."""

    VALID = "valid"
    WRONG = "wrong"
    MISSING = "missing"
    OLD = "old"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where events go.

    Attributes:
        secret: signs them; None = they are not signed.
    """

    url: str
    secret: Secret | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class WebhookCase:
    """One event that a webhook is tried with.

    Attributes:
        what: which of the events of its kind, such as ``find_slot, without optional arguments``.
        address: the resource that it is about, and the *path* of the tool or field in it.
        source: that line.
        message: what the body has below ``message``, without its time.
        tool_call_ids: of the calls in the message.
        is_answer_ignored: any answer is as good as none.
    """

    event: WebhookEvent
    what: str
    address: Address
    path: FieldPath
    receiver: Receiver
    message: Mapping[str, Any]
    source: SourceLine | None = None
    signing: Signing = Signing.VALID
    tool_call_ids: tuple[str, ...] = ()
    is_answer_ignored: bool = False

    @property
    def name(self) -> str:
        """The case in one line."""
        return f"{self.event}, {self.what}" if self.what else str(self.event)


class WebhookOutcome(enum.StrEnum):
    """What became of a case."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class WebhookResult:
    """A case and what came of it.

    Attributes:
        status: of the answer; None when there was none.
        took_s: until the answer was whole, or given up.
        is_sent: it was, so *status* and *took_s* mean something.
    """

    case: WebhookCase
    problems: tuple[Diagnostic, ...] = ()
    status: int | None = None
    took_s: float = 0.0
    is_sent: bool = True

    @property
    def outcome(self) -> WebhookOutcome:
        """Only an error fails a case."""
        if not self.is_sent:
            return WebhookOutcome.SKIPPED
        bad = any(problem.severity is Severity.ERROR for problem in self.problems)
        return WebhookOutcome.FAILED if bad else WebhookOutcome.PASSED
