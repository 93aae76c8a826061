"""Where every value of a resource comes from: its layer and line, what it is made of, and what it lies over. Pure.

The values are those of the ``Resource`` that the planner gets; only how they came about is looked up again.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.config import schema
from hmsplan.config.bases import EXTENDS
from hmsplan.config.extra import EXTRA
from hmsplan.config.interpolation import TEMPLATE_FILES, Call, Expression, Reference, parse_text
from hmsplan.config.layers import Layer, Role, SourceMap, merged
from hmsplan.kinds import KINDS
from hmsplan.model import SourceLine, leaves, matches, pattern_of, value_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmsplan.config.document import Node
    from hmsplan.kinds import Kind
    from hmsplan.model import Address, FieldPath, Resource, Stack, Value, Variable

LIFECYCLE: Final = "lifecycle"
SENSITIVE: Final = "(sensitive value)"
_ONE: Final = re.compile(r"\$\{[^{}]+\}")


class Form(enum.StrEnum):
    """What a value is made of; the first four stand in front of the colon of a ``${…}``."""

    VARIABLE = "var"
    SECRET = "secret"  # noqa: S105 -- the form of an interpolation
    FILE = "file"
    CSV = "csv"
    REFERENCE = "reference"
    COPY = "copy"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that a value is made of.

    Attributes:
        name: of a variable or secret; path of a file; address of a resource, with the field where one is copied.
        source: where the thing itself stands; None when it is in no file of the stack.
        variable: None for every other form, and for a variable without a value.
    """

    form: Form
    name: str
    source: SourceLine | None = None
    variable: Variable | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A value as one layer has it, with its ``${…}``.

    Attributes:
        base: name of the base, if the layer is one.
    """

    role: Role
    base: str
    source: SourceLine
    value: Value


@dataclass(frozen=True, slots=True)
class Explained:
    """One value of a resource.

    Attributes:
        path: list items by index.
        name: the same path, keyed items by name.
        value: what the planner gets; of members, how many there are.
        written: by the strongest layer that has it; None for what the form of a template brings.
        overridden: by the layers below that have it too, the strongest first.
        template: the template that it stands in.
        is_block: its parts are explained too.
    """

    path: FieldPath
    name: FieldPath
    value: Value
    written: Written | None
    inputs: tuple[Input, ...] = ()
    overridden: tuple[Written, ...] = ()
    template: Address | None = None
    is_block: bool = False


def explain(resource: Resource, stack: Stack, read_text: Callable[[str], str]) -> tuple[Explained, ...]:
    """Explain every value of a resource of *stack*, in the order of its schema; *read_text* returns a file."""
    if not isinstance(resource.locate, SourceMap):
        msg = f"{resource.address} was not read from files"
        raise TypeError(msg)
    found = _Explaining(resource, resource.locate, stack, read_text).all()
    rank = {name: position for position, name in enumerate(schema.fields(resource.address.kind))}
    return tuple(sorted(found, key=lambda each: rank.get(str(each.path[0]), len(rank))))


def within(explained: Iterable[Explained], path: FieldPath) -> tuple[Explained, ...]:
    """Return those at *path*, below it, or the one value that it is a part of."""
    here = len(path)
    return tuple(
        each
        for each in explained
        if each.path[:here] == path
        or (not each.is_block and each.path == path[: len(each.path)] and _has(each.value, path[len(each.path) :]))
    )


def _has(value: Value, path: FieldPath) -> bool:
    for part in path:
        if not (part in value if isinstance(value, Mapping) else isinstance(value, list) and part in range(len(value))):
            return False
        value = value[part]
    return True


def asked_for(resource: Resource, path: FieldPath) -> FieldPath:
    """Return the path that is meant by what a person typed: names, ``.0``, ``extra``, into members."""
    members = KINDS[resource.address.kind].members
    if members is not None and path[:1] == (members.name,):
        return path[:1]
    if path[:1] == (EXTRA,):
        path = path[1:]
    meant: FieldPath = ()
    for part in path:
        is_item = isinstance(value_at(resource.spec, meant), list)
        meant = (*meant, int(part) if is_item and isinstance(part, str) and part.isdecimal() else part)
        if isinstance(resource.locate, SourceMap):
            meant = resource.locate.indexed(meant)
    return meant


class _Origin(NamedTuple):
    """Where a value is written: at a path of a kind, in some layers, the strongest first; maybe of a template."""

    kind: Kind
    path: FieldPath
    held: list[tuple[Layer, Node]]
    template: Address | None


@dataclass(frozen=True, slots=True)
class _Explaining:
    resource: Resource
    source_map: SourceMap
    stack: Stack
    read_text: Callable[[str], str]

    @property
    def kind(self) -> Kind:
        return self.source_map.kind

    def all(self) -> Iterator[Explained]:
        for name, value in self.resource.spec.items():
            yield from self._walk((name,), value)
        if self.resource.members is not None and self.kind.members is not None:
            yield self._one((self.kind.members.name,), len(self.resource.members))
        for layer, node in _holding(self.source_map, (EXTENDS,)):
            yield Explained((EXTENDS,), (EXTENDS,), node.value, _written(self.kind, (EXTENDS,), layer, node))
        lifecycle = self.resource.lifecycle
        values = {
            "prevent_destroy": lifecycle.prevent_destroy,
            "ignore_changes": [".".join(map(str, path)) for path in lifecycle.ignore_changes],
            "secret_version": lifecycle.secret_version,
        }
        for name in merged(tuple(reversed(self.source_map.layers))).get(LIFECYCLE) or ():
            yield self._one((LIFECYCLE, name), values[name])

    def _walk(self, path: FieldPath, value: Value) -> Iterator[Explained]:
        if path in self.source_map.pastes:
            yield self._one(path, value, is_block=True)
        if isinstance(value, Mapping) and value and not self._is_whole(path):
            for name, item in value.items():
                yield from self._walk((*path, name), item)
        elif isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
            whole = self._one(path, value, is_block=True)
            if whole.overridden:
                yield whole
            for index, item in enumerate(value):
                yield from self._walk((*path, index), item)
        else:
            yield self._one(path, value)

    def _is_whole(self, path: FieldPath) -> bool:
        """Say whether the block at *path* is the author's own JSON, and one layer has all of it."""
        is_atomic = any(matches(path, pattern) for pattern in self.kind.atomic)
        return is_atomic and len(_holding(self.source_map, self.source_map.written(path))) < 2  # noqa: PLR2004

    def _one(self, path: FieldPath, value: Value, *, is_block: bool = False) -> Explained:
        origin = self._origin(path)
        texts = [_written(origin.kind, origin.path, layer, node) for layer, node in origin.held]
        raw = origin.held[0][1].value if origin.held else None
        in_list = any(isinstance(part, int) for part in origin.path)  # whose items are not those of a list below it
        return Explained(
            path,
            self._named(path),
            value,
            texts[0] if texts else None,
            tuple(dict.fromkeys(self._inputs(raw))),
            () if in_list else tuple(texts[1:]),
            origin.template,
            is_block,
        )

    def _origin(self, path: FieldPath) -> _Origin:
        """Say which layers hold what stands at *path*: those of the template that it came with, or our own."""
        for paste, template in self.source_map.pastes.items():
            if path[: len(paste)] == paste and path != paste:
                kind = template.source_map.kind
                for place in template.origin(path[len(paste) :]):
                    if held := _holding(template.source_map, place):
                        return _Origin(kind, place, held, template.address)
                return _Origin(kind, (), [], template.address)
        place, pasted = self.source_map.written(path), self.source_map.pastes.get(path)
        return _Origin(self.kind, place, _holding(self.source_map, place), pasted.address if pasted else None)

    def _named(self, path: FieldPath) -> FieldPath:
        """Return *path* with the names of keyed items in place of their indexes."""
        named: FieldPath = ()
        for depth, part in enumerate(path):
            name_of = self.kind.keyed.get(pattern_of(path[:depth])) if isinstance(part, int) else None
            item = value_at(self.resource.spec, path[: depth + 1])
            named = (*named, name_of(item) if name_of is not None and isinstance(item, Mapping) else part)
        return named

    def _inputs(self, written: Value) -> Iterator[Input]:
        for _, text in leaves(written):
            for part in parse_text(text) if isinstance(text, str) else ():
                if not isinstance(part, str):
                    yield from self._input(part)

    def _input(self, part: Expression) -> Iterator[Input]:
        match part:
            case Call("var", name):
                variable = self.stack.variables.get(name)
                yield Input(Form.VARIABLE, name, variable.source if variable else None, variable)
            case Call("file", path):
                yield Input(Form.FILE, path, SourceLine(path, 1))
                if path.endswith(TEMPLATE_FILES):
                    yield from self._inputs(self.read_text(path))
            case Call(form, name):
                yield Input(Form(form), name, SourceLine(name, 1) if form == Form.CSV else None)
            case Reference(address, field):
                yield self._reference(address, field)

    def _reference(self, address: Address, field: tuple[str, ...]) -> Input:
        other = self.stack.resources[address]
        if field not in {(), ("id",)}:
            at = tuple(int(step) if step.isdecimal() else step for step in field)
            source = other.locate(at) if other.locate is not None else other.source
            return Input(Form.COPY, ".".join([str(address), *field]), source)
        form = Form.TEMPLATE if KINDS[address.kind].expansion is not None else Form.REFERENCE
        return Input(form, str(address), other.source)


