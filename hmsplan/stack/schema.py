"""The published JSON Schemas, as validators. Nothing is ever fetched: a ``$ref`` finds only what ships with hmsplan."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsonschema import Draft202012Validator

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
def fields(kind: str) -> Mapping[str, Any]:
    """Return the fields of a kind with their schemas, ``lifecycle`` and members included."""
    schema = documents()[_BASE + of_kind(kind)]
    return MappingProxyType(schema["$defs"]["partial"]["properties"])


@cache
def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    """Return the fast validator, which only knows yes and no; *name* is a file, with a ``#/pointer`` if wanted."""
    registry = jsonschema_rs.Registry([(uri, dict(schema)) for uri, schema in documents().items()])
    return jsonschema_rs.Draft202012Validator({"$ref": _BASE + name}, registry=registry)


@cache
def explainer(name: str) -> Draft202012Validator:
    """Return the slow validator, which knows why."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 -- a valid stack never needs its slow import
    from referencing import Registry, Resource  # noqa: PLC0415

    resources = [(uri, Resource.from_contents(dict(schema))) for uri, schema in documents().items()]
    registry: Registry[Any] = Registry().with_resources(resources)
    return Draft202012Validator({"$ref": _BASE + name}, registry=registry)


@cache
def metaschema() -> jsonschema_rs.Draft202012Validator:
    """Return a validator of JSON Schemas themselves; it runs no regular expression that stands in one."""
    return jsonschema_rs.Draft202012Validator({"$ref": "https://json-schema.org/draft/2020-12/schema"})
