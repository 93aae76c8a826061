"""Random resources that fit the published schemas: every field, every form, and the ends of every range."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from hypothesis import strategies as st

from hmsplan.config.schema import documents, of_kind
from hmsplan.kinds import KINDS
from hmsplan.model import pattern, value_at, values_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Draw = Callable[[st.SearchStrategy[Any]], Any]

OURS: Final = frozenset({"extends", "extra", "lifecycle", "leads"})
"""Fields that are not the platform's, and the members."""
TEXTS: Final = (
    "Hello, this is the assistant.",
    "Goedendag, {{name}}.",
    "x",
    "ok",
    "- one\n- two\n\n  three",
    "é \u2019 \U0001f600",
    "0031",
    " ",
    "",
)
ODD: Final = (
    *("https://hooks.example.com", "https://API.example.com:443/x?y=1&z=%20#here", "http://hooks.example.com/"),
    *("https://[2001:db8::1]/x", "https://192.0.2.7", "https://xn--caf-dma.example", "https://a_b.example/{id}|x"),
    *("https://a.example/é", "https://a.example/%zz", "https://a.example?q=[1]", "https://a.example:70000/"),
    *("https://mcp.example.com/v1", "https://localhost/x", "https://10.0.0.1/", "https://crm.internal/mcp"),
    *("a@example.com", "a b@example.com", "ä@example.com", '"a"@example.com', "a..b@example.com", "a@-b.example"),
    *("ops+voice@mail.example.com", "a@b.c", "@@a.b", "a@b..c", "a,b@example.com", "a@example.com.", "<a@b.example>"),
    *("mail.example.com", "post.example", "look_up", "hello", "09:00", "23:59:59", "Look up", "X-Team", "x" * 41),
    *("00000000-0000-4000-8000-000000000000", "3F0C0D5E-0000-4000-8000-000000000000"),
)
"""Texts of some form, wrong ones too: those that a pattern allows are drawn."""
FORMED: Final[Mapping[str, tuple[str, ...]]] = {
    "phone-number": ("+31850000001", "+31612345678", "+4930123456", "+12025550143"),
    "time-zone": ("Europe/Amsterdam", "UTC", "America/Argentina/Ushuaia", "Etc/GMT+5"),
    "date": ("2026-12-24",),
}


@st.composite
def resources(draw: Draw, kind: str) -> dict[str, Any]:
    """Draw the fields of a resource, with UUIDs for what it refers to and ``${secret:hook}`` for secrets."""
    name = of_kind(kind)
    found: dict[str, Any] = _value(draw, [_At(documents()[name], name)])
    return found


class _At:
    """A schema, and the document that its references start from."""

    def __init__(self, schema: Mapping[str, Any], file: str) -> None:
        self.schema, self.file = schema, file

    def inside(self, schema: Mapping[str, Any]) -> _At:
        return _At(schema, self.file)

    def referred(self) -> _At:
        file, _, pointer = urljoin(self.file, self.schema["$ref"]).partition("#")
        found: Any = documents()[file]
        for step in pointer.split("/")[1:]:
            found = found[step]
        return _At(found, file)


def _parts(at: _At, chosen: Mapping[str, Any]) -> Iterator[_At]:
    """Yield a schema and all that it is made of, given the values that tags have; what is written in full is meant."""
    yield at
    if "$ref" in at.schema:
        yield from _parts(at.referred(), chosen)
    for each in at.schema.get("allOf", ()):
        yield from _parts(at.inside(each), chosen)
    if "if" in at.schema:
        branch = "then" if _holds(at.schema["if"], chosen) else "else"
        if isinstance(at.schema.get(branch), dict):
            yield from _parts(at.inside(at.schema[branch]), chosen)


def _holds(test: Mapping[str, Any], chosen: Mapping[str, Any]) -> bool:
    """Say whether a test of a tag holds; one for a ``${…}`` never does."""
    if "anyOf" in test:
        return any(_holds(each, chosen) for each in test["anyOf"])
    if "properties" not in test:
        return "required" in test and all(key in chosen for key in test["required"])
    return all(
        key in chosen and chosen[key] in (part["enum"] if "enum" in part else [part.get("const")])
        for key, part in test["properties"].items()
    )