def _holding(source_map: SourceMap, path: FieldPath) -> list[tuple[Layer, Node]]:
    """Return the layers that have something at *path*, down to the first that leaves nothing of those below it."""
    found = []
    for layer in source_map.layers:
        node, depth = layer.node.find(path)
        if depth == len(path):
            found.append((layer, node))
        elif depth and not isinstance(node.value, dict):
            break
    return found


def _written(kind: Kind, path: FieldPath, layer: Layer, node: Node) -> Written:
    is_members = kind.members is not None and path == (kind.members.name,)
    value = len(node.value) if is_members and isinstance(node.value, list) else _masked(kind, path, node.value)
    return Written(layer.role, layer.name, node.source, value)


def _masked(kind: Kind, path: FieldPath, value: Any) -> Value:
    """Return what a layer says, without a secret that somebody wrote into it: below others it was never checked."""
    if isinstance(value, dict):
        return {name: _masked(kind, (*path, name), item) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(kind, (*path, index), item) for index, item in enumerate(value)]
    is_named = value is None or (isinstance(value, str) and is_one(value))
    return value if is_named or not kind.is_secret(pattern_of(path)) else SENSITIVE


def is_one(text: str) -> bool:
    """Say whether *text* is one ``${…}`` and nothing else."""
    return _ONE.fullmatch(text) is not None
