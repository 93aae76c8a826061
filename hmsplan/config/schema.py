"""The published JSON Schemas, as validators. Nothing is ever fetched: a ``$ref`` finds only what ships with hmsplan."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote

import jsonschema_rs
import orjson

from hmsplan.config.schema_formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from hmsplan.model import FieldPath

_BASE: Final = "https://hmsplan.dev/schemas/v1/"
STACK: Final = "hmsplan.schema.json"
ENVIRONMENT: Final = "environment.schema.json"
RESOURCES: Final = "resources.schema.json"
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
    """Return every schema by its ``$id``."""
    found = [orjson.loads(path.read_bytes()) for path in sorted(folder().rglob("*.schema.json"))]
    return MappingProxyType({schema["$id"]: schema for schema in found if schema["$id"].startswith(_BASE)})


@cache
def _registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([(uri, dict(schema)) for uri, schema in documents().items()])


def keys(name: str) -> Collection[str]:
    """Return the keys that the file with the schema *name* may have at its top."""
    found: Collection[str] = documents()[_BASE + name]["properties"]
    return found


@cache
def fields(kind: str) -> Mapping[str, Any]:
    """Return the fields of a kind with their schemas, ``lifecycle`` and members included."""
    schema = documents()[_BASE + of_kind(kind)]
    return MappingProxyType(schema["$defs"]["partial"]["properties"])


@cache
def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    """Return a validator; *name* is a file, with a ``#/pointer`` if wanted."""
    formats: dict[str, Callable[..., bool]] = {name: partial(_fits, why_not) for name, why_not in FORMATS.items()}
    return jsonschema_rs.Draft202012Validator(
        {"$ref": _BASE + name}, registry=_registry(), formats=formats, validate_formats=True
    )


class Fault(NamedTuple):
    """A rule that a value breaks.

    Attributes:
        path: of the value, or of the block whose key it is.
        rule: the keyword of JSON Schema, or ``falseSchema`` where nothing is allowed.
        limit: what stands behind the keyword.
        schema: the one that holds the keyword.
        of_key: the value is a key.
    """

    path: FieldPath
    value: Any
    rule: str
    limit: Any
    schema: Mapping[str, Any]
    of_key: bool


def _fits(why_not: Callable[[str], str], text: str) -> bool:
    return not why_not(text)


def faults(name: str, value: Any) -> Iterator[Fault]:
    """Yield each rule of the schema called *name* that *value* breaks."""
    for error in validator(name).iter_errors(value):
        of_key = getattr(error.kind, "error", None)  # of propertyNames: what is wrong with the key itself
        broken = error if of_key is None else of_key
        uri, _, pointer = str(broken.absolute_keyword_location).partition("#")
        limit, parent = documents()[uri], {}
        for part in unquote(pointer).split("/")[1:]:
            at = int(part) if isinstance(limit, list) else part.replace("~1", "/").replace("~0", "~")
            limit, parent = limit[at], limit
        yield Fault(tuple(error.instance_path), broken.instance, broken.kind.name, limit, parent, of_key is not None)


@cache
def metaschema() -> jsonschema_rs.Draft202012Validator:
    """Return a validator of JSON Schemas themselves; it runs no regular expression that stands in one."""
    return jsonschema_rs.Draft202012Validator({"$ref": "https://json-schema.org/draft/2020-12/schema"})
