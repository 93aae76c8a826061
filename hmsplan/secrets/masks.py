"""What stands in the place of a secret and is none: a mask of the API, a placeholder of an example. Pure."""

from __future__ import annotations

import re
from typing import Final

_DOTS: Final = re.compile("[*]{3}|[\u2022\u25cf\u00b7]{2}")
_CUT: Final = re.compile(r"[xX.*]{3,}|\S{0,24}(?:\.{3,}|\u2026)\S{0,24}")
_PLACEHOLDER: Final = re.compile(
    r"<.*>|\[(?:redacted|masked|hidden|filtered|secret)\]|\(sensitive value\)|redacted|masked|hidden|placeholder"
    r"|(?:change|replace|fill)[ _-]?(?:me|it|this|in)|todo|tbd|fixme|your[ _-].*|null|none|undefined",
    re.IGNORECASE,
)
_SECRET_NAME: Final = re.compile(r"secret|token|password|passwd|api[_-]?key|authorization|credential", re.IGNORECASE)


def is_mask(text: str) -> bool:
    """Say whether *text* hides a secret, or holds its place, rather than being one."""
    text = text.strip()
    return not text or bool(_DOTS.search(text) or _CUT.fullmatch(text) or _PLACEHOLDER.fullmatch(text))


def sounds_secret(name: object) -> bool:
    """Say whether a field of this name holds a secret in all likelihood."""
    return isinstance(name, str) and _SECRET_NAME.search(name) is not None
