"""One published schema with everything that it refers to inside, so that an editor has nothing to fetch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from hmsplan.config import schema

if TYPE_CHECKING:
    from collections.abc import Collection

    from hmsplan.model import Address

_ADDRESS: Final = "kinds/common.schema.json#/$defs/address"


def bundled(name: str, addresses: Collection[Address] = ()) -> dict[str, Any]:
    """Return the schema called *name* with every other file's parts that it needs in ``$defs``.

    Args:
        name: path below ``schema.folder()``.
        addresses: of a stack, to be offered where an address or a reference may stand; others stay valid.
    """
    return _Bundle(name, addresses).whole()


class _Bundle:
    """Collects what is referred to.

    Attributes:
        defs: each part by the name it has here.
    """

    def __init__(self, name: str, addresses: Collection[Address]) -> None:
        self.name = name
        self.addresses = sorted(addresses)
        self.defs: dict[str, Any] = {}

    def whole(self) -> dict[str, Any]:
        body = {key: part for key, part in schema.documents()[self.name].items() if key != "$defs"}
        found: dict[str, Any] = self._moved(body, self.name)
        return {**found, "$defs": dict(sorted(self.defs.items()))} if self.defs else found

    def _moved(self, node: Any, file: str) -> Any:
        """Copy what stands in *file*, with references that lead into this bundle."""
        if isinstance(node, list):
            return [self._moved(each, file) for each in node]
        if not isinstance(node, dict):
            return node
        copy = {key: self._moved(part, file) for key, part in node.items() if key != "$ref"}
        target = urljoin(file, node["$ref"]) if isinstance(node.get("$ref"), str) else ""
        if target:
            copy["$ref"] = self._referred(target)
        return self._offering(copy, target)

    def _referred(self, target: str) -> str:
        """Take what *target* leads to into the bundle; return the reference to it."""
        file, _, pointer = target.partition("#")
        if file == self.name and not pointer:
            return "#"
        parts = pointer.removeprefix("/$defs/")
        name = ".".join(filter(None, (file.rpartition("/")[2].removesuffix(".schema.json"), parts)))
        if name not in self.defs:
            self.defs[name] = {}  # a part may refer to itself
            found: Any = schema.documents()[file]
            for step in filter(None, pointer.split("/")):
                found = found[step]
            left_out = {"$schema", "$comment", "$defs"} if not pointer else set()
            self.defs[name] = self._moved({key: part for key, part in found.items() if key not in left_out}, file)
        return f"#/$defs/{name}"

    def _offering(self, node: dict[str, Any], target: str) -> dict[str, Any]:
        """Let an editor offer the addresses of the stack where *node* takes some."""
        kind = node.get("x-hms-ref") or node.get("x-hms-expands")
        offers = [f"${{{each}}}" for each in self.addresses if each.kind == kind]
        if target == _ADDRESS:
            offers = [str(each) for each in self.addresses]
        if offers:
            node["examples"] = offers
        patterns = node.get("patternProperties", {})
        by_address = {
            str(each): part
            for each in self.addresses
            for pattern, part in patterns.items()
            if re.match(pattern, str(each))
        }
        return {**node, "properties": by_address} if by_address else node
