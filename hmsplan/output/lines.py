"""Lines of a report before they are painted: a mark, a depth, a text. Pure.

The one place where text meets the width and the colours of a terminal. Foreign text has gone through ``safe`` before it
gets here. No line and no continuation of one begins with foreign text, so no name can pose as a line of ours or as a
workflow command.
"""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.cells import cell_len

from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MIN_WIDTH: Final = 40
INDENT: Final = 4
_BAR: Final = "│"
_MORE: Final = "┊"
_OURS: Final = re.compile(r"\[(?=-)|(?<=-)\]|\{(?=\+)|(?<=\+)\}")


class Tone(enum.StrEnum):
    """What a line is about; a colour where there are any, and never the only sign of it."""

    PLAIN = ""
    ADD = "32"
    CHANGE = "33"
    REMOVE = "31"
    FORGET = "91"
    QUIET = "2"
    STRONG = "1"
    ALERT = "1;31"


TONES: Final = {
    "+": Tone.ADD,
    "~": Tone.CHANGE,
    "-": Tone.REMOVE,
    "-/+": Tone.REMOVE,
    ".": Tone.FORGET,
    "!": Tone.ALERT,
    "?": Tone.ALERT,
    ">": Tone.CHANGE,
}


class Ink(enum.Enum):
    """What happened to a piece of a line; its value is the colour of it, and the marks around it without colours."""

    PLAIN = ("", "", "")
    GONE = ("31;9", "[-", "-]")
    NEW = ("32;4", "{+", "+}")


class Piece(NamedTuple):
    """A run of characters in a line of prose; safe to show."""

    text: str
    ink: Ink = Ink.PLAIN


_VALUES: Final = frozenset({"+", "-", "~", "."})


class Line(NamedTuple):
    """One line of a report.

    Attributes:
        text: safe to show.
        mark: ``+ ~ - -/+ .`` and the like, in a column of its own; "#" for a remark.
        depth: steps of indentation; -1 is the left edge.
        tone: of the text; the mark has the one of ``TONES``.
        bar: the text is foreign prose; a bar stands between it and the mark, so that its own bullets are no marks.
        whole: never wrapped, because it is copied.
        notes: comments behind the text, each on a line of its own where it does not fit.
        hang: columns that a second row is moved to the right.
        pieces: the same text without marks, as words that changed and words that did not; see ``inked``.
    """

    text: str
    mark: str = ""
    depth: int = 0
    tone: Tone = Tone.PLAIN
    bar: bool = False
    whole: bool = False
    notes: tuple[str, ...] = ()
    hang: int = 0
    pieces: tuple[Piece, ...] = ()


BLANK: Final = Line("", depth=-1)
NARROWEST: Final = 8


def safe(text: str) -> str:
    """Return foreign *text* on one line, with nothing in it that a terminal or a CI log obeys."""
    return plain(text).replace("##[", "##\\u005b")  # a workflow command of the old form, seen anywhere in a line


def inked(pieces: tuple[Piece, ...], mark: str, depth: int) -> Line:
    """Return a line of prose in which some words changed; without colours marks stand around those."""
    return Line(marked(pieces), mark, depth, bar=True, pieces=pieces)


def title(text: str, tone: Tone = Tone.STRONG) -> Line:
    """Return a line at the left edge."""
    return Line(text, depth=-1, tone=tone)


def paint(lines: Iterable[Line], *, width: int, color: bool) -> str:
    """Wrap to *width* columns and colour; ends with a newline. Without colour there is no escape sequence in it."""
    width = max(width, MIN_WIDTH)
    return "".join(f"{row}\n" for line in lines for row in _rows(line, width, color=color))


