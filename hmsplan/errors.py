"""The error tree.

::

    HmsplanError
    |- ConfigError   carries every Diagnostic
    |- PlanError     what is declared cannot be planned against what is live; carries every Diagnostic
    |- StateError
    |  |- StateLocked
    |  `- StalePlan
    |- ApiError      method, path, status, request_id
    |  |- Unauthorized
    |  |- NotFound
    |  |- RateLimited   retry_after_s
    |  `- Ambiguous     sent, and it is not known whether it happened
    |- WrongOrganization
    |- UnsafePlan    carries the refusals, and what policies deny
    |- UnsettledCreate  carries the open intents
    |- StaleStep     what a step rests on moved since the plan
    `- ApplyFailed   carries the Report

Exceptions carry data and build their text from it. ``exit_code`` is the frozen table of the README, Exit codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmsplan.model import Denial, Diagnostic, Refusal, Report, Unsettled


class HmsplanError(Exception):
    """Anything that a command tells its user and ends with.

    Attributes:
        summary: fixed words, without data.
        detail: which, why it matters, and what to type next.
    """

    exit_code: ClassVar[int] = 1
    summary: str = "Error"

    def __init__(self, detail: str = "", *, summary: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if summary is not None:
            self.summary = summary

    def __str__(self) -> str:
        return f"{self.summary}: {self.detail}" if self.detail else self.summary


class DiagnosticError(HmsplanError):
    """An error that is a list of problems, all of them."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("; ".join(f"{d.source or ''} {d.summary}: {d.detail}".strip() for d in self.diagnostics))


class ConfigError(DiagnosticError):
    """What is written in the stack is wrong."""

    exit_code = 3
    summary = "Invalid configuration"


class PlanError(DiagnosticError):
    """What is declared is valid, but cannot be planned against what is live."""

    summary = "Cannot plan"


class StateError(HmsplanError):
    """The state cannot be read, trusted or written."""

    summary = "State error"


class StateLocked(StateError):
    """Another run holds the lock."""

    exit_code = 7
    summary = "State is locked"


class StalePlan(StateError):
    """The plan or digest no longer holds."""

    exit_code = 5
    summary = "Saved plan is stale"


class ApiError(HmsplanError):
    """The API answered with an error, or with something that is not an answer.

    Attributes:
        path: below the base URL.
        status: None when there was no answer.
        details: the API's own list of problems, foreign text.
        request_id: what the API calls this request, if it said.
    """

    summary = "API error"

    def __init__(
        self,
        detail: str,
        *,
        method: str,
        path: str,
        status: int | None = None,
        details: Sequence[str] = (),
        request_id: str | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.status = status
        self.details = tuple(details)
        self.request_id = request_id
        answer = f" answered {status}" if status is not None else ""
        self._told = f"{answer}: {detail}" + "".join(f"\n  - {line}" for line in self.details)
        super().__init__(f"{method} {path}{self._told}")

    def at(self, base_url: str) -> None:
        """Say also which endpoint it was, as an error does that ends a run."""
        super().__init__(f"{self.method} {base_url}{self.path}{self._told}", summary=self.summary)


class Unauthorized(ApiError):
    """401: the key is missing, wrong, expired or revoked."""

    exit_code = 9
    summary = "Not authenticated"


class NotFound(ApiError):
    """404."""

    summary = "Not found"


class RateLimited(ApiError):
    """429, and the patience for it is used up.

    Attributes:
        retry_after_s: seconds the API asks to wait; None when it did not say.
    """

    summary = "Rate limit"
    retry_after_s: float | None = None


class Ambiguous(ApiError):
    """The request was sent and may or may not have happened."""

    summary = "Unknown outcome"


class WrongOrganization(HmsplanError):
    """The key belongs to another organization than declared or remembered."""

    exit_code = 9
    summary = "Wrong organization"


class UnsafePlan(HmsplanError):
    """A guard, limit or policy refuses the plan."""

    exit_code = 4
    summary = "Refused"

    def __init__(self, refusals: Sequence[Refusal], denials: Sequence[Denial] = ()) -> None:
        self.refusals, self.denials = tuple(refusals), tuple(denials)
        denied = (f"{d.about}: {d.told}" for d in self.denials)
        super().__init__("; ".join([*denied, *(f"{r.address}: {r.told} ({r.flag})" for r in self.refusals)]))


class UnsettledCreate(HmsplanError):
    """A create of which it is not known whether it happened."""

    exit_code = 8
    summary = "A create cannot be settled"

    def __init__(self, unsettled: Sequence[Unsettled]) -> None:
        self.unsettled = tuple(unsettled)
        super().__init__(", ".join(str(u.address) for u in self.unsettled))


class StaleStep(HmsplanError):
    """What one step rests on is not as it was when the plan was made; nothing was sent."""

    exit_code = 5
    summary = "Changed since the plan"


class ApplyFailed(HmsplanError):
    """Not every step was done; the report says which."""

    summary = "Apply failed"

    def __init__(self, report: Report, exit_code: int) -> None:
        self.report = report
        self.code = exit_code
        super().__init__()
