"""Foreign text made safe to show: one function a surface. Pure.

Every surface passes what it did not write itself through one of these. All of them begin with ``plain``, so that what a
terminal would obey or a reader not see is visible everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_HIDDEN: Final = re.compile(  # one class of characters: alternatives would take five times as long
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: they move the cursor, ring, recolour, retitle the window
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"  # invisible, bidi, line breaks
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0"  # joiners and fillers without a picture
    "\ufffe\uffff"  # no characters at all: XML and YAML have no word for them
    "\ud800-\udfff"  # lone surrogates cannot be written at all
    "\ufe00-\ufe0f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # text that no reader sees
    "]"
)
_PICTURE: Final = re.compile("(?<![A-Za-z \ufe00-\ufe0f])[\ufe0e\ufe0f]")  # which one of a sign; a letter has none
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_FIRST_BYTES: Final = bytes([*range(0x0A), *range(0x0B, 0x20), 0x7F, *b"\xc2\xcd\xd8\xe1\xe2\xe3\xed\xef\xf0\xf3"])
"""What every character of ``_HIDDEN`` but a line break begins with in UTF-8."""
_LAST_OF_FOUR: Final = 0xFFFF
_ALIKE: Final = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405"
    "\u03bf\u03b1\u03bd\u03c1\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u2010\u2011\u2212",
    "aeopcyxijsdABEKMHOPCTXIJSoavpABEZHIKMNOPTYX---",
)
"""Letters of Cyrillic and Greek, and signs, that look like those of ASCII."""
_STRANGER: Final = re.compile(r"(?<=[A-Za-z])[\u0370-\u052f]+|[\u0370-\u052f]+(?=[A-Za-z])")


def spelled(match: re.Match[str]) -> str:
    """Return a character by its number, visible on every surface."""
    code = ord(match[0])
    return f"\\u{code:04x}" if code <= _LAST_OF_FOUR else f"\\U{code:08x}"


def plain(text: str) -> str:
    r"""Return *text* on one line, with everything that a terminal would obey or hide shown as ``\uXXXX``.

    Line breaks and tabs are escaped too: a name that holds one must not begin a line of our output.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = _HIDDEN.sub(_spelled_if_hidden, text)
    return shown if shown.isascii() else _STRANGER.sub(_strangers, shown)


def _spelled_if_hidden(match: re.Match[str]) -> str:
    return match[0] if _PICTURE.match(match.string, match.start()) else spelled(match)


def _strangers(match: re.Match[str]) -> str:
    return "".join(f"\\u{ord(letter):04x}" if ord(letter) in _ALIKE else letter for letter in match[0])


def apart(one: str, other: str) -> tuple[str, str]:
    """Return two texts so that a reader sees where they differ: as they are, unless both look the same.

    Then all that is not ASCII is spelled. They still have to pass through the function of their surface.
    """
    if one == other or (one.isascii() and other.isascii()) or _looks(one) != _looks(other):
        return one, other
    return _NOT_ASCII.sub(spelled, one), _NOT_ASCII.sub(spelled, other)


def _looks(text: str) -> str:
    """Return what a reader takes *text* for."""
    return unicodedata.normalize("NFKC", _HIDDEN.sub("", text)).translate(_ALIKE)


_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")


def printable(text: str) -> str:
    r"""Return finished output with nothing in it but text, line breaks and colours; the last look before it is printed.

    What it finds was escaped already, but for JSON: that knows no reason to. ``\uXXXX`` is the same JSON.
    """
    if _has_nothing_hidden(text):
        return text
    return _HIDDEN.sub(_in_json, text).replace(
        "##[", "##\\u005b"
    )  # a workflow command of the old form, anywhere in a line


def json_for_yaml(text: str) -> str:
    r"""Return JSON, for a file, that is YAML as well: it takes no control character, and no half of a ``\uXXXX\uXXXX``.

    So what has more than four digits stays as it is, although it cannot be seen.
    """
    return text if _has_nothing_hidden(text) else _HIDDEN.sub(_in_yaml, text)


def _has_nothing_hidden(text: str) -> bool:
    """Look at the bytes, which is soonest done: most of the megabytes of a plan are words."""
    written = text.encode("utf-8", "surrogatepass")
    return len(written.translate(None, _FIRST_BYTES)) == len(written) and b"##[" not in written


