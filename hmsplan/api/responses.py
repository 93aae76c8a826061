"""Reads what came back: JSON, an error in any of its forms, or nothing. Pure.

Foreign text stays data in the exception, shortened; the code that shows it escapes it. Nothing of a request gets in:
what the API echoes of a secret or of the key is cut out.
"""

from __future__ import annotations

import gc
import re
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from hmsplan.api import lenient_json
from hmsplan.errors import Ambiguous, ApiError, NotFound, RateLimited, Unauthorized
from hmsplan.secrets import detect
from hmsplan.secrets.encodings import disguises
from hmsplan.text.strict_json import NotJson

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_LONGEST_TEXT: Final = 300
_MOST_DETAILS: Final = 20
_SHORTEST_HIDDEN: Final = 4  # cutting out shorter ones would garble the text and hide nothing
_HIDDEN: Final = "(sensitive value)"
_LABELLED: Final = re.compile(
    r"""((?:secret|password|api_?key|token|authorization)(\\?"|'|&quot;)\s*:\s*\2)(?:\\.|(?!\2).)*""",
    re.IGNORECASE | re.DOTALL,
)
"""The JSON of a text that is called a secret, cut off or not, also inside another text or a page."""
_LARGE: Final = 65_536
_KEY_END: Final = b'":'
_ODD_KEY_END: Final = re.compile(rb'"[ \t\r\n]+:|\\u00(?:22|3[aA])')
"""The end of a key, or a part of a text that looks like one, in another spelling than that of ``orjson``."""
_DIGITS: Final = bytes(0x30 if 0x30 <= byte <= 0x39 else byte for byte in range(256))  # noqa: PLR2004 -- 0 to 9
_LONG_NUMBER: Final = b"0" * 19
"""Behind ``_DIGITS``, any number of 19 digits: of those some do not fit into 64 bits."""
_READS: Final = frozenset({"GET"})
_SURE_TWICE: Final = frozenset({"GET", "DELETE"})
_TOO_MANY: Final = 429
_TIMED_OUT: Final = 408  # the server gave up on the request, so it proves no refusal
KEY_NAME: Final = "HMS_SOVEREIGN_API_KEY"
_HINTS: Final = {
    401: "check the key in {key}",
    403: "the key may not do this",
}


class Unreadable(Exception):
    """An answer that is not JSON; the text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request brought.

    Attributes:
        status: None when no answer came.
        trouble: why there is no answer, or why its body could not be read to its end; "" when all is well.
        sent: False when it is proved that nothing reached the API.
        final: trying again cannot help.
        took_s: from sending the request to the end of the answer.
    """

    status: int | None
    headers: Mapping[str, str]
    body: bytes = b""
    trouble: str = ""
    sent: bool = True
    final: bool = False
    took_s: float = 0.0

    @property
    def ok(self) -> bool:
        """A 2xx. "Accept any 2xx, with or without body"."""
        return self.status is not None and self.status // 100 == 2  # noqa: PLR2004 -- the class of the status

    @property
    def refused(self) -> bool:
        """A 4xx that proves that nothing happened."""
        return self.status is not None and self.status // 100 == 4 and self.status != _TIMED_OUT  # noqa: PLR2004

    @property
    def limited(self) -> bool:
        """A 429. "Sent before the request is handled, so any method may be repeated"."""
        return self.status == _TOO_MANY

    def value(self, method: str) -> Any:
        """Return the JSON of a success; None for one without a body, except for a GET.

        "Deletes: {success: true} or 204 without a body": any 2xx will do for one.

        Raises:
            Unreadable: it is no success, or its body has to be JSON and is not.
        """
        if not self.ok:
            raise Unreadable(self.trouble)
        try:
            return self._body(method)
        except Unreadable:
            if method == "DELETE":
                return None
            raise

    def _body(self, method: str) -> Any:
        if self.trouble:
            raise Unreadable(self.trouble)
        return parse(self.body) if self.body or method in _READS else None

    def repeatable(self, method: str) -> bool:
        """Say whether the vendor's rules allow the same request again.

        "GET and DELETE may be repeated after 5xx, timeouts and network errors; POST and PATCH must not be."
        """
        if self.final or self.refused:
            return False
        if not self.sent:
            return True
        passing = self.status is None or self.ok or self.status == _TIMED_OUT or self.status >= 500  # noqa: PLR2004
        return method in _SURE_TWICE and passing


