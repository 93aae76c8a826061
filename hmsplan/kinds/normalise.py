"""Canonical forms: two spellings of one value become equal. Pure, named, idempotent.

Each function quotes the behaviour of the API it answers to. ``Kind.canonical`` says which field gets which; both sides
of a comparison go through the same function, and nothing canonical is ever sent.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

from hmsplan.kinds import phone
from hmsplan.model import Unsendable

if TYPE_CHECKING:
    from hmsplan.model import Spec, Value

_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DEFAULT_PORT: Final = {"http": 80, "https": 443}
_TOOL_TYPES: Final = {"endCall": "end_call", "transferCall": "transfer_call"}


def phone_number(value: Value) -> Value:
    """E.164 ("Phone numbers are E.164. Rewriting of spaces or a leading 00 is unknown; send canonical").

    Only decoration is taken off, so two numbers of different digits are never equal; any other text stays as it is.
    """
    return phone.bare(value) if isinstance(value, str) else value


def clock_time(value: Value) -> Value:
    """``HH:MM:SS`` ("Campaign times come back as HH:MM:SS; treat 09:00 = 09:00:00")."""
    return f"{value}:00" if isinstance(value, str) and _CLOCK.fullmatch(value) else value


def url(value: Value) -> Value:
    """Lower-case host, no default port, no empty path ("host case, default port, empty path")."""
    if not isinstance(value, str) or isinstance(value, Unsendable):
        return value
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return value
    if not parts.scheme or not parts.hostname:
        return value
    login, at, _ = parts.netloc.rpartition("@")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    suffix = "" if port is None or port == _DEFAULT_PORT.get(parts.scheme.lower()) else f":{port}"
    return urlunsplit(
        (parts.scheme.lower(), login + at + host + suffix, parts.path or "/", parts.query, parts.fragment)
    )


def name(value: Value) -> Value:
    """Without spaces around it: nothing says whether the platform trims a "name", and nobody tells two so apart."""
    return value.strip() if isinstance(value, str) and not isinstance(value, Unsendable) else value


def tts_provider(value: Value) -> Value:
    """``11labs`` is ``elevenlabs`` ("11labs is an alias of TTS provider elevenlabs. Which is stored is unknown")."""
    return "elevenlabs" if value == "11labs" else value


def tool_type(value: Value) -> Value:
    """``end_call`` for ``endCall`` ("built-in form (end_call/endCall, transfer_call/transferCall)")."""
    return _TOOL_TYPES.get(value, value) if isinstance(value, str) else value


def tool(value: Value) -> Value:
    """The flat form of a tool ("flat, nested and built-in form; rewriting on storage is unknown").

    ``message`` was once ``async_response``; a tool's own ``url`` beats ``server.url``, so the two are one field here.
    """
    if not isinstance(value, dict):
        return value
    flat: dict[str, Any] = {key: item for key, item in value.items() if key not in {"function", "type"}}
    kind = tool_type(value.get("type"))
    if isinstance(nested := value.get("function"), dict):
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
    flat = tool(value)
    if flat.get("type") == "mcp":
        return f"mcp:{flat.get('mcp_server_id')}"
    return str(flat.get("name") or flat.get("type") or "")


def sent_tool(flat: dict[str, Any]) -> dict[str, Any]:
    """A flat tool as the API takes it: "server" requires its "url", even where the tool has one of its own."""
    server = flat.get("server")
    if isinstance(server, dict) and "url" not in server and "url" in flat:
        return {**flat, "server": {"url": flat["url"], **server}}
    return flat


def destination_name(value: Value) -> str:
    """What tells one destination of a transfer from another: its number."""
    return str(phone_number(value.get("number"))) if isinstance(value, dict) else str(value)


def pronounced(value: Value) -> str:
    """What tells one pronunciation from another: the word."""
    return str(value.get("from")) if isinstance(value, dict) else str(value)


def spare_hang_up(key: str | int, declared: Mapping[Any, Any], spec: Spec, live: Spec) -> bool:
    """Say whether the live tool *key*, which nobody declared, is the platform's own ``end_call``.

    "With autonomous_silence_handling on, the platform adds an end_call tool when the assistant has none. If that is
    stored, it shows as an extra tool."
    """
    silence = spec.get("autonomous_silence_handling", live.get("autonomous_silence_handling"))
    return key == "end_call" and bool(silence) and "end_call" not in declared


_FLOAT32: Final = 1e-6
"""Relative precision of a float that was stored in four bytes."""


def is_tidied(sent: Value, stored: Value) -> bool:
    """Say whether *stored* is *sent* but for what a platform may tidy, or the two are equal.

    "The platform may tidy what it stores: trailing line ends and spaces, CRLF, Unicode form, the last bits of a float."
    """
    if isinstance(sent, str) and isinstance(stored, str):
        whole = not isinstance(sent, Unsendable) and not isinstance(stored, Unsendable)
        return whole and (sent == stored or _tidy(sent) == _tidy(stored))
    if isinstance(sent, bool) or isinstance(stored, bool):
        return sent is stored
    if isinstance(sent, int | float) and isinstance(stored, int | float):
        return math.isclose(sent, stored, rel_tol=_FLOAT32)
    if isinstance(sent, Mapping) and isinstance(stored, Mapping):
        return sent.keys() == stored.keys() and all(is_tidied(item, stored[key]) for key, item in sent.items())
    if isinstance(sent, list) and isinstance(stored, list):
        return len(sent) == len(stored) and all(map(is_tidied, sent, stored))
    return bool(sent == stored)


def _tidy(text: str) -> str:
    lines = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()
