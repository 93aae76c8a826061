"""What a URL tells: who receives what is sent to it, and which part of it is a credential. Pure.

Two parsers that read one URL differently are two receivers, so there is one strict form: what does not have it is
refused where it is declared, and equals nothing but itself where it is live.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from hmsplan.secrets.detect import sounds_secret
from hmsplan.secrets.hosts import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from urllib.parse import SplitResult

_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_LABEL: Final = "[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_NUMBER_AT_THE_END: Final = r"(?![^/?#:]*(?<![^./])(?:0[xX][0-9A-Fa-f]*|[0-9]+)\.?(?:[:/?#]|$))"
_HOST: Final = rf"(?:{_OCTET}(?:\.{_OCTET}){{3}}|\[[0-9A-Fa-f:.]+\]|{_NUMBER_AT_THE_END}{_LABEL}(?:\.{_LABEL})*\.?)"
_UNSEEN: Final = r"\s\\\x00-\x20\x7f-\xa0"
_PORT: Final = "(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})"
FORM: Final = rf"^https?://{_HOST}(?::{_PORT})?(?:/[^{_UNSEEN}]*|[?#][^@{_UNSEEN}]*)?$(?!\n)"
"""A URL that every parser reads alike: no user, backslash, white space or control character, a host in ASCII."""

HIDDEN: Final = "(sensitive value)"
_PORTS: Final = {"http": 80, "https": 443}
_FORMED: Final = re.compile(FORM)
_SHARED: Final = re.compile(
    r"(hooks\.zapier\.com|hook(\.[a-z0-9]+)?\.(make|integromat)\.com|hooks\.slack\.com|discord(app)?\.com|webhook\.site"
    r"|maker\.ifttt\.com|script\.google\.com|api\.telegram\.org|hooks\.airtable\.com|[a-z0-9.-]+\.webhook\.office\.com"
    r"|connect\.pabbly\.com|webhooks\.workato\.com|requestbin\.com)",
    re.IGNORECASE,
)
"""Hosts of many tenants: which of them receives is said by the path."""


def receiver(url: str) -> str:
    """Return who is behind an address: scheme, host and port of a URL, and its path where many share a host.

    ``https`` and its port are left out. What is no URL of the strict form is itself.
    """
    parts = _parts(url)
    return _receiver(parts) if parts is not None else url if "://" in url else url.lower()


def _parts(url: str) -> SplitResult | None:
    """Take a URL of the strict form apart; None for anything else. A hidden part is one like any other."""
    url = url.replace(HIDDEN, "hidden")
    try:
        return urlsplit(url) if _FORMED.fullmatch(url) else None
    except ValueError:  # what stands in brackets is no address
        return None


def _receiver(parts: SplitResult) -> str:
    host, port = parts.hostname or "", parts.port
    host = f"[{host}]" if ":" in host else host
    scheme = "" if parts.scheme == "https" else f"{parts.scheme}://"
    suffix = "" if port in {None, _PORTS[parts.scheme]} else f":{port}"
    return f"{scheme}{host}{suffix}{parts.path if _SHARED.fullmatch(host) else ''}"


def address(url: str) -> str:
    """Return the whole of an address in one spelling, to compare it with another."""
    parts = _parts(url)
    if parts is None:
        return receiver(url)
    path = "" if _SHARED.fullmatch(parts.hostname or "") else parts.path or "/"
    return f"{_receiver(parts)}{path}{f'?{parts.query}' if parts.query else ''}"


def told(text: str) -> str:
    """Return what ``receiver`` or ``address`` gave without a credential in it."""
    return hidden(text) if "://" in text else hidden(f"https://{text}").removeprefix("https://")


def is_among(url: str, known: Iterable[str]) -> bool:
    """Say whether *url* is one of *known*, whole; https in place of http is no other one."""
    return address(url) in {each for one in known for each in (address(one), address(_encrypted(one)))}


def is_received(url: str, known: Iterable[str]) -> bool:
    """Say whether the receiver behind *url* is the one of an address among *known*; https in place of http is."""
    return receiver(url) in {each for one in known for each in (receiver(one), receiver(_encrypted(one)))}


def _encrypted(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    return f"https{mark}{rest}" if scheme == "http" else url


def in_clear(url: str) -> bool:
    """Say whether everybody on the way to *url* can read what is sent to it."""
    parts = _parts(url)
    return parts is not None and parts.scheme == "http" and not is_loopback(parts.hostname or "")


# Credentials

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,19}://[^\s\"'<>`|\\]+")
_LOGIN: Final = re.compile(
    r"(?:(?<=^http://)|(?<=^https://))[^/?#\\]+(?=@)|(?<=://)[^/?#\\:@]*:[^/?#\\@]+(?=@)", re.IGNORECASE
)
_PARAMETER: Final = re.compile(r"(?<=[?#&;])([^=&;#?]+)=([^&;#]+)")
_SIGNED: Final = re.compile(
    r"(x-(amz|goog)-)?(sig|signature)|(api|access|auth|app|subscription)?[_-]?(key|code|sid)|hmac|jwt|auth|pwd|pass",
    re.IGNORECASE,
)
_SEGMENT: Final = re.compile(r"(?<=/)[^/?#]+")
_RANDOM: Final = re.compile(r"[A-Za-z0-9_~+=-]{20,}")
_NAME: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-f]{24}")
_WORD: Final = 16  # characters without a dash; a word of a slug is shorter
_TURNS: Final = 4  # runs of digits; a slug with a version and a year has two
_RUN: Final = 3  # characters of one class in a row, on average; camel case has more
_SECRET_PATH: Final = re.compile(
    r"https://(hooks\.slack\.com/(services|workflows|triggers)/|discord(app)?\.com/api/webhooks/|hook(\.[a-z0-9]+)?\.make\.com/)"
    r"(.*/)?",
    re.IGNORECASE,
)
_PLACEHOLDER: Final = ("{", "%7B", "%7b", "$", "<", "(sensitive", "***", "…")
_KEY: Final = re.compile(
    r"(?<![A-Za-z0-9_-])(?:(?:sk|rk|pk)[-_](?:live|test|proj|ant)[-_]|whsec_|gh[opsu]_|github_pat_|glpat-|xox[abps]-|shpat_"
    r"|npm_|hf_|fl_live_|SG\.|AKIA|AIza|eyJ(?=[A-Za-z0-9_-]+\.eyJ))[A-Za-z0-9_.-]{12,}"
)
_SCHEME: Final = re.compile(r"(?<=[Bb]earer )[A-Za-z0-9._~+/=-]{16,}|(?<=[Bb]asic )[A-Za-z0-9+/]{12,}={0,2}")
_HINTS: Final = ("://", "earer ")
_OF_KEYS: Final = (
    *(
        "asic ",
        "sk-",
        "sk_",
        "rk_",
        "rk-",
        "pk_",
        "pk-",
        "whsec_",
        "ghp_",
        "gho_",
        "ghs_",
        "ghu_",
        "github_pat_",
        "glpat-",
    ),
    *("xox", "shpat_", "npm_", "hf_", "fl_live_", "SG.", "AKIA", "AIza", "eyJ"),
)
_ALL_HINTS: Final = (*_HINTS, *_OF_KEYS)
_LEAST: Final = 12  # characters of the shortest text that can hold one: https://?k=v
_PROSE: Final = 1000  # characters from which a text is prose, in which a key of a service is not looked for


def may_hold_one(text: str) -> bool:
    """Say quickly whether *text* is worth a closer look; this is asked of every text there is."""
    length = len(text)
    if length < _LEAST:
        return False
    for hint in _HINTS if length > _PROSE else _ALL_HINTS:  # noqa: SIM110 -- half the time of any()
        if hint in text:
            return True
    return False


def hidden(text: str) -> str:
    """Return *text* with "(sensitive value)" in the place of whatever looks like a credential; twice is once."""
    spans = _spans(text)
    if not spans:
        return text
    pieces, at = [], 0
    for start, end in spans:
        pieces += [text[at:start], HIDDEN]
        at = end
    return "".join([*pieces, text[at:]])


def credentials(text: str) -> list[str]:
    """Return what looks like a credential in *text*."""
    return [text[start:end] for start, end in _spans(text)]


def _spans(text: str) -> list[tuple[int, int]]:
    """Return where credentials stand, from left to right; none overlaps another."""
    if not may_hold_one(text):
        return []
    found = [span for url in _URL.finditer(text) for span in _in_url(url[0], url.start())]
    found += [match.span() for match in _KEY.finditer(text)]
    found += [match.span() for match in _SCHEME.finditer(text) if _is_mixed(match[0])]
    spans: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _in_url(url: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield the login, the parameters that sound like secrets, and the parts of the path that nobody can guess."""
    if (login := _LOGIN.search(url)) and not login[0].startswith(_PLACEHOLDER):
        yield at + login.start(), at + login.end()
    for parameter in _PARAMETER.finditer(url):
        name, value = unquote(parameter[1]), parameter[2]
        if (sounds_secret(name) or _SIGNED.fullmatch(name)) and not value.startswith(_PLACEHOLDER):
            yield at + parameter.start(2), at + parameter.end(2)
    authority = url.index("://") + 3
    path = len(url[:authority]) + len(re.split(r"[/?#]", url[authority:], maxsplit=1)[0])
    known = _SECRET_PATH.match(url)
    for segment in _SEGMENT.finditer(url, path, len(re.split(r"[?#]", url, maxsplit=1)[0])):
        last = known is not None and segment.start() >= known.end() and not segment[0].startswith(_PLACEHOLDER)
        if last or is_random(segment[0]):
            yield at + segment.start(), at + segment.end()


def is_random(word: str) -> bool:
    """Say whether *word* was drawn and not written: long, with letters and digits in turns.

    A UUID is a name, and so is an id of 24 hexadecimal digits; words and dates are short between their dashes.
    """
    if not _RANDOM.fullmatch(word) or _NAME.fullmatch(word) or not _is_mixed(word):
        return False
    runs = re.findall(r"[a-z]+|[A-Z]+|[0-9]+|[^a-zA-Z0-9]", word)
    turns = sum(run.isdigit() for run in runs)
    longest = max(map(len, re.split(r"[-_]", word)))
    return longest >= _WORD and (turns >= _TURNS or len(runs) * _RUN >= len(word))


def _is_mixed(word: str) -> bool:
    return any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