def _value(draw: Draw, places: list[_At]) -> Any:  # noqa: PLR0911 -- a table of types
    chosen: dict[str, Any] = {}
    parts = [part for place in places for part in _parts(place, chosen)]
    if any(part.schema.get("x-hms-secret") for part in parts):
        return "${secret:hook}"
    if any("x-hms-user-json" in part.schema for part in parts):
        return _user_json(draw, parts)
    types = next((part.schema["type"] for part in parts if "type" in part.schema), None)
    allowed = [types] if isinstance(types, str) else list(types or ())
    choices = next((part.schema["enum"] for part in parts if "enum" in part.schema), None)
    if constant := [part.schema["const"] for part in parts if "const" in part.schema]:
        return constant[0]
    if "null" in allowed and draw(st.integers(0, 5)) == 0:
        return None
    if choices is not None:
        return draw(st.sampled_from(choices))
    if any("properties" in part.schema for part in parts) or "object" in allowed:
        return _object(draw, places)
    match next((each for each in allowed if each != "null"), "string"):
        case "array":
            return _array(draw, parts)
        case "boolean":
            return draw(st.booleans())
        case "integer" | "number" as wanted:
            return _number(draw, parts, whole=wanted == "integer")
        case _:
            return _text(draw, parts)


def _object(draw: Draw, places: list[_At]) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for tag in ("provider", "type", "tool_type"):  # what they are decides what else there may be
        parts = [part for place in places for part in _parts(place, chosen)]
        found = [
            part.inside(part.schema["properties"][tag]) for part in parts if tag in part.schema.get("properties", {})
        ]
        tags = [test for part in parts for test in part.schema.get("allOf", ()) if tag in str(test.get("if", ""))]
        if found and tags and (tag != "type" or draw(st.booleans()) or _is_needed(parts, tag)):
            chosen[tag] = _value(draw, found)
    parts = [part for place in places for part in _parts(place, chosen)]
    fields: dict[str, list[_At]] = {}
    for part in parts:
        for key, schema in part.schema.get("properties", {}).items():
            if key not in OURS and schema.get("not") != {}:
                fields.setdefault(key, []).append(part.inside(schema))
    needed = {key for part in parts for key in (*part.schema.get("required", ()), *_on_create(part))}
    rare = draw(st.integers(0, 2))
    kept = [key for key in fields if key in needed or draw(st.integers(0, 2)) >= rare]
    return {key: chosen[key] if key in chosen else _value(draw, fields[key]) for key in kept}


def _is_needed(parts: list[_At], key: str) -> bool:
    return any(key in part.schema.get("required", ()) for part in parts)


def _on_create(part: _At) -> tuple[str, ...]:
    return tuple(part.schema.get("x-hms-required-on-create", ()))


def _user_json(draw: Draw, parts: list[_At]) -> Any:
    inner = [each for part in parts for each in (part.schema.get("additionalProperties"),) if isinstance(each, dict)]
    if inner:
        return draw(st.dictionaries(st.sampled_from(["name", "day"]), st.sampled_from(TEXTS), max_size=2))
    return {"type": "object", "properties": {"day": {"type": "string", "description": "Which day."}}}


def _array(draw: Draw, parts: list[_At]) -> list[Any]:
    items = [part.inside(part.schema["items"]) for part in parts if "items" in part.schema]
    least = max((part.schema.get("minItems", 0) for part in parts), default=0)
    most = min((part.schema.get("maxItems", 3) for part in parts), default=3)
    return [_value(draw, items) for _ in range(draw(st.integers(least, max(least, min(most, 3)))))]


def _number(draw: Draw, parts: list[_At], *, whole: bool) -> float:
    low: float = next((part.schema["minimum"] for part in parts if "minimum" in part.schema), 0)
    high: float = next((part.schema["maximum"] for part in parts if "maximum" in part.schema), low + 5000)
    inner: Any = st.integers(int(low), int(high)) if whole else st.floats(low, high, allow_nan=False)
    found = float(draw(st.one_of(st.sampled_from([low, high]), inner)))
    return int(found) if whole else round(found, 3)


def _text(draw: Draw, parts: list[_At]) -> str:
    catalog = [text for part in parts for text in part.schema.get("x-hms-catalog", part.schema.get("examples", ()))]
    catalog = [text for text in catalog if isinstance(text, str) and "${" not in text]
    patterns = [part.schema["pattern"] for part in parts if "pattern" in part.schema]
    formats = [part.schema["format"] for part in parts if "format" in part.schema]
    least = max((part.schema.get("minLength", 0) for part in parts), default=0)
    most = min((part.schema.get("maxLength", 10_000) for part in parts), default=10_000)
    if formats and formats[0] in FORMED:
        return str(draw(st.sampled_from(FORMED[formats[0]])))
    if patterns:
        fit = [text for text in (*ODD, *catalog, *TEXTS) if all(re.search(each, text) for each in patterns)]
        return str(draw(st.sampled_from(fit)))
    fit = [text for text in (*TEXTS, "y" * least, "z" * min(most, 700)) if least <= len(text) <= most]
    return str(draw(st.sampled_from(catalog or fit)))


