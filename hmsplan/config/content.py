"""What all environments declare of a resource, as one digest, which an apply in one of them proves to another. Pure.

Variables and secrets count by their name, objects by their address; files and templates with all that is in them. What
one environment says for itself does not count: its variables and overrides, and the resources in its folder. Nor do
members: they are people, and who is called has a guard of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hmsplan.config.confined import ENVIRONMENTS
from hmsplan.config.explain import LIFECYCLE
from hmsplan.config.interpolation import TEMPLATE_FILES, BadInterpolation, Call, Expression, Reference, parse_text
from hmsplan.config.layers import Role, merged
from hmsplan.config.resolve import field_of
from hmsplan.kinds import KINDS
from hmsplan.text import canonical_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmsplan.config.layers import Declared
    from hmsplan.model import Address

_PARTS: Final = "$parts"


@dataclass(slots=True)
class Contents:
    """The content of each declared resource; see ``model.ContentOf``.

    Attributes:
        declared: every resource, those that the environment excludes too.
        read_text: returns a file, or raises ``FileProblem``.
    """

    declared: Mapping[Address, Declared]
    read_text: Callable[[str], str]
    _digests: dict[Address, str | None] = field(default_factory=dict)

    def __call__(self, address: Address) -> str | None:
        """Return the digest of the content at *address*."""
        if address not in self._digests:
            content = self._content(address, ())
            self._digests[address] = None if content is None else canonical_json.digest([address.kind, content])
        return self._digests[address]

    def _content(self, address: Address, trail: tuple[str, ...]) -> Any:
        """Return the fields without what one environment says; None for what only this one has."""
        resource = self.declared.get(address)
        if resource is None or is_own(resource):
            return None
        members, spec = resource.kind.members, _shared(resource)
        return {
            name: self._value(value, trail) for name, value in spec.items() if members is None or name != members.name
        }

    def _value(self, value: Any, trail: tuple[str, ...]) -> Any:
        if isinstance(value, Mapping):
            return {name: self._value(item, trail) for name, item in value.items()}
        if isinstance(value, list):
            return [self._value(item, trail) for item in value]
        return self._text(value, trail) if isinstance(value, str) and "${" in value else value

    def _text(self, text: str, trail: tuple[str, ...]) -> Any:
        """Return a text with its files in it, such that it is the same whether they stand in it or in a file."""
        pieces: list[Any] = []
        try:
            parts = parse_text(text)
        except BadInterpolation:  # of what this environment overrides, nothing was ever checked
            return text
        for part in parts:
            found = part if isinstance(part, str) else self._part(part, trail)
            for piece in found[_PARTS] if isinstance(found, Mapping) and _PARTS in found else [found]:
                if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
                    pieces[-1] += piece
                else:
                    pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else {_PARTS: pieces}

    def _part(self, part: Expression, trail: tuple[str, ...]) -> Any:
        name = str(part)
        try:
            found = None if name in trail else self._inside(part, (*trail, name))
        except BadInterpolation:  # likewise
            found = None
        return {_PARTS: [[name]]} if found is None else found

    def _inside(self, part: Expression, trail: tuple[str, ...]) -> Any:
        """Return what stands in the place of *part*; None where its name does."""
        match part:
            case Call("file", path):
                text = self.read_text(path)
                return self._text(text, trail) if "${" in text and path.endswith(TEMPLATE_FILES) else text
            case Reference(address, () | ("id",)) if KINDS[address.kind].expansion is not None:
                content = self._content(address, trail)
                return content and {name: value for name, value in content.items() if name != LIFECYCLE}
            case Reference(address, (_, *_)) if part.field != ("id",):
                origin = self.declared.get(address)
                if origin is not None and not is_own(origin):
                    return self._value(field_of(_shared(origin), part), trail)
        return None


def is_own(resource: Declared) -> bool:
    """Say whether only the chosen environment has *resource*."""
    return resource.source.file.startswith(f"{ENVIRONMENTS}/")


def _shared(resource: Declared) -> Any:
    layers = resource.source_map.layers
    if layers[0].role is not Role.OVERRIDE:
        return resource.spec
    return merged(tuple(reversed(layers[1:])))
