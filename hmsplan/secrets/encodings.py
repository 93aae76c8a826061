"""The forms in which a text may show without standing there letter by letter. Pure."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Final
from urllib.parse import quote, quote_plus

_BYTES: Final = "surrogateescape"  # of the environment, which need not be UTF-8
SHORTEST: Final = 6
"""Characters of a disguise. Shorter ones stand in other texts by chance."""


def disguises(text: str) -> tuple[str, ...]:
    """Return *text* and its forms in JSON, URLs, HTML and base64, also from within a longer text; the longest first.

    A page that tells a request back has its JSON in HTML.
    """
    raw = text.encode("utf-8", _BYTES)
    packed = [_base64(raw, shift) for shift in range(3)]
    in_json = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    found = {
        *in_json,
        *map(html.escape, in_json),
        quote(text, safe="", errors=_BYTES),
        quote_plus(text, errors=_BYTES),
        html.escape(text),
        *packed,
        *(each.replace("+", "-").replace("/", "_") for each in packed),
    }
    forms = {text, *(form for form in found if len(form) >= SHORTEST)}
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


def _base64(raw: bytes, shift: int) -> str:
    """Return the part of the base64 of a text that holds *raw* after *shift* bytes which no other byte changes."""
    first = (0, 2, 3)[shift]
    encoded = base64.b64encode(bytes(shift) + raw).decode().rstrip("=")
    return encoded[first : len(encoded) - ((shift + len(raw)) % 3 > 0)]


_WORD: Final = 16  # a shorter value of letters and digits alone may be a part of an ordinary word


def searched(value: str) -> re.Pattern[str]:
    """Return what finds *value* and its disguises in a text; a short word only where it is a whole one."""
    forms = [re.escape(form) for form in disguises(value) if form != value]
    whole = re.escape(value)
    if value.isalnum() and len(value) < _WORD:
        whole = rf"(?<![A-Za-z0-9]){whole}(?![A-Za-z0-9])"
    return re.compile("|".join([whole, *forms]))
