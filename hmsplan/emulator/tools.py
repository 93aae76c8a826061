"""Tools: the forms in which one tool may be written, and the one it is stored in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hmsplan.emulator.settings import Settings

_SNAKE = {"endCall": "end_call", "transferCall": "transfer_call"}


MASK = "********"


def has_secret(document: bytes) -> bool:
    """Tell, without reading it, whether a stored document may hold a tool with a secret."""
    return b'"secret":"' in document


def shown_form(settings: Settings, tool: dict[str, Any]) -> dict[str, Any]:
    """Return a stored tool as it is answered."""
    server = tool.get("server")
    if not isinstance(server, dict) or "secret" not in server or settings.tool_secret == "returned":  # noqa: S105 - a stance
        return tool
    shown = {key: value for key, value in server.items() if key != "secret"}
    return {**tool, "server": shown if settings.tool_secret == "dropped" else {**shown, "secret": MASK}}  # noqa: S105


def stored_form(settings: Settings, tool: dict[str, Any]) -> dict[str, Any]:
    """Return a tool in the form that the settings say is stored."""
    if settings.tool_names == "snake" and tool.get("type") in _SNAKE:
        return {**tool, "type": _SNAKE[tool["type"]]}
    if settings.tool_form == "flat" and "function" in tool:
        return _flat(tool)
    if settings.tool_form == "nested" and "name" in tool:
        return _nested(tool)
    return tool


def _flat(tool: dict[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in tool.items() if key not in {"type", "function"}}
    return {"description": "", **tool["function"], **rest}


def _nested(tool: dict[str, Any]) -> dict[str, Any]:
    function = {key: tool[key] for key in ("name", "description", "parameters") if key in tool}
    rest = {key: value for key, value in tool.items() if key not in {*function, "type", "url"}}
    nested = {"type": "function", "function": function, **rest}
    if "url" in tool:
        nested["server"] = {**tool.get("server", {}), "url": tool["url"]}
    return nested
