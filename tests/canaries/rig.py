"""An organization and a stack with a canary wherever a secret can be, and an API that tells on its clients."""

from __future__ import annotations

import asyncio
import html
import json
import threading
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from canaries.leaks import Canary, canary
from hmsplan.emulator import Emulator, Settings, running
from hmsplan.emulator.app import ABORT
from hmsplan.kinds import KINDS
from hmsplan.model import ANY, ANY_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hmsplan.kinds import Kind

BASES: Mapping[str, dict[str, Any]] = {
    "assistants": {
        "name": "Desk",
        "first_message": "Hello.",
        "webhook_url": "https://hooks.example.com/voice",
        "llm_config": {
            "provider": "openai",
            "model": "gpt-5.4",
            "tools": [
                {
                    "name": "lookup",
                    "description": "Looks up.",
                    "parameters": {"type": "object"},
                    "server": {"url": "https://tools.example.com"},
                }
            ],
        },
    },
    "workflows": {
        "name": "Triage",
        "definition": {
            "version": 1,
            "entry_node": "hello",
            "nodes": [
                {
                    "id": "hello",
                    "type": "conversation",
                    "instructions": "Ask what it is about.",
                    "tools": [
                        {
                            "name": "lookup",
                            "description": "Looks up.",
                            "parameters": {"type": "object"},
                            "server": {"url": "https://flow.example.com"},
                        }
                    ],
                }
            ],
            "edges": [],
        },
    },
    "mcp_servers": {"name": "CRM", "url": "https://mcp.example.com/v1"},
    "byok_keys": {"provider": "elevenlabs", "config": {"region": "eu"}},
    "sip_trunks": {"name": "VoIP", "provider": "custom", "address": "sip.example.com", "auth_username": "desk"},
}
"""A valid object of every kind that has secrets, without them; a kind that is missing here fails a test."""

API_KEY = Canary("api_key", f"fl_{canary('api_key', plain=True).value}")
FINGERPRINT_KEY = Canary("fingerprint_key", canary("fingerprint_key").value * 2)
DASHBOARD = canary("set in the dashboard")
NEW_KEY = Canary("new_key", f"fl_{canary('new_key', plain=True).value}")
UNUSED = canary("unused line of the secrets file")


def names() -> dict[tuple[str, tuple[str, ...]], str]:
    """Name a secret for every place of the table that holds one."""
    places = [(kind.name, path) for kind in KINDS.values() for path in sorted(kind.secrets)]
    return {place: f"s{number}" for number, place in enumerate(places)}


SECRETS: Mapping[str, Canary] = {name: canary(f"{name} {kind} {path}") for (kind, path), name in names().items()}
ALL: tuple[Canary, ...] = (API_KEY, FINGERPRINT_KEY, DASHBOARD, NEW_KEY, UNUSED, *SECRETS.values())


def resources() -> dict[str, Any]:
    """Declare one object of every kind that has secrets, all of them filled in, and a number that uses them."""
    declared: dict[str, Any] = {}
    for (kind, path), name in names().items():
        base = declared.setdefault(kind, {"one": json.loads(json.dumps(BASES[kind]))})["one"]
        key = "X-Canary" if path[-1] == ANY_KEY else path[-1]
        for item in _parents(base, path[:-1]):
            item[key] = f"${{secret:{name}}}"
    number = {"phone_number": "+31850000010", "agent_id": "${assistants.one}", "transfer_trunk_id": "${sip_trunks.one}"}
    return {**declared, "numbers": {"main": number}}