def _in_json(match: re.Match[str]) -> str:
    if match[0] == "\n" or any(fine.match(match.string, match.start()) for fine in (_PICTURE, _COLOUR)):
        return match[0]
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _in_yaml(match: re.Match[str]) -> str:
    return match[0] if ord(match[0]) > _LAST_OF_FOUR else _in_json(match)


_PUNCTUATION: Final = {ord(char): f"&#{ord(char)};" for char in "!\"#$%&'()*+-./:;<=>?@[\\]^_`{|}~"}
_MARKUP: Final = {ord(char): f"&#{ord(char)};" for char in "#$&*<>@[\\]`|~"}
_EDGE: Final = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|^[ +\-=:]|^[0-9](?=[0-9]*[.)])| $")
_LIVE_ON_GITHUB: Final = re.compile(
    r"@|#|://|www\.|GH-"  # mentions, issues, links
    r"|:(?=(?:[a-z+-][\w+-]*|100|1234):)"  # emoji
    r"|\b(?=[0-9]*[a-f])[0-9a-f]{7,}\b",  # commits
    re.IGNORECASE,
)
_SPACE: Final = re.compile(r"^ | $")
_BARE: Final = re.compile(r"[^`|\\]+")
_LIST: Final = re.compile(r" *(?:[0-9]+\.|-)")
_TICKS: Final = re.compile(r"`+")
_FLOOD: Final = re.compile(r"`{100,}")


def _entities(text: str) -> str:
    return _SPACE.sub("&#32;", text.translate(_PUNCTUATION))


def _sentence(text: str) -> str:
    return _EDGE.sub(lambda match: f"&#{ord(match[0])};", text.translate(_MARKUP))


def markdown(text: str) -> str:
    """Return *text* for a sentence of GitHub's Markdown: it reads the same, and none of it is markup.

    What could be markup is written as entities, which cannot begin anything. GitHub looks for mentions, issues, commits
    and links after it has read the entities, but never inside code, so what begins one stands in ``<code>``.
    """
    parts, start = [], 0
    shown = plain(text)
    for match in _LIVE_ON_GITHUB.finditer(shown):
        parts += [_sentence(shown[start : match.start()]), f"<code>{_entities(match[0])}</code>"]
        start = match.end()
    return "".join([*parts, _sentence(shown[start:])])


def markdown_code(text: str) -> str:
    """Return *text* as code within a line of Markdown, in a table too.

    GitHub's parser does not know that text between tags is code, and links an address of e-mail there: an empty comment
    divides it.
    """
    shown = plain(text)
    if _BARE.fullmatch(shown) and shown.strip() == shown:
        return f"`{shown}`"
    return f"<code>{_entities(shown).replace('&#64;', '&#64;<!-- -->')}</code>"


def markdown_fence(rows: Iterable[str], language: str = "") -> str:
    """Return *rows* as a block of code; the fence is longer than any run of backticks inside, so it holds.

    Of a run of a hundred backticks and more one is left, or the fence alone would fill a comment.
    """
    shown = [_FLOOD.sub("`…", plain(row)) for row in rows]
    longest = max((len(ticks) for row in shown for ticks in _TICKS.findall(row)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *shown, fence])


def html(text: str) -> str:
    """Return *text* for HTML, as the content of an element or between the quotes of an attribute."""
    return escape(plain(text), quote=True)


def xml(text: str) -> str:
    """Return *text* for XML 1.0, as the content of an element or between the quotes of an attribute."""
    return escape(plain(text))


def workflow_data(text: str) -> str:
    """Return *text* for what follows the second ``::`` of a workflow command; lines of ours are joined by ``%0A``."""
    return "%0A".join(plain(row).replace("%", "%25") for row in text.split("\n"))


def workflow_property(text: str) -> str:
    """Return *text* for the value of a workflow command's property."""
    return plain(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def mermaid(text: str) -> str:
    """Return *text* for a quoted label of Mermaid, which is HTML and Markdown: what means something is an entity.

    What begins a list is, too: Mermaid shows an error in the place of one.
    """
    shown = plain(text)
    begin = _LIST.match(shown)
    sign = begin.end() - 1 if begin is not None else -1
    return "".join(
        char if (char.isalnum() or char in " ._-…") and place != sign else f"#{ord(char)};"
        for place, char in enumerate(shown)
    )


def dot(text: str) -> str:
    """Return *text* for the inside of a quoted string of Graphviz."""
    return plain(text).replace("\\", "\\\\").replace('"', '\\"')
