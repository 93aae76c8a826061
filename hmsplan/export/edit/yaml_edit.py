"""One value of a YAML file in the place of another, with every other byte as it is. Pure.

Maps and lists are compared, so that only what differs in them is touched: a key that came, an item that left, a text
that changed. What is written is read again: the file says the wanted value, everything else that it said before, and
has the same comments, or ``CannotEdit`` is raised.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

from hmsplan.config.yaml_parser import parse
from hmsplan.config.yaml_writer import CannotWrite, block, in_line, item_lines
from hmsplan.errors import ConfigError
from hmsplan.export.edit.outline import BLOCK_STYLES, Form, Piece, comments, find, outline
from hmsplan.export.edit.scalars import Room, Written, groups, styles
from hmsplan.export.edit.splices import CannotEdit, Splice, spliced
from hmsplan.planner.diff import same
from hmsplan.text.canonical_json import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.model import FieldPath

_LONGEST: Final = 100
"""Characters of a list or map that is written between brackets where one value stood."""


def set_value(text: str, path: FieldPath, value: Any) -> list[Splice]:
    """Return what to replace in *text*, without a byte order mark, so that *value* stands at *path*.

    The last part of *path* may be a key that its block has not yet.

    Raises:
        CannotEdit: it cannot be written there, or not without a change of anything else.
    """
    root = outline(text)
    if root is None:
        raise CannotEdit("the file is empty")
    before = parse(text.encode(), "").value
    wanted = with_value(before, path, value)
    try:
        for splices in _Editor(text).attempts(root, path, before, value):
            if _is_right(text, splices, wanted):
                return splices
    except CannotWrite as reason:
        raise CannotEdit(str(reason)) from None
    raise CannotEdit(_why_shared(root, path) or "it cannot be written there without a change of something else")


def value_in(text: str, path: FieldPath) -> Any:
    """Return what stands at *path* of a file."""
    value = parse(text.encode(), "").value
    for part in path:
        value = value[part]
    return value


def refuse_alias(text: str, path: FieldPath) -> None:
    """Raise ``CannotEdit`` when what stands at *path* is written elsewhere."""
    if (root := outline(text)) is not None:
        find(root, path)


def with_value(value: Any, path: FieldPath, new: Any) -> Any:
    """Return *value* with *new* at *path*; shares what is not on the way."""
    if not path:
        return new
    part, rest = path[0], path[1:]
    if isinstance(value, list) and isinstance(part, int):
        return [with_value(item, rest, new) if index == part else item for index, item in enumerate(value)]
    block: dict[Any, Any] = value or {}
    return {**block, part: with_value(block.get(part), rest, new)}


def _is_right(text: str, splices: list[Splice], wanted: Any) -> bool:
    try:
        after = spliced(text, splices)
        found = parse(after.encode(), "").value
    except (ConfigError, CannotEdit, UnicodeEncodeError):
        return False
    return same(found, wanted) and _keeps_comments(text, after, splices)


def _keeps_comments(before: str, after: str, splices: list[Splice]) -> bool:
    """Say whether every comment is there, and no other, but for those within what was taken out."""
    kept = [told for at, told in comments(before) if not any(each.start <= at < each.end for each in splices)]
    return [told for _, told in comments(after)] == kept


def _why_shared(root: Piece, path: FieldPath) -> str:
    """Say that an anchor on the way is what else would change."""
    piece = root
    for part in path:
        pair = piece.entry(part) if isinstance(part, str) else None
        piece = piece.items[part] if isinstance(part, int) else pair[1] if pair is not None else piece
        if piece.anchor:
            return f"it stands in the anchor &{piece.anchor}, which others share"
    return ""


class _Editor:
    def __init__(self, text: str) -> None:
        self.text = text
        self.end = "\r\n" if "\r\n" in text else "\n"

    def attempts(self, root: Piece, path: FieldPath, before: Any, value: Any) -> Iterator[list[Splice]]:
        """Yield ways to put *value* at *path*, the one with the least change of style first."""
        parent = find(root, path[:-1])
        old = before
        for part in path[:-1]:
            old = old[part]
        part = path[-1]
        if isinstance(old, dict) and part not in old:
            yield [self.insertion(parent, list(old), {**old, str(part): value}, str(part))]
            return
        piece = find(root, path)
        yield from self.changed(piece, old[part], value, parent)

    def changed(self, piece: Piece, old: Any, new: Any, parent: Piece) -> Iterator[list[Splice]]:
        """Yield ways to turn one value into another."""
        if piece.form is Form.ALIAS:
            raise CannotEdit(f"it is the alias *{piece.anchor}, and what it repeats is shared")
        if isinstance(old, dict) and isinstance(new, dict) and old and new and piece.form is Form.MAP:
            if old.keys() & new.keys():  # else there is nothing in it to keep
                yield from self._together(self._map(piece, old, new))
        elif isinstance(old, list) and isinstance(new, list) and old and new and piece.form is Form.LIST:
            yield from self._together(self._list(piece, old, new))
        if piece.form is Form.SCALAR and not isinstance(new, dict | list):
            yield from self._scalar(piece, new, parent)
        else:
            yield from self._whole(piece, new, parent)

    @staticmethod
    def _together(parts: list[list[list[Splice]]]) -> Iterator[list[Splice]]:
        """Yield all parts in their first way, in their second, and so on; one that has no more ways keeps its last."""
        for turn in range(max(map(len, parts), default=0)):
            yield [splice for ways in parts for splice in (ways[min(turn, len(ways) - 1)] if ways else [])]

    def _map(self, piece: Piece, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[list[list[Splice]]]:
        parts = []
        for key, value in old.items():
            if key not in new:
                parts.append([[self._removal_of_entry(piece, key)]])
            elif not same(value, new[key]):
                pair = piece.entry(key)
                if pair is None:
                    raise CannotEdit(f"{key} is merged in with <<, from a block that others may share")
                parts.append(list(self.changed(pair[1], value, new[key], piece)))
        known = [key for key in old if key in new]
        parts += [[[self.insertion(piece, known, new, key)]] for key in new if key not in old]
        return parts

    def _list(self, piece: Piece, old: list[Any], new: list[Any]) -> list[list[list[Splice]]]:
        marks = [[canonical_json(item) for item in items] for items in (old, new)]
        parts = []
        for what, a, b, c, d in difflib.SequenceMatcher(None, marks[0], marks[1], autojunk=False).get_opcodes():
            if what == "equal":
                continue
            common = min(b - a, d - c)
            parts += [
                list(self.changed(piece.items[a + step], old[a + step], new[c + step], piece)) for step in range(common)
            ]
            parts += [[[self._removal_of_item(piece, index)]] for index in range(a + common, b)]
            if d - c > common:
                parts.append([[self._new_items(piece, b, new[c + common : d])]])
        return parts

    # One value

    def _scalar(self, piece: Piece, new: Any, parent: Piece) -> Iterator[list[Splice]]:
        room = self._room(piece, parent)
        for written in styles(new, room):
            yield self._replaced(piece, written)

    def _room(self, piece: Piece, parent: Piece) -> Room:
        if piece.style not in BLOCK_STYLES:
            return Room(piece.style, parent.column + 2, parent.column, parent.is_flow)
        header, _, body = self.text[piece.start : piece.end].partition("\n")
        marks = header.partition("#")[0].strip()[1:]
        digits = marks.strip("+-")
        first = next((line for line in body.splitlines() if line.strip()), "")
        indent = parent.column + int(digits) if digits else len(first) - len(first.lstrip(" "))
        old = groups(body) if piece.style == ">" else ()
        chomp = marks.replace(digits, "") if digits else marks
        return Room(piece.style, indent or parent.column + 2, parent.column, False, bool(digits), chomp, old)

    def _replaced(self, piece: Piece, written: Written) -> list[Splice]:
        body = "".join(f"{self.end}{line}" for line in written.body)
        if piece.style in BLOCK_STYLES:
            head_end = self._line_end(piece.start)
            marks_end = piece.start
            while marks_end < head_end and not self.text[marks_end].isspace():
                marks_end += 1
            return [Splice(piece.start, marks_end, written.head), Splice(head_end, max(piece.end, head_end), body)]
        lead = " " if piece.start == piece.end else ""
        splices = [Splice(piece.start, piece.end, lead + written.head)]
        if body:
            at = self._line_end(piece.end)
            splices.append(Splice(at, at, body))
        return splices

    def _whole(self, piece: Piece, new: Any, parent: Piece) -> Iterator[list[Splice]]:
        """Put a map or list in the place of another value, or another value in the place of one."""
        short, is_below = in_line(new), "\n" in self.text[piece.behind : piece.start]
        line = self.text.rfind("\n", 0, piece.start)
        line -= self.text.startswith("\r", line - 1)
        stop = self._line_end(piece.end)
        if not parent.is_flow and isinstance(new, dict | list) and len(short) > _LONGEST:
            body = "".join(f"{self.end}{each}" for each in _block_lines(new, parent.column + 2))
            if is_below:
                yield [Splice(line, stop, body)]
            else:
                yield [Splice(piece.behind, piece.end, ""), Splice(stop, stop, body)]
        if is_below:  # a comment behind the colon stays there
            yield [Splice(piece.behind, piece.behind, f" {short}"), Splice(line, stop, "")]
        else:
            is_item = parent.is_flow and parent.form is Form.LIST
            lead = " " if piece.start == piece.behind and not is_item else ""
            yield [Splice(piece.start, piece.end, lead + short)]

    # What came

    def insertion(self, piece: Piece, known: list[str], new: Mapping[str, Any], key: str) -> Splice:
        """Write a key that *new* has behind the last one before it that the file has."""
        before = None
        for name in new:
            if name == key:
                break
            before = name if name in known and piece.entry(name) else before
        entry = piece.entry(before) if before is not None else None
        if piece.is_flow:
            return self._into_brackets(piece, entry[1] if entry else None, f"{in_line({key: new[key]})[1:-1]}")
        lines = block({key: new[key]}, piece.column)
        if entry is None:
            first = piece.entries[0][0].begin
            return Splice(first, first, self._joined(lines, piece.column))
        return self._below(entry[1].end, lines)

    def _new_items(self, piece: Piece, index: int, items: list[Any]) -> Splice:
        """Write items before the one at *index*."""
        if piece.is_flow:
            return self._into_brackets(piece, piece.items[index - 1] if index else None, in_line(items)[1:-1])
        lines = [line for item in items for line in item_lines(item, piece.column)]
        if index == 0:
            return Splice(piece.dashes[0], piece.dashes[0], self._joined(lines, piece.column))
        return self._below(piece.items[index - 1].end, lines)

    def _joined(self, lines: list[str], column: int) -> str:
        """Return lines that stand before one which is there, from behind its indentation."""
        return self.end.join([lines[0].lstrip(" "), *lines[1:], " " * column])

    def _below(self, at: int, lines: list[str]) -> Splice:
        place = self._line_end(at)
        return Splice(place, place, "".join(f"{self.end}{line}" for line in lines))

    def _into_brackets(self, piece: Piece, before: Piece | None, written: str) -> Splice:
        if before is not None:
            return Splice(before.end, before.end, f", {written}")
        is_empty = not piece.entries and not piece.items
        return Splice(piece.start + 1, piece.start + 1, written if is_empty else f"{written}, ")

    # What left

    def _removal_of_entry(self, piece: Piece, key: str) -> Splice:
        pairs = [(name.begin, value.end) for name, value in piece.entries]
        index = next((n for n, (name, _) in enumerate(piece.entries) if name.text == key), None)
        if index is None:
            raise CannotEdit(f"{key} is merged in with <<, from a block that others may share")
        return self._removal(pairs, index, is_flow=piece.is_flow)

    def _removal_of_item(self, piece: Piece, index: int) -> Splice:
        begins = [item.begin for item in piece.items] if piece.is_flow else piece.dashes
        pairs = list(zip(begins, (item.end for item in piece.items), strict=True))
        return self._removal(pairs, index, is_flow=piece.is_flow)

    def _removal(self, pairs: list[tuple[int, int]], index: int, *, is_flow: bool) -> Splice:
        begin, end = pairs[index]
        if is_flow:
            if index + 1 < len(pairs):
                return Splice(begin, pairs[index + 1][0], "")
            return Splice(pairs[index - 1][1] if index else begin, end, "")
        line = self.text.rfind("\n", 0, begin) + 1
        if self.text[line:begin].strip():  # the first key of an item, behind its dash
            if index + 1 == len(pairs):
                raise CannotEdit("the block would be empty")
            return Splice(begin, pairs[index + 1][0], "")
        stop = self._line_end(end)
        if self.text.startswith("\r\n", stop):
            return Splice(line, stop + 2, "")
        return Splice(line, min(stop + 1, len(self.text)), "")

    def _line_end(self, at: int) -> int:
        """Return where the line ends that *at* stands in: before its line end."""
        found = self.text.find("\n", at)
        if found < 0:
            return len(self.text)
        return found - 1 if found and self.text[found - 1] == "\r" else found


def _block_lines(value: Any, indent: int) -> list[str]:
    if isinstance(value, dict):
        return block(value, indent)
    return [line for item in value for line in item_lines(item, indent)]
