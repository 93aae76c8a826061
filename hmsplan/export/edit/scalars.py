"""One value in the styles in which YAML can hold it, that of its author first. Pure.

Not every text fits every style. A style that does not fit reads back as another value, by which it is found out: see
``yaml_edit``.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.config.yaml_writer import NO_TEXT_ELSEWHERE, double_quoted, scalar
from hmsplan.export.edit.outline import BLOCK_STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator

_NARROWEST: Final = 40
"""Columns that a folded text is given at least."""
_FOLD: Final = re.compile(r"(?<=\S) (?=\S)")
"""Where a folded line may be broken."""


class Written(NamedTuple):
    """A value in one style.

    Attributes:
        head: what stands behind the colon or dash, on its line.
        body: the lines below, each with its indentation; none but for ``|`` and ``>``.
    """

    head: str
    body: tuple[str, ...] = ()


class Room(NamedTuple):
    """Where a value stands.

    Attributes:
        style: of what stands there now.
        indent: columns that the lines of a text of its own are indented.
        parent: columns of the block around it, from which an indentation that has to be named is counted.
        is_flow: between brackets, where only what fits into a line can stand.
        named: the indentation is named in the header, as in ``|2``.
        chomp: what the header says of the line ends at the end: "", "-" or "+".
        old: the lines of a folded text that is there now, without indentation, in groups: one for each line it means.
    """

    style: str = ""
    indent: int = 2
    parent: int = 0
    is_flow: bool = False
    named: bool = False
    chomp: str = ""
    old: tuple[tuple[str, ...], ...] = ()


def styles(value: Any, room: Room) -> Iterator[Written]:
    """Yield *value* in the styles it may stand in, from the one that is there now to the one that fits any text.

    Raises:
        CannotWrite: no style fits, and no file can hold it.
    """
    if not isinstance(value, str):
        yield Written(scalar(value))
        return
    is_block = room.style in BLOCK_STYLES
    if room.style == "" and "\n" not in value and value.lower() not in NO_TEXT_ELSEWHERE:
        yield Written(value)
    if room.style == "'" and "\n" not in value:
        yield Written("'" + value.replace("'", "''") + "'")
    if room.style == ">":
        yield from _folded(value, room)
    if not room.is_flow and (is_block or (room.style == "" and "\n" in value)):
        yield from _literal(value, room)
    yield Written(_quoted(value))


def _quoted(value: str) -> str:
    scalar(value)  # which says why it cannot be written
    return double_quoted(value)


def _header(mark: str, value: str, room: Room, first: str) -> tuple[str, str]:
    """Return the header of a text of its own, and the text without the line ends that the header stands for."""
    ends = len(value) - len(value.rstrip("\n"))
    chomp = "-" if ends == 0 else "+" if ends > 1 or room.chomp == "+" else ""
    named = str(room.indent - room.parent) if room.named or first[:1] in {" ", ""} else ""
    return f"{mark}{named}{chomp}", value[:-1] if ends else value


def _literal(value: str, room: Room) -> Iterator[Written]:
    if not value.strip("\n"):
        return
    header, rest = _header("|", value, room, value.partition("\n")[0])
    yield Written(header, tuple(_indented(line, room) for line in rest.split("\n")))


def _folded(value: str, room: Room) -> Iterator[Written]:
    """Fold a text as it was folded: lines that are as they were keep their breaks, others are about as wide."""
    if not value.strip("\n") or any(line[:1] in {" ", "\t"} for line in value.split("\n")):
        return
    header, rest = _header(">", value, room, value)
    known = {" ".join(group): group for group in room.old}
    width = max([_NARROWEST, *(len(line) for group in room.old for line in group)])
    lines: list[str] = []
    for line in rest.split("\n"):
        if lines and line:  # between two lines of the text stands an empty one
            lines.append("")
        lines += known.get(line) or (_filled(line, width) if line else [""])
    yield Written(header, tuple(_indented(line, room) for line in lines))


def _filled(line: str, width: int) -> list[str]:
    found = [""]
    for word in _FOLD.split(line):
        if found[-1] and len(found[-1]) + 1 + len(word) > width:
            found.append(word)
        else:
            found[-1] = f"{found[-1]} {word}" if found[-1] else word
    return found


def _indented(line: str, room: Room) -> str:
    return f"{' ' * room.indent}{line}" if line else ""


def groups(body: str) -> tuple[tuple[str, ...], ...]:
    """Return the lines of a folded text in groups: an empty line ends one."""
    lines = [line.strip() for line in body.splitlines()]
    grouped = itertools.groupby(lines, key=bool)
    return tuple(tuple(group) for is_text, group in grouped if is_text)
