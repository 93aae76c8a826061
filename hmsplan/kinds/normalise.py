"""Canonical forms: two spellings of one value become equal. Pure, named, idempotent.

Each function quotes the behaviour of the API it answers to. ``Kind.canonical`` says which field gets which; both sides
of a comparison go through the same function, and nothing canonical is ever sent.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from hmsplan.kinds import phone
from hmsplan.model import Unsendable

if TYPE_CHECKING:
    from hmsplan.model import Value

_DEFAULT_PORT: Final = {"http": 80, "https": 443}


def phone_number(value: Value) -> Value:
    """E.164 ("Phone numbers are E.164. Rewriting of spaces or a leading 00 is unknown; send canonical").

    Only decoration is taken off, so two numbers of different digits are never equal; any other text stays as it is.
    """
    return phone.bare(value) if isinstance(value, str) else value


def url(value: Value) -> Value:
    """Lower-case host, no default port, no empty path ("host case, default port, empty path")."""
    if not isinstance(value, str) or isinstance(value, Unsendable):
        return value
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return value
    if not parts.scheme or not parts.hostname:
        return value
    login, at, _ = parts.netloc.rpartition("@")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    suffix = "" if port is None or port == _DEFAULT_PORT.get(parts.scheme.lower()) else f":{port}"
    return urlunsplit(
        (parts.scheme.lower(), login + at + host + suffix, parts.path or "/", parts.query, parts.fragment)
    )


def name(value: Value) -> Value:
    """Without spaces around it: nothing says whether the platform trims a "name", and people cannot see them."""
    return value.strip() if isinstance(value, str) and not isinstance(value, Unsendable) else value


_FLOAT32: Final = 1e-6
"""Relative precision of a float that was stored in four bytes."""


def is_tidied(sent: Value, stored: Value) -> bool:
    """Say whether *stored* is *sent* but for what a platform may tidy, or the two are equal.

    "The platform may tidy what it stores: trailing line ends and spaces, CRLF, Unicode form, the last bits of a float."
    """
    if isinstance(sent, str) and isinstance(stored, str):
        whole = not isinstance(sent, Unsendable) and not isinstance(stored, Unsendable)
        return whole and (sent == stored or _tidy(sent) == _tidy(stored))
    if isinstance(sent, bool) or isinstance(stored, bool):
        return sent is stored
    if isinstance(sent, int | float) and isinstance(stored, int | float):
        return math.isclose(sent, stored, rel_tol=_FLOAT32)
    if isinstance(sent, Mapping) and isinstance(stored, Mapping):
        return sent.keys() == stored.keys() and all(is_tidied(item, stored[key]) for key, item in sent.items())
    if isinstance(sent, list) and isinstance(stored, list):
        return len(sent) == len(stored) and all(map(is_tidied, sent, stored))
    return bool(sent == stored)


def _tidy(text: str) -> str:
    lines = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()
