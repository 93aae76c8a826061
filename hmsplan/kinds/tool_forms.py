"""The forms of a tool, which assistants and tool templates have in common. Pure.

As in ``normalise``, each canonical form quotes the behaviour of the API that it answers to, and is idempotent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hmsplan.kinds import normalise

if TYPE_CHECKING:
    from hmsplan.model import Value

_TYPES: Final = {"endCall": "end_call", "transferCall": "transfer_call"}
_OTHER_TYPES: Final = (*_TYPES, "function", None)
_OTHER_FORM: Final = frozenset({"function", "async_response", "server"})
"""Fields without which a tool of no other type is in its flat form."""


def tool_type(value: Value) -> Value:
    """``end_call`` for ``endCall`` ("built-in form (end_call/endCall, transfer_call/transferCall)")."""
    return _TYPES.get(value, value) if isinstance(value, str) else value


def tool(value: Value) -> Value:
    """The flat form of a tool ("flat, nested and built-in form; rewriting on storage is unknown").

    ``message`` was once ``async_response``; a tool's own ``url`` beats ``server.url``, so the two are one field here.
    """
    if not isinstance(value, dict) or (_OTHER_FORM.isdisjoint(value) and value.get("type", "") not in _OTHER_TYPES):
        return value
    flat: dict[str, Any] = dict(value)
    kind = tool_type(flat.pop("type", None))
    if isinstance(nested := flat.pop("function", None), dict):
        flat = {**nested, **flat}
    if kind is not None and kind != "function":
        flat["type"] = kind
    if "async_response" in flat:
        flat.setdefault("message", flat.pop("async_response"))
    return _with_one_url(flat)


def _with_one_url(flat: dict[str, Any]) -> dict[str, Any]:
    server = flat.get("server")
    if not isinstance(server, dict) or "url" not in server:
        return flat
    rest = {key: item for key, item in server.items() if key != "url"}
    merged = {key: item for key, item in flat.items() if key != "server"}
    merged.setdefault("url", server["url"])
    return {**merged, "server": rest} if rest else merged


def tool_name(value: Value) -> str:
    """What tells one tool of an assistant from another: its name, or the type of a built-in."""
    if not isinstance(value, dict):
        return str(value)
    fields = tool(value) if "function" in value else value
    kind = tool_type(fields.get("type"))
    if kind == "mcp":
        return f"mcp:{fields.get('mcp_server_id')}"
    return str(fields.get("name") or (kind if kind != "function" else "") or "")


def sent_tool(flat: dict[str, Any]) -> dict[str, Any]:
    """A flat tool as the API takes it: "server" requires its "url", even where the tool has one of its own."""
    server = flat.get("server")
    if isinstance(server, dict) and "url" not in server and "url" in flat:
        return {**flat, "server": {"url": flat["url"], **server}}
    return flat


def destination_name(value: Value) -> str:
    """What tells one destination of a transfer from another: its number."""
    return str(normalise.phone_number(value.get("number"))) if isinstance(value, dict) else str(value)