def _parents(value: Any, path: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    if not path:
        yield value
    elif path[0] == ANY:
        for item in value:
            yield from _parents(item, path[1:])
    else:
        yield from _parents(value.setdefault(path[0], {}), path[1:])


def covers(kind: Kind) -> bool:
    """Say whether the stack fills in every secret of *kind*."""
    text = json.dumps(resources().get(kind.name, {}))
    return all(f"${{secret:{names()[kind.name, path]}}}" in text for path in kind.secrets)


def write(root: Path) -> tuple[Path, Path]:
    """Write the stack and a secrets file that holds half of the secrets; return their places."""
    stack, secrets_file = root / "stack", root / "secrets.env"
    stack.mkdir()
    (stack / "hmsplan.yaml").write_text("version: 1\nstack: canaries\nsafety: {settle_grace: 0s}\n", "utf-8")
    (stack / "all.yaml").write_text(json.dumps(resources()), "utf-8")
    in_file = {f"HMSPLAN_SECRET_{name.upper()}": each.value for name, each in list(SECRETS.items())[::2]}
    lines = [f"{name}='{_dotenv(value)}'\n" for name, value in {**in_file, "UNUSED": UNUSED.value}.items()]
    secrets_file.write_text("".join(lines), "utf-8")
    secrets_file.chmod(0o600)
    return stack, secrets_file


def _dotenv(value: str) -> str:
    return value.replace("\\", "\\\\")


def environ() -> dict[str, str]:
    """Return what the environment has to say: the other half of the secrets, and the keys."""
    from_env = {f"HMSPLAN_SECRET_{name.upper()}": each.value for name, each in list(SECRETS.items())[1::2]}
    return {"HMS_SOVEREIGN_API_KEY": API_KEY.value, "HMSPLAN_FINGERPRINT_KEY": FINGERPRINT_KEY.value, **from_env}


class Telltale:
    """The emulator, in front of which every request may be answered by telling it back.

    Attributes:
        clock: the emulator's.
        mood: how it answers; "" = as it should.
        methods: which requests it answers so.
        heard: method, path and body of every request.
        arrived: set by the first request that is answered so.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._app, self.clock = emulator.app, emulator.app.clock
        self.mood = ""
        self.methods: frozenset[str] = frozenset()
        self.elsewhere = "http://127.0.0.1:1/"
        self.heard: list[tuple[str, str, bytes]] = []
        self.arrived = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.heard.append((scope["method"], scope["path"], body))

        async def again() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        if not self.mood or scope["method"] not in self.methods:
            await self._app(scope, again, send)
            return
        self.arrived.set()
        while self.mood == "hangs":  # noqa: ASYNC110 -- the mood is changed by another thread
            await asyncio.sleep(0.01)
        if self.mood in {"", "reset"}:
            scope["extensions"][ABORT]()
            return
        headers = dict(scope["headers"])
        status, kind, text = self._told(body.decode(), headers[b"authorization"].decode())
        more_headers = [(b"x-request-id", headers[b"authorization"])]
        if status == 302:
            more_headers.append((b"location", f"{self.elsewhere}?k={headers[b'authorization'].decode()}".encode()))
        start_headers = [(b"content-type", kind), (b"content-length", str(len(text)).encode()), *more_headers]
        await send({"type": "http.response.start", "status": status, "headers": start_headers})
        await send({"type": "http.response.body", "body": text})

    def _told(self, body: str, key: str) -> tuple[int, bytes, bytes]:  # noqa: PLR0911 -- a table
        sent = json.loads(body) if body else {}
        secrets = {"webhook_secret": DASHBOARD.value, "api_key": NEW_KEY.value}
        stored = {"id": "x", **secrets, "tools": [{"server": {"secret": DASHBOARD.value}}]}
        match self.mood:
            case "echoes":
                answer = {"error": f"bad request of {key}: {body}", "details": [sent, body], "stored": stored}
                return 400, b"application/json", json.dumps(answer).encode()
            case "shows the object":
                return 400, b"application/json", json.dumps([stored, sent, {"key": key}]).encode()
            case "page":
                page = f"<html><title>{html.escape(f'{key} {body} {json.dumps(stored)}')}</title></html>"
                return 500, b"text/html", page.encode()
            case "text":
                return 500, b"text/plain", f"{key} {body} {json.dumps(stored)}".encode()
            case "cut off":
                return (
                    500,
                    b"application/json",
                    f'{{"key": "{key}", "sent": {body or "{}"}, "stored": '.encode()
                    + (json.dumps(stored)[:-20].encode()),
                )
            case "garbage":
                return 200, b"application/json", f"{key} {body} {json.dumps(stored)}".encode()
            case "redirect":
                return 302, b"text/plain", b""
            case _:
                raise AssertionError(self.mood)


MOODS = ("echoes", "shows the object", "page", "text", "cut off", "garbage", "redirect", "reset")


@contextmanager
def api() -> Iterator[tuple[Emulator, Telltale, str]]:
    """Serve an organization that shows every secret it has, one of somebody else among them."""
    with Emulator(settings=Settings(rate_limit=None, webhook_secret="returned", tool_secret="returned")) as emulator:
        emulator.organization(API_KEY.value)
        emulator.add("assistants", {"name": "Theirs", "webhook_secret": DASHBOARD.value}, key=API_KEY.value)
        telltale = Telltale(emulator)
        with running(cast("Any", SimpleNamespace(app=telltale))) as url:
            yield emulator, telltale, url
