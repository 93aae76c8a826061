"""Answers of the API: a status, headers and JSON bytes; refusals in the form that the settings ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hmsplan.emulator.jsonio import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmsplan.emulator.settings import Settings

_CODES = {
    400: "invalid_request",
    401: "unauthorized",
    402: "insufficient_credits",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "request_too_large",
    422: "unprocessable",
    429: "rate_limit_exceeded",
    500: "internal_error",
}


@dataclass(slots=True)
class Answer:
    """What goes back to the client, unless a fault gets in the way."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class RefusalError(Exception):
    """A request that is refused with a status and a reason.

    Attributes:
        details: one text a problem.
        extra: further members of the body, such as ``balance``.
        headers: further headers, such as ``Allow``.
        code: code of the older error form; the status decides when it is empty.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        *,
        details: Iterable[str] = (),
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        code: str = "",
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.details = tuple(details)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
        self.code = code or _CODES.get(status, "error")


def json_answer(status: int, value: Any) -> Answer:
    """Answer with a JSON value."""
    return Answer(status, dumps(value))


def envelope(key: str, document: bytes) -> bytes:
    """Wrap a document that is bytes already; without a key it stays bare."""
    return b'{"%s":%s}' % (key.encode(), document) if key else document


def list_envelope(key: str, documents: Iterable[bytes]) -> bytes:
    """Wrap documents that are bytes already into a list."""
    return b'{"%s":[%s]}' % (key.encode(), b",".join(documents))


def refusal_answer(refusal: RefusalError, settings: Settings) -> Answer:
    """Write a refusal in the newest form, or in that of the older guide."""
    error: Any = refusal.reason
    if settings.error_form == "object":
        error = {"code": refusal.code, "message": refusal.reason, "type": f"{refusal.code}_error"}
    body: dict[str, Any] = {"error": error}
    if refusal.details:
        body["details"] = list(refusal.details)
    return Answer(refusal.status, dumps({**body, **refusal.extra}), refusal.headers)


def invalid(*problems: str) -> RefusalError:
    """Refuse a request for what is wrong with it, one text a problem."""
    return RefusalError(400, "Validation failed", details=problems)


def not_found(what: str) -> RefusalError:
    """Refuse an id that this organization does not have."""
    return RefusalError(404, f"{what} not found")
