"""One resource as it is written in several places, which lie on one another.

From below: the ``defaults`` of its kind, its ``bases`` in the order in which ``extends`` names them, the resource
itself, the ``overrides`` of the environment, and those of a member of a fleet.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from hmsplan.config.bases import EXTENDS
from hmsplan.config.extra import EXTRA
from hmsplan.config.interpolation import whole_file
from hmsplan.config.slips import missing_space
from hmsplan.kinds import KINDS
from hmsplan.model import Diagnostic, SourceLine, matches, value_at
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from hmsplan.config.bases import Bases
    from hmsplan.config.collect import Collected
    from hmsplan.config.document import Node
    from hmsplan.kinds import Kind
    from hmsplan.model import Address, FieldPath


def merge(below: Any, above: Any) -> Any:
    """Lay *above* over *below*: blocks are merged, everything else replaces, null included. Neither is changed."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    if not below:
        return above
    merged = dict(below)
    for key, value in above.items():
        merged[key] = merge(merged[key], value) if key in merged else value
    return merged


class Role(enum.StrEnum):
    """What a layer is, from the strongest to the weakest."""

    OVERRIDE = "override"
    DECLARED = "declared"
    BASE = "base"
    DEFAULTS = "defaults"


class Layer(NamedTuple):
    """One place that a resource is written in.

    Attributes:
        name: of a base; empty for every other layer.
    """

    role: Role
    node: Node
    name: str = ""


class Paste(NamedTuple):
    """A template that stands in a resource.

    Attributes:
        origin: path in what it stands for to the paths in the template that it may come from, best first.
    """

    address: Address
    source_map: SourceMap
    origin: Callable[[FieldPath], tuple[FieldPath, ...]]


class SourceMap:
    """Finds the source of a field of one resource.

    Attributes:
        source: the line of the resource itself.
        layers: the places the resource is written in, the strongest first.
        spec: the finished fields; the names of keyed items are read from it.
        extra: names of the finished fields that are written under ``extra``.
        pastes: path of a pasted template, with indexes, to the template.
    """

    __slots__ = ("extra", "kind", "layers", "pastes", "source", "spec")

    def __init__(self, kind: Kind, source: SourceLine, layers: tuple[Layer, ...]) -> None:
        self.kind = kind
        self.source = source
        self.layers = layers
        self.spec: Any = None
        self.extra: Collection[str] = ()
        self.pastes: dict[FieldPath, Paste] = {}

    @property
    def interpolated(self) -> bool:
        """Whether some text may hold ``${``."""
        return any(layer.node.document.interpolated for layer in self.layers)

    def __call__(self, path: FieldPath, line: int = 0) -> SourceLine:
        """Return where the field at *path* is written, or the nearest block around it; see ``model.Locate``."""
        plain = self.indexed(self.written(path))
        for paste, template in self.pastes.items():
            if len(plain) > len(paste) and plain[: len(paste)] == paste:
                for candidate in template.origin(plain[len(paste) :]):
                    if (source := template.source_map.exactly(candidate, line)) is not None:
                        return source
        if line and (source := self.exactly(plain, line)) is not None:
            return source
        found = [layer.node.find(plain) for layer in self.layers]
        node, depth = max(found, key=lambda at: at[1])
        return node.source if depth else self.source

    def of_items(self, path: FieldPath, count: int) -> Sequence[SourceLine]:
        """Return where each of the *count* items of the list at *path* is written, in one walk over all of them."""
        plain = self.indexed(self.written(path))
        node, depth = max((layer.node.find(plain) for layer in self.layers), key=lambda at: at[1])
        if depth == len(plain) and isinstance(node.value, list) and len(node.value) == count:
            return [item.source for item in node.items()]
        return [self((*path, index)) for index in range(count)]

    def exactly(self, path: FieldPath, line: int = 0) -> SourceLine | None:
        """Return where the field at *path* is written, or None when it is not."""
        path = self.written(path)
        for layer in self.layers:
            node, depth = layer.node.find(path)
            if depth == len(path):
                file = whole_file(node.value) if line else None
                return SourceLine(file, line) if file is not None else node.source
        return None

    def file_of(self, path: FieldPath) -> str | None:
        """Return the file whose whole text the field at *path* is; None when something else is written there."""
        path = self.indexed(self.written(path))
        return next(filter(None, (whole_file(value_at(layer.node.value, path)) for layer in self.layers)), None)

    def locate(self, path: FieldPath, key: str | None) -> SourceLine:
        """Return where the field at *path* is written, or the key *key* of the block there."""
        for layer in self.layers:
            node, depth = layer.node.find(path)
            if key is not None and depth == len(path) and isinstance(node.value, dict) and key in node.value:
                return node.locate_key(key)
        return self(path)

    def written(self, path: FieldPath) -> FieldPath:
        """Return where the field at *path* is written: what is extra stands in a block of its own."""
        return (EXTRA, *path) if path and path[0] in self.extra else path

    def indexed(self, path: FieldPath) -> FieldPath:
        """Return *path* with indexes in place of the names of keyed items."""
        for pattern, name_of in self.kind.keyed.items():
            here = len(pattern)
            if len(path) > here and isinstance(path[here], str) and matches(path[:here], pattern):
                items = value_at(self.spec, path[:here])
                for index, item in enumerate(items if isinstance(items, list) else ()):
                    if name_of(item) == path[here]:
                        path = (*path[:here], index, *path[here + 1 :])
                        break
        return path


