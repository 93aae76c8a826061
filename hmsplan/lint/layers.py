"""What one layer of a resource says although another one below says it too. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.config.bases import EXTENDS
from hmsplan.config.layers import Role, SourceMap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.config.document import Node
    from hmsplan.model import FieldPath, Resource, SourceLine

_ORDER: Final = (Role.OVERRIDE, Role.DECLARED, Role.BASE, Role.DEFAULTS)


class Repeated(NamedTuple):
    """One field.

    Attributes:
        source: where it is said once more.
        below: where it is said already.
    """

    path: FieldPath
    source: SourceLine
    below: SourceLine


def repeated(resource: Resource, role: Role) -> Iterator[Repeated]:
    """Yield the fields that the layer *role* of a resource has, and the next one below that has them has alike."""
    if not isinstance(resource.locate, SourceMap) or len(resource.locate.layers) == 1:
        return
    layers = resource.locate.layers
    own = [layer.node for layer in layers if layer.role is role]
    under = [layer.node for layer in layers if _ORDER.index(layer.role) > _ORDER.index(role)]
    if own and under:
        yield from _same(own[0], under, ())


def _same(node: Node, under: Sequence[Node], path: FieldPath) -> Iterator[Repeated]:
    for key, _, child in node.entries():
        if key == EXTENDS:
            continue
        below = next((found for each in under if (found := each.child(key)) is not None), None)
        if below is None:
            continue
        if isinstance(child.value, dict) and isinstance(below.value, dict) and child.value:
            blocks = [each for each in (block.child(key) for block in under) if each is not None]
            yield from _same(child, blocks, (*path, key))
        elif _equal(child.value, below.value):
            yield Repeated((*path, key), child.source, below.source)


def _equal(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)
