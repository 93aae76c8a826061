"""All files together: which addresses are declared, where, and by which layers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hmsplan.config import blocks, schema
from hmsplan.config.confined import ENVIRONMENTS
from hmsplan.errors import ConfigError
from hmsplan.kinds import KINDS
from hmsplan.model import KEY_PATTERN, Address, Diagnostic, SourceLine
from hmsplan.text import wording

if TYPE_CHECKING:
    from hmsplan.config.document import Document, Node
    from hmsplan.config.problems import Problems

MAX_RESOURCES: Final = 100_000
_KEY: Final = re.compile(KEY_PATTERN)
_HOMES: Final = {
    "hmsplan.yaml": schema.STACK,
    "environments/NAME.yaml": schema.ENVIRONMENT,
    "approvals.yaml": schema.APPROVALS,
}
"""Schemas of the other files of a stack; a key of several belongs in the first."""
_OWN: Final = ("x-", ".", "_")
"""What keys for shared blocks begin with in Compose, in GitLab and elsewhere."""
_SAVED: Final = frozenset({"hmsplan", "objects", "resource_changes"})
"""With format_version, what tells a file that hmsplan saved."""
_OURS: Final = frozenset({*KINDS, *blocks.NAMES})


@dataclass(slots=True)
class Collected:
    """What the files declare, before anything is resolved.

    Attributes:
        written: every address to the node it is written in; its first one when there are two.
        entries: (name of the block, node) of every ``moved``, ``imports`` and ``removed``.
        doubted: kinds of which some addresses may be unreadable; a file that cannot be parsed doubts them all.
    """

    problems: Problems
    written: dict[Address, Node] = field(default_factory=dict)
    entries: list[tuple[str, Node]] = field(default_factory=list)
    doubted: set[str] = field(default_factory=set)

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
        for key, at, node in document.root().entries():
            if key in KINDS:
                self._add_kind(key, node)
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
        if not keys or any(key in _OURS or _home(key) or wording.nearest(key, KINDS) for key in keys):
            return False
        detail = (
            f"It has the keys {wording.listed(keys)}, and none of them is a kind. If this file is not hmsplan's, list "
            "yours under include in hmsplan.yaml."
        )
        self.problems.append(Diagnostic("Not a resource file", detail, document.line_of(0)))
        return True

    def _add_kind(self, kind: str, node: Node) -> None:
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
            written = child if child.value is not None else child._replace(anchor=at)
            self._add_resource(Address(kind, key), written, source)

    def _add_resource(self, address: Address, written: Node, source: SourceLine) -> None:
        if address in self.written:
            other = self.written[address].source
            detail = (
                f"{address} is declared at {other} already. Give one of the two another key.{_instead(source, other)}"
            )
            self.problems.append(Diagnostic("Duplicate address", detail, source, address))
            return
        if len(self.written) >= MAX_RESOURCES:
            detail = f"A stack may declare {MAX_RESOURCES:,} resources. Divide it: one folder, one stack."
            raise ConfigError([Diagnostic("Stack too large", detail, source, address)])
        self.written[address] = written

    def _add_unknown(self, key: str, source: SourceLine) -> None:
        guess = wording.nearest(key, [*KINDS, *blocks.NAMES])
        if guess is not None and guess in KINDS:
            self.doubted.add(guess)
        if home := _home(key):
            hint = f"{key} belongs in {home}, not in a resource file."
            self.problems.append(Diagnostic("Key in the wrong file", hint, source, path=(key,)))
            return
        if key.startswith(_OWN):
            hint = (
                f"{key} is not a kind, and keys of your own are not allowed. Put shared fields under defaults in "
                "hmsplan.yaml, or give them an anchor (&name) in the first resource of this file that has them; the "
                "others take them with <<: *name."
            )
        elif guess:
            hint = f"{key} is not a kind. Did you mean {guess}?"
        else:
            hint = f"{key} is not a kind. A resource file holds {wording.listed([*KINDS, *blocks.NAMES])}."
        self.problems.append(Diagnostic("Unknown kind", hint, source, path=(key,)))


def _instead(source: SourceLine, other: SourceLine) -> str:
    """Say what one environment does instead of declaring a resource of all once more."""
    below = f"{ENVIRONMENTS}/"
    if not source.file.startswith(below) or other.file.startswith(below):
        return ""
    file = below + source.file.split("/")[1] + ".yaml"
    return f" To change single fields in this environment, write them under overrides in {file}."


def _home(key: str) -> str | None:
    """Return the file of a stack that has *key* at its top; None when that is a resource file, or none."""
    return next((file for file, name in _HOMES.items() if key in schema.keys(name)), None)