@contextmanager
def gc_paused() -> Iterator[None]:
    """Keep the collector from walking a large structure again and again while it is built; never across an await."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def parse(body: bytes) -> Any:
    """Parse JSON. What is JSON and yet nothing that we could send back comes as ``Unsendable``: see ``odd_json``.

    Raises:
        Unreadable: it is none; NaN, broken UTF-8 and keys that stand twice in an object are none.
    """
    if not body:
        raise Unreadable("the body is empty")
    with gc_paused() if len(body) >= _LARGE else nullcontext():
        try:
            value = orjson.loads(body)
            if _is_kept(body, value) and not lenient_json.is_deep(value):
                return value
        except (orjson.JSONDecodeError, RecursionError):
            pass
        try:
            return lenient_json.read(body)
        except NotJson as error:
            reason = str(error)
    raise Unreadable(f"the body is not JSON ({reason})")


def _is_kept(body: bytes, value: Any) -> bool:
    """Say whether *value* is all of *body*: no key twice, no number rounded; of some that are, it does not know."""
    try:
        written = orjson.dumps(value)
    except orjson.JSONEncodeError:  # it is nested too deeply to be written
        return False
    if written == body:
        return True
    if _LONG_NUMBER in body.translate(_DIGITS) or _ODD_KEY_END.search(body) is not None:
        return False
    return body.count(_KEY_END) == written.count(_KEY_END)  # else a key was dropped


def error_of(
    answer: Answer, method: str, path: str, hidden: Collection[str] = (), reason: str = "", key: str = KEY_NAME
) -> ApiError:
    """Build the exception for an answer that is no success.

    Args:
        answer: what came.
        method: of the request.
        path: below the base URL.
        hidden: texts that must not show: the key, and the secrets the request carried.
        reason: why a 2xx is none.
        key: the environment variable that holds the key.
    """
    text, details = (reason or answer.trouble, ()) if answer.ok or answer.status is None else _told(answer)
    text, details = cleaned(text, hidden), tuple(cleaned(line, hidden) for line in details)
    kind: type[ApiError] = ApiError
    if answer.sent and not answer.refused and method not in _SURE_TWICE:
        kind, text = Ambiguous, f"it was sent, and whether it happened is unknown: {text}"
    elif answer.status in _HINTS:
        text = f"{text}; {_HINTS[answer.status].format(key=key)}"
        kind = Unauthorized if answer.status == 401 else ApiError  # noqa: PLR2004 -- the status that means it
    elif answer.status == 404 and not _is_page(answer):  # noqa: PLR2004
        kind = NotFound
    elif answer.limited:
        kind = RateLimited
    request_id = cleaned(answer.headers.get("x-request-id", ""), hidden)[:100] or None
    return kind(text, method=method, path=path, status=answer.status, details=details, request_id=request_id)


def body_of(answer: Answer) -> Any:
    """Return the JSON of an error answer, or None."""
    try:
        return parse(answer.body)
    except Unreadable:
        return None


def _told(answer: Answer) -> tuple[str, tuple[str, ...]]:
    """Return what an error answer says, and its list of problems."""
    if answer.status is not None and answer.status // 100 == 3:  # noqa: PLR2004 -- the class of the status
        where = answer.headers.get("location", "")
        return f"a redirect{f' to {where}' if where else ''} is never followed; check the base URL", ()
    if not answer.body:
        return answer.trouble or "no reason given", ()
    if isinstance(body := body_of(answer), dict):
        return _told_in_json(body)
    if _is_page(answer):
        title = re.search(rb"<title[^>]*>([^<]*)</title", answer.body, re.IGNORECASE)
        return f"an HTML page{': ' + _text(title[1]) if title else ''}", ()
    return _text(answer.body), ()


def _told_in_json(body: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Read ``{"error": "text", "message"?, "details"?}`` or ``{"error": {"code", "message", "param", "type"}}``."""
    error = body.get("error")
    told = [_told_in_object(error) if isinstance(error, dict) else error, body.get("message")]
    text = ": ".join(dict.fromkeys(part for part in told if isinstance(part, str) and part))
    raw = body.get("details")
    details = raw if isinstance(raw, list) else [] if raw is None else [raw]
    lines = tuple(line if isinstance(line, str) else _json(line) for line in details[:_MOST_DETAILS])
    if len(details) > _MOST_DETAILS:
        lines = (*lines, f"and {len(details) - _MOST_DETAILS} more")
    return text or ("no reason given" if lines else _json(body)), lines


def _told_in_object(error: Mapping[str, Any]) -> str:
    named = ", ".join(f"{key} {error[key]}" for key in ("code", "param") if isinstance(error.get(key), str))
    said = error.get("message")
    return " ".join([*([said] if isinstance(said, str) else []), *([f"({named})"] if named else [])])


def _json(value: Any) -> str:
    return orjson.dumps(_without_headers(value)).decode()


def _without_headers(value: Any, *, below: bool = False) -> Any:
    """Return *value* with no header's value: unlike other secrets, they have no name that tells them."""
    if isinstance(value, dict):
        return {key: _without_headers(item, below=below or key == detect.HEADERS) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_headers(item, below=below) for item in value]
    return _HIDDEN if below and isinstance(value, str) else value


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace").strip()


def _is_page(answer: Answer) -> bool:
    """A page, so it is not the API that answered: its 404 says nothing about an object."""
    return answer.body.lstrip()[:1] == b"<"


def cleaned(text: str, hidden: Collection[str]) -> str:
    """Return *text* without what must not show, shortened: the secrets we know, and what calls itself one."""
    for secret in sorted(hidden, key=len, reverse=True):
        if len(secret) >= _SHORTEST_HIDDEN:
            for form in disguises(secret):
                text = text.replace(form, _HIDDEN)
    text = detect.hidden(_LABELLED.sub(lambda found: f"{found[1]}{_HIDDEN}", text))
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
