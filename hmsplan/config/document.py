"""A YAML file as values that know where they stand.

A place costs four bytes a node: ``Document.offsets`` holds the character offset of every node in the order of the file,
and a ``Node`` finds its own by counting along. Lines and columns are worked out when a message needs them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from hmsplan.model import SourceLine

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Iterator, Mapping

    from hmsplan.model import FieldPath


class Merged(NamedTuple):
    """Stands among the keys of a mapping where ``<<`` stood: the value that was merged in."""

    source: Any


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One parsed file. Its values are shared and never changed.

    Attributes:
        file: relative to the root of the stack.
        value: plain dicts, lists and scalars; None when the file is empty.
        offsets: of every node in the order of the file, keys included.
        line_starts: offset of the first character of each line.
        aliases: number of an alias node to the number of the node it repeats.
        merges: number of a mapping with ``<<`` to its keys in the order of the file.
        interpolated: some text may hold ``${``.
        commented: it may hold a comment for lint.
    """

    file: str
    value: Any
    offsets: array[int]
    line_starts: array[int]
    aliases: Mapping[int, int]
    merges: Mapping[int, tuple[str | Merged, ...]]
    interpolated: bool = False
    commented: bool = False

    def root(self) -> Node:
        """Return the whole document as a node."""
        return Node(self, self.value, 0, 0)

    def line_of(self, number: int) -> SourceLine:
        """Return where node *number* stands."""
        if number >= len(self.offsets):
            return SourceLine(self.file, 1, 1)
        offset = self.offsets[number]
        line = bisect_right(self.line_starts, offset)
        return SourceLine(self.file, line, offset - self.line_starts[line - 1] + 1)

    def span(self, value: Any, number: int) -> int:
        """Return how many nodes *value*, which stands at *number*, takes up in the file."""
        if number in self.aliases:
            return 1
        if isinstance(value, dict):
            total = 1
            for _, item in self.children(value, number):
                total += 1 + (self.span(item, number + total + 1) if isinstance(item, dict | list) else 1)
            return total
        if isinstance(value, list):
            total = 1
            for item in value:
                total += self.span(item, number + total) if isinstance(item, dict | list) else 1
            return total
        return 1

    def keys(self, value: Mapping[str, Any], number: int) -> Iterator[tuple[str | Merged, int]]:
        """Yield each key of the mapping at *number* with its own number, ``<<`` included."""
        at, last = number + 1, None
        for key, item in self.children(value, number):
            if last is not None:  # counted only when there is a next one
                at += 1 + self.span(last[0], at + 1)
            yield key, at
            last = (item,)

    def children(self, value: Mapping[str, Any], number: int) -> Iterable[tuple[str | Merged, Any]]:
        """Return the entries of a mapping as the file has them: a ``<<`` comes as (Merged, its value)."""
        order = self.merges.get(number) if self.merges else None
        if order is None:
            return value.items()
        return [(key, key.source) if isinstance(key, Merged) else (key, value[key]) for key in order]


class Node(NamedTuple):
    """A value and where it stands.

    Attributes:
        number: of the value itself among the nodes of the file.
        anchor: of the node that a message should point at: the key of a block, else the value itself.
    """

    document: Document
    value: Any
    number: int
    anchor: int

    @property
    def source(self) -> SourceLine:
        """Where it stands."""
        return self.document.line_of(self.anchor)

    def entries(self) -> Iterator[tuple[str, int, Node]]:
        """Yield key, number of the key, and node of each entry of a mapping; what ``<<`` brings comes last."""
        document, number = self.document, self.document.aliases.get(self.number, self.number)
        brought = list[tuple[Merged, int]]()
        seen = set[str]()
        for key, at in document.keys(self.value, number):
            if isinstance(key, Merged):
                brought.append((key, at + 1))
                continue
            seen.add(key)
            value = self.value[key]
            anchor = at if isinstance(value, dict | list) else at + 1
            yield key, at, Node(document, value, at + 1, anchor)
        for merged, at in brought:
            for entry in _merged(document, merged.source, at):
                if entry[0] not in seen:
                    seen.add(entry[0])
                    yield entry

    def items(self) -> Iterator[Node]:
        """Yield the node of each item of a list."""
        number = self.document.aliases.get(self.number, self.number)
        at = number + 1
        for index, value in enumerate(self.value):
            if index:  # counted only when there is a next one
                at += self.document.span(self.value[index - 1], at)
            yield Node(self.document, value, at, at)

    def child(self, key: str | int) -> Node | None:
        """Return the node of one entry or item, or None."""
        if isinstance(self.value, dict):
            return self._entry(str(key)) if key in self.value else None
        if isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
            return next((node for index, node in enumerate(self.items()) if index == key), None)
        return None

    def _entry(self, key: str) -> Node:
        """Return the node of an entry that is there, without making those of the others."""
        document, number = self.document, self.document.aliases.get(self.number, self.number)
        at = number + 1
        for name, item in document.children(self.value, number):
            nested = isinstance(item, dict | list)
            if name == key:
                return Node(document, item, at + 1, at if nested else at + 1)
            at += 1 + (document.span(item, at + 1) if nested else 1)
        return next(node for name, _, node in self.entries() if name == key)  # what ``<<`` brings

    def find(self, path: FieldPath) -> tuple[Node, int]:
        """Return the node at *path*, or at the longest part of it that exists, and how many steps that part has."""
        node = self
        for depth, key in enumerate(path):
            child = node.child(key)
            if child is None:
                return node, depth
            node = child
        return node, len(path)

    def locate(self, path: FieldPath, key: str | None = None) -> SourceLine:
        """Return where the value at *path* stands, or its entry *key*, or the last part of *path* that there is."""
        node, _ = self.find(path)
        return node.source if key is None else node.locate_key(key)

    def locate_key(self, key: str) -> SourceLine:
        """Return where the key of an entry stands, or the mapping itself when it has no such entry."""
        if isinstance(self.value, dict):
            for name, number, _ in self.entries():
                if name == key:
                    return self.document.line_of(number)
        return self.source


def _merged(document: Document, value: Any, number: int) -> Iterator[tuple[str, int, Node]]:
    node = Node(document, value, number, number)
    if isinstance(value, list):
        for item in node.items():
            yield from _merged(document, item.value, item.number)
    else:
        yield from node.entries()
