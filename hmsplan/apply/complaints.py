"""What the API says about the fields of a request that it refused, led back to the lines that declare them.

``details: ["definition.nodes[1].instructions: is required"]`` is the form of the documentation. Pointers
(``/definition/nodes/1``), a field in quotes and objects with a field of their own are understood as well; what names no
field that was declared is led to the line of the resource.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from hmsplan.model import Complaint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.errors import ApiError
    from hmsplan.kinds import Kind
    from hmsplan.model import FieldPath, Resource, Step

_REFUSED: Final = frozenset({400, 422})
_FIELD: Final = re.compile(
    r"""["'`]?([A-Za-z_$/](?:\["[^"\]]*"\]|\['[^'\]]*'\]|[^\s:"'`])*)["'`]?(?::|\s|$)""",
)
_PART: Final = re.compile(r"""\[(\d+)\]|\[["']([^"'\]]+)["']\]|([^.\[\]/]+)""")
_ROOTS: Final = frozenset({"body", "$", "data", "request"})
_FIELD_KEYS: Final = ("path", "field", "param", "loc", "instancePath", "name")
"""Keys under which an object among the details may name its field."""


def complaints(error: ApiError, step: Step, kind: Kind, resource: Resource | None) -> tuple[Complaint, ...]:
    """Return each detail of a refusal with its field, and where that is declared; none for another error."""
    if error.status not in _REFUSED:
        return ()
    return tuple(_complaint(text, step, kind, resource) for text in error.details)


def placed(error: ApiError, found: tuple[Complaint, ...]) -> str:
    """Return the text of *error* with the line behind each detail."""
    listed = "".join(f"\n  - {line}" for line in error.details)
    lines = "".join(f"\n  - {each.text}{f' ({each.source})' if each.source else ''}" for each in found)
    return f"{str(error).removesuffix(listed)}{lines}" if found else str(error)


def _complaint(text: str, step: Step, kind: Kind, resource: Resource | None) -> Complaint:
    if resource is None:
        return Complaint(text)
    path = _declared(path_of(text), step, kind, resource)
    source = resource.locate(path, 1) if path and resource.locate is not None else resource.source
    return Complaint(text, path, source)


def _declared(path: FieldPath, step: Step, kind: Kind, resource: Resource) -> FieldPath:
    """Return where in *resource* the field at *path* of the body stands; empty for what is not known there."""
    members = kind.members
    if members is not None and step.member:
        index = next((index for index, spec in enumerate(resource.members or ()) if spec == step.spec), None)
        return (members.name, index, *path) if index is not None else ()
    if not path:
        return ()
    name = kind.aliases.get(str(path[0]), str(path[0]))
    is_known = name in resource.spec or (members is not None and name == members.name)
    return (name, *path[1:]) if is_known else ()


def path_of(text: str) -> FieldPath:
    """Return the path of the field that a detail begins with, as far as it has that form; foreign text."""
    if text.startswith("{"):
        return _path_in(_object(text))
    found = _FIELD.match(text.strip())
    return _parts(found[1]) if found is not None else ()


def _path_in(detail: Mapping[str, Any]) -> FieldPath:
    for key in _FIELD_KEYS:
        match detail.get(key):
            case str(path) if path:
                return _parts(path)
            case list(path) if path and all(isinstance(part, str | int) for part in path):
                return _without_root(tuple(path))
    return ()


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _parts(dotted: str) -> FieldPath:
    """Split ``a.b[1]["c"]``, ``a.b.1.c`` and ``/a/b/1/c``."""
    parts: list[str | int] = []
    for index, quoted, name in _PART.findall(dotted):
        parts.append(int(index or name) if (index or name).isdecimal() else quoted or name)
    return _without_root(tuple(parts))


def _without_root(path: FieldPath) -> FieldPath:
    return path[1:] if len(path) > 1 and path[0] in _ROOTS else path
