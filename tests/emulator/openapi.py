"""The description of the API that the emulator ships, as the tests need it."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "hmsplan" / "openapi" / "openapi.json"
SOURCE = ROOT.parent / "shared" / "api" / "openapi.yaml"
"""The document that ours is made from, where it is at hand."""


@cache
def document() -> dict[str, Any]:
    """Return the parsed document, with what it leaves out of its answers."""
    found: dict[str, Any] = orjson.loads(PATH.read_bytes())
    for item in found["paths"].values():
        for method, operation in item.items():
            if method != "parameters" and _may_be_invalid(operation):
                # 400 is documented for the API as a whole; here for each operation that takes anything.
                operation["responses"].setdefault("400", {"$ref": "#/components/responses/BadRequest"})
    return found


def overlay() -> dict[str, Any]:
    """Return the document as a generator of requests needs it."""
    found = copy.deepcopy(document())
    # "Out-of-range values are clamped by the platform rather than refused", so they are no invalid requests.
    for shape in found["components"]["schemas"]["XAITurnDetection"]["properties"].values():
        shape.pop("minimum", None)
        shape.pop("maximum", None)
    # The SDK's types have an open list of events.
    for name in ("Assistant", "AssistantCreate", "AssistantUpdate", "TransientAssistant"):
        found["components"]["schemas"][name]["properties"]["webhook_events"]["items"].pop("enum")
    return found


def _may_be_invalid(operation: dict[str, Any]) -> bool:
    return "requestBody" in operation or bool(operation.get("parameters"))


def operations() -> list[tuple[str, str]]:
    """Return every operation as method and path template."""
    methods = ("get", "post", "patch", "delete", "put")
    return [
        (method.upper(), path) for path, item in document()["paths"].items() for method in methods if method in item
    ]


def template_of(method: str, path: str) -> str | None:
    """Return the path template of a request, fixed parts before placeholders."""
    parts = path.partition("?")[0].strip("/").split("/")
    found = [known for known_method, known in operations() if known_method == method and _fits(known, parts)]
    return min(found, key=lambda template: template.count("{"), default=None)


def _fits(template: str, parts: list[str]) -> bool:
    names = template.strip("/").split("/")
    return len(names) == len(parts) and all(
        name.startswith("{") or name == part for name, part in zip(names, parts, strict=True)
    )


def problems(method: str, template: str, status: int, body: Any) -> list[str]:
    """Return how an answer differs from its description."""
    responses = document()["paths"][template][method.lower()]["responses"]
    response = responses.get(str(status), responses.get(f"{status // 100}XX"))
    if response is None:
        return [f"status {status} is not documented"]
    if "$ref" in response:
        response = document()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = response.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return [] if body is None else ["there should be no body"]
    return [str(error) for error in _validator(method, template, str(status), schema).iter_errors(body)]


_VALIDATORS: dict[tuple[str, str, str], Any] = {}


def _validator(method: str, template: str, status: str, schema: dict[str, Any]) -> Any:
    key = (method, template, status)
    if key not in _VALIDATORS:
        whole = {**schema, "components": document()["components"]}
        _VALIDATORS[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return _VALIDATORS[key]
