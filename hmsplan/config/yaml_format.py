"""The canonical form of a YAML file: two spaces, lists indented below their key, quotes and comments kept. Pure.

To hmsplan ``no``, ``017``, ``+31850835037`` and dates are text, so here every plain scalar is text and comes out
letter by letter. Whatever the formatter did, ``load.parse`` reads the result, and unless it reads the equal value with
the same comments the file is left alone.
"""

from __future__ import annotations

import io
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.emitter import RoundTripEmitter
from ruamel.yaml.error import YAMLError
from ruamel.yaml.resolver import BaseResolver

from hmsplan.config.yaml_parser import parse
from hmsplan.config.yaml_writer import double_quoted
from hmsplan.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH: Final = 120
"""Columns after which a list or block in brackets goes on in the next line. Texts are never wrapped."""

_BLANK_LINES: Final = re.compile(r"(?:[ \t]*\n){3,}")
_KEEPS_BREAKS: Final = re.compile(r"[|>][1-9]?\+")  # |+: line ends at the end of the file may belong to a text
_TRAILING: Final = re.compile(r"[ \t]+(?=\n)")


class CannotFormat(Exception):
    """The canonical form would not say the same; the text says why."""


class Comment(NamedTuple):
    """A comment.

    Attributes:
        line: counts from 0.
        column: counts from 0.
        alone: nothing else stands on its line.
    """

    text: str
    line: int
    column: int
    alone: bool


class _TextResolver(BaseResolver):
    """Takes every scalar for text."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 -- the name and type of the base class

    def __init__(self, version: Any = None, loader: Any = None, loadumper: Any = None) -> None:
        del version
        super().__init__(loader or loadumper)

    @property
    def processing_version(self) -> Any:
        """Return the version of YAML."""
        return (1, 2)


class _Emitter(RoundTripEmitter):
    """Wraps lists and blocks in brackets, but no text."""

    def write_plain(self, text: Any, split: Any = True) -> None:
        with self._endless_lines():
            super().write_plain(text, split)

    def write_single_quoted(self, text: Any, split: Any = True) -> None:
        with self._endless_lines():
            super().write_single_quoted(text, split)

    def write_double_quoted(self, text: Any, split: Any = True) -> None:
        """Keep an escape of something invisible; the base class would make it invisible again."""
        del split
        self.write_indicator(double_quoted(text), True)

    def write_folded(self, text: Any, comment: Any = None) -> None:
        with self._endless_lines():
            super().write_folded(text, comment)

    @contextmanager
    def _endless_lines(self) -> Iterator[None]:
        width, self.best_width = self.best_width, 10**9
        try:
            yield
        finally:
            self.best_width = width


def formatted(data: bytes, file: str) -> bytes:
    """Return the canonical form of a YAML file; that of a canonical file is itself.

    Args:
        data: its content.
        file: what messages call it.

    Raises:
        ConfigError: hmsplan cannot read the file as it is.
        CannotFormat: the canonical form would say something else.
    """
    value = parse(data, file).value
    text = data.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    once = _settled(text, value)
    _check(text, once, value, file)
    return once.encode()


def _settled(text: str, value: Any) -> str:
    """Format until nothing changes any more; the second round seldom finds anything."""
    for _ in range(4):
        new = _round(text, value)
        if new == text:
            return new
        text = new
    raise CannotFormat("its form does not settle")


def _round(text: str, value: Any) -> str:
    text = _tidy(text)
    if not isinstance(value, dict | list) or not value:
        return text
    return _tidy(_aligned(text, _dumped(text)))


def _dumped(text: str) -> str:
    machine = YAML()
    machine.Resolver = _TextResolver
    machine.Emitter = _Emitter
    machine.preserve_quotes = True
    machine.width = WIDTH
    machine.explicit_start = _begins_with_dashes(text)
    machine.composer.warn_double_anchors = False
    machine.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    try:
        machine.dump(machine.load(text), stream)
    except (YAMLError, ValueError, TypeError, AttributeError, AssertionError, NotImplementedError) as error:
        raise CannotFormat(f"the formatter does not understand it ({type(error).__name__})") from error
    return stream.getvalue()


def _check(before: str, after: str, value: Any, file: str) -> None:
    """Refuse a result that reads differently; ``repr`` tells 1 from 1.0 and from true, and sees the order of keys."""
    try:
        found = parse(after.encode(), file).value
    except ConfigError as error:
        raise CannotFormat("the result could not be read any more") from error
    if repr(found) != repr(value):
        raise CannotFormat("the result would mean something else")
    if [comment.text for comment in comments(before)] != [comment.text for comment in comments(after)]:
        raise CannotFormat("a comment would get lost or move")


def _gaps(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the text between two tokens begins and ends: spaces, line ends and comments."""
    end = 0
    for token in yaml.scan(text, Loader=yaml.cyaml.CLoader if yaml.__with_libyaml__ else yaml.SafeLoader):
        start, stop = token.start_mark.index, token.end_mark.index
        if start > end:
            yield end, start
        end = max(end, stop)
    if end < len(text):
        yield end, len(text)


def _begins_with_dashes(text: str) -> bool:
    loader = yaml.cyaml.CLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    return any(isinstance(token, yaml.DocumentStartToken) for token in yaml.scan(text, Loader=loader))


def comments(text: str) -> list[Comment]:
    """Return every comment, in order; a ``#`` inside a text is none."""
    found = []
    for start, stop in _gaps(text):
        for match in re.finditer(r"#[^\n]*", text[start:stop]):
            offset = start + match.start()
            begin = text.rfind("\n", 0, offset) + 1
            alone = not text[begin:offset].strip()
            found.append(Comment(match[0].rstrip(), text.count("\n", 0, offset), offset - begin, alone))
    return found


def _tidy(text: str) -> str:
    """Take out trailing spaces and repeated blank lines outside of texts, and end with one line end."""
    parts = []
    end = 0
    for start, stop in _gaps(text):
        parts += [text[end:start], _BLANK_LINES.sub("\n\n", _TRAILING.sub("", text[start:stop]))]
        end = stop
    tidy = "".join([*parts, text[end:]]).lstrip("\n")
    if _KEEPS_BREAKS.search(tidy) is None:
        tidy = tidy.rstrip("\n")
    return tidy if not tidy or tidy.endswith("\n") else f"{tidy}\n"


def _aligned(before: str, after: str) -> str:
    """Move a comment that stood in line with its neighbour to where that neighbour now stands."""
    old, new = comments(before), comments(after)
    if [comment.text for comment in old] != [comment.text for comment in new]:
        return after
    was, lines = before.split("\n"), after.split("\n")
    skipped = {c.line for c in old if c.alone}, {c.line for c in new if c.alone}
    for one, other in zip(old, new, strict=True):
        if not (one.alone and other.alone):
            continue
        for step in (1, -1):
            if _indent(was, one.line, step, skipped[0]) == one.column:
                column = _indent(lines, other.line, step, skipped[1])
                lines[other.line] = " " * (column or 0) + other.text
                break
    return "\n".join(lines)


def _indent(lines: list[str], line: int, step: int, skipped: set[int]) -> int | None:
    """Return the indentation of the nearest line with content, downwards or upwards; None when there is none."""
    at = line + step
    while 0 <= at < len(lines):
        if at not in skipped and lines[at].strip():
            return len(lines[at]) - len(lines[at].lstrip(" "))
        at += step
    return None
