"""All files together: which addresses are declared, where, and by which layers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hmsplan.config import blocks
from hmsplan.config.layers import Layer, SourceMap, merge
from hmsplan.config.problems import Problems
from hmsplan.config.resolve import Declared
from hmsplan.config.slips import missing_space
from hmsplan.errors import ConfigError
from hmsplan.kinds import KINDS
from hmsplan.model import KEY_PATTERN, Address, Diagnostic, SourceLine
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmsplan.config.document import Document, Node
    from hmsplan.model import FieldPath

MAX_RESOURCES: Final = 100_000
_KEY: Final = re.compile(KEY_PATTERN)
_Texts: TypeAlias = "dict[FieldPath, list[FieldPath]]"
_OF_STACK_FILE: Final = frozenset({"version", "stack", "include", "state", "variables", "defaults", "safety"})
_OF_ENVIRONMENT: Final = frozenset({"overrides", "exclude"})
_OWN: Final = ("x-", ".", "_")
"""What keys for shared blocks begin with in Compose, in GitLab and elsewhere."""
_SAVED: Final = frozenset({"hmsplan", "objects", "resource_changes"})
"""With format_version, what tells a file that hmsplan saved."""
_OURS: Final = frozenset({*KINDS, *blocks.NAMES, *_OF_STACK_FILE, *_OF_ENVIRONMENT})


@dataclass(slots=True)
class Collected:
    """What the files declare, before anything is resolved.

    Attributes:
        written: every address to the node it is written in; its first one when there are two.
        entries: (name of the block, node) of every ``moved``, ``imports`` and ``removed``.
        doubted: kinds of which some addresses may be unreadable; a file that cannot be parsed doubts them all.
    """

    written: dict[Address, Layer] = field(default_factory=dict)
    sources: dict[Address, SourceLine] = field(default_factory=dict)
    entries: list[tuple[str, Node]] = field(default_factory=list)
    doubted: set[str] = field(default_factory=set)
    problems: Problems = field(default_factory=Problems)

    def add(self, document: Document) -> None:
        """Take in one resource file."""
        if document.value is None:
            return
        if not isinstance(document.value, dict):
            detail = (
                f"The file holds {wording.type_of(document.value)}; a resource file holds kinds such as assistants."
            )
            self.problems.append(Diagnostic("Not a resource file", detail, document.line_of(0)))
            return
        if self._is_foreign(document):
            return
        texts = _texts_by_owner(document)
        for key, at, node in document.root().entries():
            if key in KINDS:
                self._add_kind(key, node, texts)
            elif key in blocks.NAMES:
                self.entries.append((key, node))
            else:
                self._add_unknown(key, document.line_of(at))

    def doubtful(self, address: Address) -> bool:
        """Say whether *address* may be declared in something that could not be read."""
        return address.kind in self.doubted

    def _is_foreign(self, document: Document) -> bool:
        keys = document.value
        if "format_version" in keys and _SAVED & keys.keys():
            detail = (
                "It is a plan or a snapshot that hmsplan saved, not a resource file. Move it out of the stack, or give "
                "it a name that does not end in .yaml or .yml."
            )
            self.problems.append(Diagnostic("Not a resource file", detail, document.line_of(0)))
            return True
        if not keys or any(key in _OURS or wording.nearest(key, KINDS) for key in keys):
            return False
        detail = (
            f"It has the keys {wording.listed(keys)}, and none of them is a kind. If this file is not hmsplan's, list "
            "yours under include in hmsplan.yaml."
        )
        self.problems.append(Diagnostic("Not a resource file", detail, document.line_of(0)))
        return True

    def _add_kind(self, kind: str, node: Node, texts: _Texts | None) -> None:
        if node.value is None:
            return
        if not isinstance(node.value, dict):
            self.doubted.add(kind)
            detail = (
                f"{kind} holds {wording.type_of(node.value)}; it has to hold a block for each resource, under its key."
            )
            self.problems.append(Diagnostic("Wrong type", detail, node.source, path=(kind,)))
            return
        for key, at, child in node.entries():
            source = child.document.line_of(at)
            if _KEY.fullmatch(key) is None:
                detail = (
                    f"{wording.shown(key)} cannot be a key. Begin with a letter; go on with letters, digits, _ or -."
                )
                self.problems.append(Diagnostic("Bad name", detail, source, path=(kind, key)))
                continue
            self._add_resource(Address(kind, key), Layer(child, _texts_of(texts, kind, key)), source)

    def _add_resource(self, address: Address, written: Layer, source: SourceLine) -> None:
        if address in self.written:
            detail = f"{address} is declared at {self.sources[address]} already. Give one of the two another key."
            self.problems.append(Diagnostic("Duplicate address", detail, source, address))
            return
        if len(self.written) >= MAX_RESOURCES:
            detail = f"A stack may declare {MAX_RESOURCES:,} resources. Divide it: one folder, one stack."
            raise ConfigError([Diagnostic("Stack too large", detail, source, address)])
        self.written[address] = written
        self.sources[address] = source

    def _add_unknown(self, key: str, source: SourceLine) -> None:
        guess = wording.nearest(key, [*KINDS, *blocks.NAMES])
        if guess is not None and guess in KINDS:
            self.doubted.add(guess)
        home = "hmsplan.yaml" if key in _OF_STACK_FILE else "environments/NAME.yaml" if key in _OF_ENVIRONMENT else None
        if home:
            hint = f"{key} belongs in {home}, not in a resource file."
            self.problems.append(Diagnostic("Key in the wrong file", hint, source, path=(key,)))
            return
        if key.startswith(_OWN):
            hint = (
                f"There is no kind {key}, and keys of your own are not allowed. Put shared fields under defaults in "
                "hmsplan.yaml, or give them an anchor (&name) in the first resource of this file that has them; the "
                "others take them with <<: *name."
            )
        elif guess:
            hint = f"There is no kind {key}. Did you mean {guess}?"
        else:
            hint = f"There is no kind {key}. A resource file holds {wording.listed([*KINDS, *blocks.NAMES])}."
        self.problems.append(Diagnostic("Unknown kind", hint, source, path=(key,)))


def layer(
    collected: Collected, defaults: Mapping[str, Layer], overrides: Mapping[Address, Layer]
) -> tuple[dict[Address, Declared], list[Diagnostic]]:
    """Merge the layers of every address; a resource that is no block is an error and left out."""
    declared: dict[Address, Declared] = {}
    problems = []
    for address, written in collected.written.items():
        spec: Any = {} if written.node.value is None else written.node.value
        if not isinstance(spec, dict):
            hint = missing_space(spec) if isinstance(spec, str) else None
            detail = f"It is {wording.type_of(spec)}; a resource is a block of fields.{f' {hint}' if hint else ''}"
            problems.append(Diagnostic("Wrong type", detail, written.node.source, address))
            collected.doubted.add(address.kind)
            continue
        kind, own = KINDS[address.kind], collected.sources[address]
        below, above = defaults.get(address.kind), overrides.get(address)
        texts = written.texts
        if below is not None:
            spec, texts = merge(below.node.value, spec), _together(texts, below.texts)
        if above is not None:
            spec, texts = merge(spec, above.node.value), _together(texts, above.texts)
        nodes = tuple(each.node for each in (above, written, below) if each is not None)
        declared[address] = Declared(address, kind, spec, own, SourceMap(kind, own, nodes), texts)
    return declared, problems


def blocks_of(document: Document | None, key: str) -> dict[str, Layer]:
    """Return the entries of a block of blocks, which stands at the top of a file; what is no block is left out."""
    node = document.root().child(key) if document is not None and isinstance(document.value, dict) else None
    if document is None or node is None or not isinstance(node.value, dict):
        return {}
    texts = _texts_by_owner(document)
    return {
        name: Layer(child, _texts_of(texts, key, name))
        for name, _, child in node.entries()
        if isinstance(child.value, dict)
    }


def _texts_by_owner(document: Document) -> _Texts | None:
    """Return the paths of texts with ``${`` by the first two keys above them; None = not known."""
    if document.interpolated is None:
        return None
    owners: _Texts = {}
    for path in document.interpolated:
        owners.setdefault(path[:2], []).append(path[2:])
    return owners


def _texts_of(texts: _Texts | None, *owner: str) -> Sequence[FieldPath] | None:
    return None if texts is None else texts.get(owner, ())


def _together(some: Sequence[FieldPath] | None, more: Sequence[FieldPath] | None) -> Sequence[FieldPath] | None:
    return None if some is None or more is None else (*some, *more)
