"""Where the value of a field is written: in which file, in which layer, at which path of the file. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.config.layers import Role
from hmsplan.export.edit.splices import CannotEdit
from hmsplan.model import pattern_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.config.document import Node
    from hmsplan.config.layers import Layer, SourceMap
    from hmsplan.kinds import Kind
    from hmsplan.model import Address, FieldPath, Pattern

_BLOCKS: Final = {Role.OVERRIDE: "overrides", Role.BASE: "bases", Role.DEFAULTS: "defaults"}


class Place(NamedTuple):
    """A place in a file.

    Attributes:
        path: in the file.
        pattern: of the field there, seen from its resource.
        node: what stands there now, or around the place where nothing stands.
        name: what it belongs to, for people.
    """

    kind: Kind
    path: FieldPath
    pattern: Pattern
    node: Node
    name: str

    @property
    def file(self) -> str:
        """The file, relative to the root of the stack."""
        return self.node.document.file


def place_of(address: Address, source_map: SourceMap, path: FieldPath) -> Place:
    """Return where the value at *path*, list items by index, is written: in the strongest layer that has it.

    Raises:
        CannotEdit: it is not written as it is: the form of a template brings it, say.
    """
    for owner, of_owner, at in _origins(address, source_map, path):
        for written in _forms(at):
            if (found := _in_layers(owner, of_owner, written)) is not None:
                return found
    raise CannotEdit("it is not written in the stack in the form in which the platform answers")


def around(address: Address, source_map: SourceMap, path: FieldPath) -> Place:
    """Return where a key that is not written yet belongs: in the resource itself, or in the block that is there.

    Raises:
        CannotEdit: the block around it is not written.
    """
    if len(path) > 1:
        found = place_of(address, source_map, path[:-1])
        return found._replace(path=(*found.path, path[-1]), pattern=(*found.pattern, str(path[-1])))
    own = next(layer for layer in source_map.layers if layer.role is Role.DECLARED)
    return Place(source_map.kind, (*_root_of(own, address), *path), pattern_of(path), own.node, str(address))


def _origins(
    address: Address, source_map: SourceMap, path: FieldPath
) -> Iterator[tuple[Address, SourceMap, FieldPath]]:
    """Yield whose fields *path* may come from: those of a template that is pasted in, or its own."""
    for paste, template in source_map.pastes.items():
        if path[: len(paste)] == paste:
            if path == paste:
                raise CannotEdit(f"it is a copy of {template.address}")
            for origin in template.origin(path[len(paste) :]):
                yield template.address, template.source_map, origin
            return
    yield address, source_map, source_map.written(path)


def _forms(path: FieldPath) -> Iterator[FieldPath]:
    """Yield *path*, and where the field may stand in the nested form of a tool."""
    yield path
    for depth, part in enumerate(path[:-1], 1):
        if isinstance(part, int):
            yield (*path[:depth], "function", *path[depth:])
            yield (*path[:depth], "server", *path[depth:])


def _in_layers(address: Address, source_map: SourceMap, path: FieldPath) -> Place | None:
    for layer in source_map.layers:
        node, depth = layer.node.find(path)
        if depth == len(path):
            name = layer.name and f"bases.{layer.name}"
            name = name or (f"defaults.{address.kind}" if layer.role is Role.DEFAULTS else str(address))
            return Place(source_map.kind, (*_root_of(layer, address), *path), pattern_of(path), node, name)
        if depth and not isinstance(node.value, dict):
            return None
    return None


def _root_of(layer: Layer, address: Address) -> FieldPath:
    if layer.role is Role.DECLARED:
        return (address.kind, address.key)
    name = {Role.BASE: layer.name, Role.DEFAULTS: address.kind}.get(layer.role, str(address))
    return (_BLOCKS[layer.role], name)
