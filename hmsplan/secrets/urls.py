"""Who receives what is sent to a URL. Pure.

Two parsers that read one URL differently are two receivers, so there is one strict form: what does not have it is
refused where it is declared, and equals nothing but itself where it is live.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from hmsplan.secrets.detect import HIDDEN, hidden
from hmsplan.secrets.hosts import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable
    from urllib.parse import SplitResult

_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_LABEL: Final = "[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_NUMBER_AT_THE_END: Final = r"(?![^/?#:]*(?<![^./])(?:0[xX][0-9A-Fa-f]*|[0-9]+)\.?(?:[:/?#]|$))"
_HOST: Final = rf"(?:{_OCTET}(?:\.{_OCTET}){{3}}|\[[0-9A-Fa-f:.]+\]|{_NUMBER_AT_THE_END}{_LABEL}(?:\.{_LABEL})*\.?)"
_UNSEEN: Final = r"\s\\\x00-\x20\x7f-\xa0"
_PORT: Final = "(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})"
FORM: Final = rf"^https?://{_HOST}(?::{_PORT})?(?:/[^{_UNSEEN}]*|[?#][^@{_UNSEEN}]*)?$(?!\n)"
"""A URL that every parser reads alike: no user, backslash, white space or control character, a host in ASCII."""

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
    if url.startswith("https"):  # nearly always
        return False
    parts = _parts(url)
    return parts is not None and parts.scheme == "http" and not is_loopback(parts.hostname or "")