@dataclass(slots=True)
class Declared:
    """One resource as written, its layers merged.

    Attributes:
        spec: with every ``${…}`` still in it.
    """

    address: Address
    kind: Kind
    spec: Any
    source: SourceLine
    source_map: SourceMap

    def copied(self) -> Declared:
        """Return a copy whose source map may be filled in."""
        origin = self.source_map
        own = SourceMap(origin.kind, origin.source, origin.layers)
        return Declared(self.address, self.kind, self.spec, self.source, own)

    def placed(self, problem: Diagnostic) -> Diagnostic:
        """Return a problem of this resource with its address, and with the line of its path if it has none."""
        return replace(problem, address=self.address, source=problem.source or self.source_map(problem.path))


def layer(
    collected: Collected, defaults: Mapping[str, Node], bases: Bases, overrides: Mapping[Address, Sequence[Node]]
) -> dict[Address, Declared]:
    """Merge the layers of every address; a resource that is no block, or lacks a base, is an error and left out."""
    declared: dict[Address, Declared] = {}
    for address, written in collected.written.items():
        own = written.source
        if not isinstance(written.value, dict | None):
            hint = missing_space(written.value) if isinstance(written.value, str) else None
            detail = (
                f"It is {wording.type_of(written.value)}; a resource is a block of fields.{f' {hint}' if hint else ''}"
            )
            collected.problems.append(Diagnostic("Wrong type", detail, own, address))
            collected.doubted.add(address.kind)
            continue
        taken = bases.of(address, written)
        if taken is None:
            collected.doubted.add(address.kind)
            continue
        layers = [Layer(Role.BASE, node, name) for name, node in taken] + [Layer(Role.DECLARED, written)]
        if (below := defaults.get(address.kind)) is not None:
            layers.insert(0, Layer(Role.DEFAULTS, below))
        layers += (Layer(Role.OVERRIDE, above) for above in overrides.get(address, ()))
        kind, spec = KINDS[address.kind], merged(layers)
        declared[address] = Declared(address, kind, spec, own, SourceMap(kind, own, tuple(reversed(layers))))
    return declared


def merged(layers: Sequence[Layer]) -> Any:
    """Lay all of *layers*, the weakest first, on one another; a single one is not copied."""
    spec: Any = {}
    for each in layers:
        spec = merge(spec, {} if each.node.value is None else each.node.value)
    return {name: value for name, value in spec.items() if name != EXTENDS} if EXTENDS in spec else spec
