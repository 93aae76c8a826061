"""The address of a declared object: ``assistants.reception``."""

from __future__ import annotations

import functools
import re
from typing import Final, NamedTuple


class Address(NamedTuple):
    """Names one declared object: ``assistants.reception``. Ordered by kind, then key."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.key}"

    @classmethod
    @functools.lru_cache(maxsize=4096)
    def parse(cls, text: str) -> Address:
        """Read ``kind.key``; whether the kind exists is not checked here.

        Raises:
            ValueError: *text* is not of that form.
        """
        match = _ADDRESS.fullmatch(text)
        if match is None:
            msg = f"not an address: {text!r}; write it as kind.key, such as assistants.support"
            raise ValueError(msg)
        return cls(match[1], match[2])


def is_address_pattern(text: str) -> bool:
    """Say whether *text* may name addresses: ``assistants.support``, or with ``*`` and ``?``: ``assistants.*``."""
    return _PATTERN.fullmatch(text) is not None


KEY_PATTERN: Final = r"[A-Za-z][A-Za-z0-9_-]*"


_PATTERN: Final = re.compile(r"\*|[a-z_*?]+\.[A-Za-z0-9_*?-]+")
_ADDRESS: Final = re.compile(rf"([a-z_]+)\.({KEY_PATTERN})")
