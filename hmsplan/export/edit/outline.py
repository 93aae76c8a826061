"""A YAML file as its values and where each begins and ends, to the character. Pure.

``Document`` knows where a value begins, which is what a message needs. To replace one, more has to be known: where it
ends, how it is quoted, and where the dash or colon before it stands.
"""

from __future__ import annotations

import bisect
import enum
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml
from yaml.events import AliasEvent, MappingStartEvent, ScalarEvent, SequenceStartEvent

from hmsplan.export.edit.splices import CannotEdit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.model import FieldPath

_LOADER: Final[Any] = yaml.cyaml.CLoader if yaml.__with_libyaml__ else yaml.SafeLoader
BLOCK_STYLES: Final = ("|", ">")
_COMMENT: Final = re.compile(r"#[^\n]*")
_BLANK_END: Final = re.compile(r"(?:\r?\n[ \t]*)+\Z")


class Form(enum.Enum):
    """What a value is."""

    SCALAR = "scalar"
    MAP = "map"
    LIST = "list"
    ALIAS = "alias"


@dataclass(slots=True)
class Piece:
    """One value of a file.

    Attributes:
        begin: where its anchor or tag begins, if it has one; else *start*.
        behind: right behind its colon, dash or anchor, where a value in its place could stand on that line.
        start, end: of the value itself; a block ends behind its last value, without line end and comment.
        style: of a scalar: "" for plain, a quote, ``|`` or ``>``; of a map or list "[" between brackets, else "".
        column: of the first key, or the dashes, of a block; counts from 0.
        text: what a scalar says.
        anchor: name of its anchor, or of the one that an alias repeats.
        entries: key and value of each entry of a map.
        items: of a list.
        dashes: where the dash of each item stands.
    """

    form: Form
    begin: int
    start: int
    end: int
    style: str = ""
    column: int = 0
    text: str = ""
    anchor: str = ""
    behind: int = 0
    entries: list[tuple[Piece, Piece]] = field(default_factory=list)
    items: list[Piece] = field(default_factory=list)
    dashes: list[int] = field(default_factory=list)

    @property
    def is_flow(self) -> bool:
        """Whether it is a map or list between brackets."""
        return self.style == "["

    def entry(self, key: str) -> tuple[Piece, Piece] | None:
        """Return key and value of an entry; None for one that it has not, or that ``<<`` brings."""
        return next((pair for pair in self.entries if pair[0].text == key), None)


def outline(text: str) -> Piece | None:
    """Return the outermost value of a file that ``parse`` can read; None when there is none."""
    tokens: Any = yaml.scan(text, Loader=_LOADER)
    dashes = [token.start_mark.index for token in tokens if isinstance(token, yaml.BlockEntryToken)]
    reader = _Reader(text, iter(yaml.parse(text, Loader=_LOADER)), dashes)
    return reader.document()


def comments(text: str) -> list[tuple[int, str]]:
    """Return every comment with its offset; one behind ``|`` or ``>``, too."""
    found: list[tuple[int, str]] = []
    end = 0
    token: Any
    for token in yaml.scan(text, Loader=_LOADER):
        start, stop = token.start_mark.index, token.end_mark.index
        found += _in_gap(text, end, start)
        if isinstance(token, yaml.ScalarToken) and token.style in BLOCK_STYLES:
            found += _in_gap(text, start, text.find("\n", start) % (len(text) + 1))
        end = max(end, stop)
    return found + _in_gap(text, end, len(text))


def _in_gap(text: str, start: int, stop: int) -> list[tuple[int, str]]:
    return [(match.start(), match[0].rstrip()) for match in _COMMENT.finditer(text, start, stop)]


