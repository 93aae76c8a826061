"""MCP servers: unique names, public https addresses, headers that are never shown."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit, urlunsplit

from hmsplan.emulator.answers import Answer, RefusalError, invalid, json_answer
from hmsplan.emulator.resources import Document, Resource, let_go
from hmsplan.emulator.rules import SHARED

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context
    from hmsplan.emulator.store import Row

_HTTPS_PORT = 443


def _complete(ctx: Context, base: Document, sent: Document, row: Row | None) -> Document:
    headers = sent.get("headers")
    if "url" in sent:
        sent["url"] = _normalised(sent["url"])
    if row is not None and "url" in sent and headers is None and _host(sent["url"]) != _host(base["url"]):
        # Stored headers must not follow the address to a host that they were not meant for.
        raise invalid("headers: are required when url moves to another host")
    others = {each.id for each in ctx.store.named("mcp_servers", sent.get("name", ""), ctx.org)}
    if others - {row.id if row else ""}:
        raise RefusalError(409, f"An MCP server named {sent['name']!r} already exists")
    if headers is not None:
        sent["header_names"] = list(headers)
    return {**base, **sent}


def _host(url: str) -> tuple[str | None, int | None]:
    parts = urlsplit(url)
    return parts.hostname, parts.port


def _normalised(url: str) -> str:
    """Return a URL with its host in lower case, no default port and no empty path, or refuse it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, SplitResult("", "", "", "", "")
    if not host or not _is_public(host):
        raise invalid("url: must be https and resolve to a public address")
    netloc = f"[{host}]" if ":" in host else host
    netloc += f":{port}" if port not in {None, _HTTPS_PORT} else ""
    return urlunsplit(("https", netloc, parts.path or "/", parts.query, ""))


def _is_public(host: str) -> bool:
    """Tell whether a host may be public; names are not resolved, so only what tells itself is refused."""
    private = SHARED["private_hosts"]
    if host in private["names"] or host.endswith(tuple(private["suffixes"])):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return True


def _release(ctx: Context, row: Row) -> None:
    let_go(ctx, "conflict", ctx.store.pointing_at(row.id), "Assistants use this MCP server")


def test_server(ctx: Context) -> Answer:
    """Answer as if the server had been called; hosts that end in ``.invalid`` cannot be reached."""
    row = ctx.fetch("mcp_servers", ctx.params["id"], "MCP server")
    if ctx.content:
        ctx.body("McpServerTest")
    host, _ = _host(row.doc["url"])
    if host is None or host.endswith(".invalid"):
        return json_answer(200, {"ok": False, "duration_ms": 12, "error": f"getaddrinfo ENOTFOUND {host}"})
    schema: Document = {"type": "object", "properties": {}}
    tools = [{"name": "search", "description": "Searches this server", "input_schema": schema}]
    return json_answer(200, {"ok": True, "duration_ms": 34, "tools": tools})


MCP_SERVERS = Resource(
    kind="mcp_servers",
    shape="McpServer",
    what="MCP server",
    given={"header_names": []},
    complete=_complete,
    release=_release,
)