@st.composite
def stacks(draw: Draw) -> dict[str, dict[str, Any]]:
    """Draw a stack of all kinds whose references lead somewhere, kind to key to fields, as they stand in YAML.

    What an object needs of others is there: a campaign has an assistant, and a domain its provider's key.
    """
    drawn = {kind: [draw(resources(kind)) for _ in range(draw(st.integers(0, 2)))] for kind in KINDS}
    drawn["domain"], drawn["organization"] = drawn["domain"][:1], drawn["organization"][:1]
    if drawn["campaigns"] and not drawn["assistants"]:
        drawn["assistants"] = [draw(resources("assistants"))]
    if drawn["domain"]:
        drawn["byok_keys"].append({"provider": "resend", "api_key": "${secret:hook}"})
    found = {
        kind: {f"{kind[0]}{index}": each for index, each in enumerate(all_)} for kind, all_ in drawn.items() if all_
    }
    for kind, each in ((kind, each) for kind, all_ in found.items() for each in all_.items()):
        _set_apart(kind, *each)
        for at, target in KINDS[kind].refs.items():
            _point(draw, each[1], at, sorted(found.get(target, ())), target)
    keys = found.get("byok_keys", {}).values()
    found["byok_keys"] = {each["provider"]: {"api_key": "${secret:hook}", **each} for each in keys}
    for each in found.get("workflows", {}).values():
        _connect(each["definition"])
    return found


def _set_apart(kind: str, key: str, fields: dict[str, Any]) -> None:
    """Give a resource an identity of its own, and its tools names of their own."""
    if kind == "numbers":
        fields["phone_number"] = f"+3185000000{key[-1]}"
    elif kind == "tool_templates":
        fields["name"] = f"{fields['name'] or 'tool'}_{key}"
    elif "name" in fields:
        fields["name"] = f"{fields['name']} {key}"
    for dotted in ("llm_config.tools", "definition.nodes[].tools"):
        for _, tools in values_at(fields, pattern(dotted)):
            tools[:] = [_named(tool, f"tool_{index}") for index, tool in enumerate(tools)]
            ends = [tool for tool in tools if tool.get("type") in {"end_call", "endCall"}]
            moves = [tool for tool in tools if tool.get("type") in {"transfer_call", "transferCall"}]
            tools[:] = [tool for tool in tools if tool not in (*ends, *moves)] + ends[:1] + moves[:1]


def _named(tool: dict[str, Any], name: str) -> dict[str, Any]:
    if "function" in tool:
        return {**tool, "function": {**tool["function"], "name": name}}
    return {**tool, "name": name} if "name" in tool else tool


def _point(draw: Draw, fields: dict[str, Any], at: Sequence[str], keys: list[str], target: str) -> None:
    """Let what stands at *at* refer to a resource that is there; without any, take it out."""
    for path, _ in list(values_at(fields, at)):
        owner = value_at(fields, path[:-1])
        if keys:
            owner[path[-1]] = f"${{{target}.{draw(st.sampled_from(keys))}}}"
        elif len(path) == 1:
            del owner[path[-1]]
    if not keys and len(at) > 1:
        config = fields.get(at[0]) or {}
        config["tools"] = [tool for tool in config.get("tools") or () if tool.get("type") != "mcp"]


def _connect(definition: dict[str, Any]) -> None:
    """Make a graph that runs of the nodes: a first one leads to all others, and tools lead to the last."""
    others = [{**node, "id": f"n{index}"} for index, node in enumerate(definition.get("nodes", []))]
    hello = {"id": "hello", "type": "conversation", "instructions": "Greet the caller."}
    definition |= {"version": 1, "entry_node": "hello", "nodes": [hello, *others, {"id": "bye", "type": "end"}]}
    ways = [{"from": "hello", "to": node["id"], "description": "it fits"} for node in (*others, {"id": "bye"})]
    tools = [{"from": node["id"], "to": "bye"} for node in others if node["type"] == "tool"]
    definition["edges"] = [*ways, *tools]