def _rows(line: Line, width: int, *, color: bool) -> Iterator[str]:
    if not line.text and not line.bar:
        yield ""
        return
    indent = " " * (INDENT * line.depth)
    if line.depth < 0:
        first, rest = "", " " * (line.hang or 2)
    elif line.bar:
        indent += " " * INDENT
        first, rest = f"{line.mark or ' '} {_BAR} ", f"{line.mark or ' '} {_MORE} "
    else:
        first, rest = f"{line.mark:>3} ", _continuation(line)
    if line.pieces and color:
        yield from _inked(line, indent, (first, rest), width - len(indent) - len(first))
        return
    room = width - len(indent) - max(len(first), len(rest))
    text, below = _annotated(line, room)
    pieces = [text] if line.whole else wrap(text, room, more=line.hang)
    for number, piece in enumerate(pieces):
        lead = rest if number else first
        shown = f"{_MORE} {piece}" if not lead.strip() and piece.lstrip().startswith("::") else piece
        yield indent + (_coloured(lead, shown, line) if color else f"{lead}{shown}".rstrip())
    for note in below:
        yield from _rows(Line(note, "#", line.depth + 1, Tone.QUIET), width, color=color)


def marked(pieces: Iterable[Piece]) -> str:
    """Return pieces between the marks that say what happened to them; no other text can hold such a mark."""
    whole, ours = "", set[int]()
    for piece in pieces:
        _, begin, end = piece.ink.value
        ours |= {len(whole), len(whole) + len(begin) + len(piece.text) + len(end) - 1} if begin else set()
        whole += f"{begin}{piece.text}{end}"
    return _OURS.sub(lambda found: found[0] if found.start() in ours else f"\\u{ord(found[0]):04x}", whole)


def _inked(line: Line, indent: str, leads: tuple[str, str], room: int) -> Iterator[str]:
    """Yield the rows of a line whose pieces are told apart by colours."""
    tone = TONES.get(line.mark, Tone.PLAIN)
    begin = 0
    whole = "".join(piece.text for piece in line.pieces)
    for number, row in enumerate(wrap(whole, room, keep=True)):
        end, place = begin + len(row), 0
        shown = ""
        for piece in line.pieces:
            part = piece.text[max(begin - place, 0) : max(end - place, 0)]
            place += len(piece.text)
            shown += _tinted(part, piece.ink.value[0])
        yield indent + _tinted(leads[bool(number)], tone) + shown.rstrip(" ")
        begin = end


def _continuation(line: Line) -> str:
    """Return what stands before the second row of a line."""
    if line.mark == "#":
        return "  # "
    return f"    {_MORE} " if line.mark in _VALUES and not line.hang else " " * (6 if not line.hang else 4 + line.hang)


def _annotated(line: Line, room: int) -> tuple[str, list[str]]:
    """Return the text with the comments that fit behind it, and those that do not."""
    text = line.text
    below: list[str] = []
    for note in line.notes:
        if not below and columns(text) + columns(note) + 4 <= room:
            text += f"  # {note}"
        else:
            below.append(note)
    return text, below


def _coloured(lead: str, text: str, line: Line) -> str:
    tone = TONES.get(line.mark, Tone.QUIET if line.mark == "#" else Tone.PLAIN)
    body = tone if line.bar and tone else line.tone or (Tone.STRONG if line.mark == "#" else Tone.PLAIN)
    return f"{_tinted(lead, tone)}{_tinted(text, body)}"


def _tinted(text: str, tone: str) -> str:
    return f"\x1b[{tone}m{text}\x1b[0m" if tone and text.strip() else text


def columns(text: str) -> int:
    """Say how many columns of a terminal *text* takes."""
    return len(text) if text.isascii() else cell_len(text)


def wrap(text: str, width: int, *, keep: bool = False, more: int = 0) -> list[str]:
    """Break *text* after a space, or anywhere if there is none; what is joined again is *text*, but for end spaces.

    Those stay too with *keep*. The first row has *more* columns. No row is narrower than ``NARROWEST``, however far the
    text is indented.
    """
    width = max(width, NARROWEST)
    pieces: list[str] = []
    room = width + more
    while len(text) > 4 * room or columns(text) > room:  # all of a long text is not measured again for every row
        cut = _fitting(text, room)
        space = text.rfind(" ", 1, cut + 1)
        cut = space + 1 if text[:space].strip() and space > cut // 3 else cut
        pieces.append(text[:cut] if keep else text[:cut].rstrip())
        text, room = text[cut:], width
    return [*pieces, text]


def _fitting(text: str, width: int) -> int:
    """Say how many characters of *text* fit into *width* columns; at least one."""
    if text[: width + 1].isascii():
        return width
    used = 0
    for index, char in enumerate(text):
        used += cell_len(char)
        if used > width:
            return max(index, 1)
    return len(text)
