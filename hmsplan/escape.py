"""Foreign text made safe to show. Every surface passes what it did not write itself through one of these."""

from __future__ import annotations

import re
from typing import Final

_HIDDEN: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: they move the cursor, ring, recolour, retitle the window
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, bidi, line breaks
    "\ud800-\udfff"  # lone surrogates cannot be written at all
    "\U000e0000-\U000e0fff"  # tags and variation selectors: text that no reader sees
    "]"
)


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 -- the last of the first plane


def plain(text: str) -> str:
    r"""Return *text* on one line, with everything that a terminal would obey or hide shown as ``\uXXXX``.

    Line breaks and tabs are escaped too: a name that holds one must not begin a line of our output.
    """
    return _HIDDEN.sub(_visible, text)
