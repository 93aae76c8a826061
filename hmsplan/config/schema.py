"""The published JSON Schemas, as validators. Nothing is ever fetched: a ``$ref`` finds only what ships with hmsplan."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

import jsonschema_rs
import orjson

from hmsplan.config.schema_formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_BASE: Final = "file:///schemas/"  # of nothing on a disk: a scheme by which a relative $ref is resolved
STACK: Final = "hmsplan.schema.json"
ENVIRONMENT: Final = "environment.schema.json"
APPROVALS: Final = "approvals.schema.json"
RESOURCES: Final = "resources.schema.json"
EXTENDS: Final = "kinds/common.schema.json#/$defs/extends"
TOOL: Final = "kinds/common.schema.json#/$defs/tool"


def folder() -> Path:
    """Return where the schemas are: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "schemas"
    return installed if installed.is_dir() else package.parent / "schemas"


def of_kind(kind: str) -> str:
    """Return the name of the schema of a resource."""
    return f"kinds/{kind}.schema.json"


@cache
def documents() -> Mapping[str, Mapping[str, Any]]:
    """Return every schema by its name, which is its path below ``folder``."""
    root = folder()
    files = sorted(root.rglob("*.schema.json"))
    return MappingProxyType({path.relative_to(root).as_posix(): orjson.loads(path.read_bytes()) for path in files})


@cache
def _registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([(_BASE + name, dict(schema)) for name, schema in documents().items()])


def keys(name: str) -> Collection[str]:
    """Return the keys that the file with the schema *name* may have at its top."""
    found: Collection[str] = documents()[name]["properties"]
    return found


@cache
def fields(kind: str) -> Mapping[str, Any]:
    """Return the fields of a kind with their schemas, ``lifecycle`` and members included."""
    schema = documents()[of_kind(kind)]
    return MappingProxyType(schema["$defs"]["partial"]["properties"])


@cache
def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    """Return the fast validator, which only knows yes and no; *name* is a file, with a ``#/pointer`` if wanted."""
    formats: dict[str, Callable[..., bool]] = {name: partial(_fits, why_not) for name, why_not in FORMATS.items()}
    return jsonschema_rs.Draft202012Validator(
        {"$ref": _BASE + name}, registry=_registry(), formats=formats, validate_formats=True
    )


def _fits(why_not: Callable[[str], str], text: str) -> bool:
    return not why_not(text)


@cache
def explainer(name: str) -> Draft202012Validator:
    """Return the slow validator, which knows why."""
    from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415 -- a valid stack needs no slow import
    from jsonschema.validators import extend  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415
    from referencing.jsonschema import DRAFT202012  # noqa: PLC0415

    resources = [  # $schema would undo ``extend``
        (_BASE + name, DRAFT202012.create_resource({key: part for key, part in schema.items() if key != "$schema"}))
        for name, schema in documents().items()
    ]
    registry: Registry[Any] = Registry().with_resources(resources)
    checker = FormatChecker(formats=())
    for format_, why_not in FORMATS.items():
        checker.checks(format_)(lambda value, why_not=why_not: not isinstance(value, str) or not why_not(value))
    explaining = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]
    return explaining({"$ref": _BASE + name}, registry=registry, format_checker=checker)  # type: ignore[no-any-return]


def _pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    """Let ``$`` mean the end of the text, as in ECMA 262; Python's also stands before a last line end."""
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415 -- as in ``explainer``

    if isinstance(value, str) and not re.search(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


@cache
def metaschema() -> jsonschema_rs.Draft202012Validator:
    """Return a validator of JSON Schemas themselves; it runs no regular expression that stands in one."""
    return jsonschema_rs.Draft202012Validator({"$ref": "https://json-schema.org/draft/2020-12/schema"})


@dataclass(frozen=True, slots=True)
class Place:
    """One schema inside a document.

    Attributes:
        file: name of the document.
        pointer: JSON pointer of the schema there.
    """

    file: str
    pointer: str
    schema: Mapping[str, Any]

    def inside(self, *steps: str | int) -> Place:
        """Return the schema at *steps* below this one."""
        found: Any = self.schema
        pointer = self.pointer
        for step in steps:
            found = found[step]
            pointer += f"/{str(step).replace('~', '~0').replace('/', '~1')}"
        return Place(self.file, pointer, found)

    def below(self, *steps: str) -> Place | None:
        """Return the schema at *steps* below this one, if there is one."""
        found: Any = self.schema
        for step in steps:
            found = found.get(step) if isinstance(found, dict) else None
        return self.inside(*steps) if isinstance(found, dict) else None

    def referred(self) -> Place:
        """Return the schema that ``$ref`` leads to."""
        file, _, pointer = urljoin(self.file, self.schema["$ref"]).partition("#")
        found = at(file)
        return found.inside(*pointer.split("/")[1:]) if pointer else found

    def allows(self, value: Any) -> bool:
        """Say whether *value* fits."""
        return validator(f"{self.file}#{self.pointer}").is_valid(value)


def at(name: str) -> Place:
    """Return the schema of a whole file."""
    return Place(name, "", documents()[name])


def names_below(kind: str, path: Sequence[str | int]) -> frozenset[str]:
    """Return the names that a block at *path* of a resource may have, whatever else the resource says.

    Empty for what has names of the author's own, or is not there.
    """
    places = [at(of_kind(kind))]
    for part in path:
        steps = ("items",) if isinstance(part, int) else ("properties", part)
        places = [found for place in places for each in _parts(place) if (found := each.below(*steps)) is not None]
    return frozenset(name for place in places for each in _parts(place) for name in each.schema.get("properties", ()))


def _parts(place: Place) -> Iterator[Place]:
    """Yield a schema and all that it is made of, conditions apart."""
    yield place
    if "$ref" in place.schema:
        yield from _parts(place.referred())
    for index in range(len(place.schema.get("allOf", ()))):
        yield from _parts(place.inside("allOf", index))
    for branch in ("then", "else"):
        if (inner := place.below(branch)) is not None:
            yield from _parts(inner)