@dataclass(slots=True)
class _Reader:
    text: str
    events: Iterator[Any]
    dashes: list[int]

    def document(self) -> Piece | None:
        event: Any
        for event in self.events:
            if isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
                return self.piece(event)
        return None

    def piece(self, event: Any) -> Piece:
        begin = event.start_mark.index
        end: int = event.end_mark.index
        if isinstance(event, AliasEvent):
            return Piece(Form.ALIAS, begin, begin, end, anchor=str(event.anchor))
        start = self.behind_properties(begin, event)
        if isinstance(event, ScalarEvent):
            if event.style in BLOCK_STYLES:
                end = self.end_of_block_scalar(start, end)
            return Piece(Form.SCALAR, begin, start, end, event.style or "", text=event.value, anchor=event.anchor or "")
        is_map = isinstance(event, MappingStartEvent)
        style = "[" if event.flow_style else ""
        found = Piece(Form.MAP if is_map else Form.LIST, begin, start, start, style, anchor=event.anchor or "")
        last = self.fill(found)
        found.end = last.end_mark.index if found.is_flow else self.end_of(found)
        found.column = found.start - (self.text.rfind("\n", 0, found.start) + 1)
        return found

    def fill(self, found: Piece) -> Any:
        """Read what a map or list holds; return the event that ends it."""
        for event in self.events:
            if not isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent | AliasEvent):
                return event
            child = self.piece(event)
            if found.form is Form.MAP:
                value = self.piece(next(self.events))
                self.set_behind(value, self.text.find(":", child.end) + 1)
                found.entries.append((child, value))
                if len(found.entries) == 1 and not found.is_flow:
                    found.start = child.begin
            else:
                if found.is_flow:
                    self.set_behind(child, child.begin)
                else:
                    self.add_dash(found, child)
                found.items.append(child)
        raise AssertionError

    def add_dash(self, found: Piece, child: Piece) -> None:
        """Find the dash of an item: the last one before it; an empty item is placed somewhere behind its own."""
        last = found.items[-1].end if found.items else found.begin
        is_empty = child.form is Form.SCALAR and child.start == child.end and not child.style
        place = bisect.bisect_left(self.dashes, last) if is_empty else bisect.bisect_left(self.dashes, child.begin) - 1
        found.dashes.append(self.dashes[place])
        self.set_behind(child, self.dashes[place] + 1)
        if len(found.dashes) == 1:
            found.start = found.dashes[0]

    def set_behind(self, value: Piece, at: int) -> None:
        """Say where the line goes on behind the colon or dash; an empty value stands there, too."""
        value.behind = value.begin + len(self.text[value.begin : value.start].rstrip()) if value.anchor else at
        if value.form is Form.SCALAR and value.start == value.end and not value.style:
            value.begin = value.start = value.end = value.behind

    def behind_properties(self, begin: int, event: Any) -> int:
        """Return where the value behind its anchor and tag begins."""
        at = begin
        while (event.anchor or event.tag) and at < len(self.text) and self.text[at] in "&!":
            while at < len(self.text) and not self.text[at].isspace():
                at += 1
            while at < len(self.text) and self.text[at].isspace():
                at += 1
        end: int = event.end_mark.index
        return min(at, end)

    def end_of_block_scalar(self, start: int, end: int) -> int:
        """Return where its last line ends; blank lines behind it are among its own only with ``+``."""
        written = self.text[start:end]
        header = written.partition("\n")[0].partition("#")[0]
        kept = written.removesuffix("\n").removesuffix("\r") if "+" in header else _BLANK_END.sub("", written)
        return start + len(kept)

    @staticmethod
    def end_of(found: Piece) -> int:
        pieces = [value for _, value in found.entries] or found.items
        return pieces[-1].end if pieces else found.start


def find(root: Piece, path: FieldPath) -> Piece:
    """Return the piece at *path*.

    Raises:
        CannotEdit: an alias or ``<<`` brings it, so it stands elsewhere; or there is none.
    """
    piece = root
    for part in path:
        if piece.form is Form.ALIAS:
            break
        if isinstance(part, int):
            found = piece.items[part] if part < len(piece.items) else None
        else:
            pair = piece.entry(part)
            found = pair[1] if pair is not None else None
            if found is None and piece.entry("<<") is not None:
                raise CannotEdit("it is merged in with <<, from a block that others may share")
        if found is None:
            raise CannotEdit("it is not written there")
        piece = found
    if piece.form is Form.ALIAS:
        raise CannotEdit(f"it is the alias *{piece.anchor}, and what it repeats is shared")
    return piece
