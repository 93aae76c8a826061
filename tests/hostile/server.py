"""An API by hand, over real sockets: honest until it is told to lie, and it remembers all that reached it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import json
import os
import re
import socketserver
import threading
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from unittest import mock
from urllib.parse import unquote

from hmsplan.api.client import ReadClient
from hmsplan.cli.root import run
from hmsplan.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

KEY = "fl_live_c4nary_0123456789"
ORGANIZATION = "0f0e0d0c-0000-4000-8000-00000000ac3e"
ALONE = {
    "/organizations": {"id": ORGANIZATION, "name": "Acme"},
    "/health": {"status": "ok"},
    "/byok": {"byok_keys": {}},
    "/domains": {"domain": None},
}
"""What there is without a list."""
FORBIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
"""What a terminal obeys or hides; of all control characters only a line feed may be printed."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in."""

    method: str
    target: str
    headers: str
    body: bytes


def answer(status: str, body: bytes | Any = b"", *headers: str, length: int | None = None) -> bytes:
    """Write an answer; what is not bytes goes out as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    size = len(raw) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


@dataclass
class HostileServer:
    """The organization, and what was asked of it.

    Attributes:
        objects: path of a list to id to object.
        lie: given method and target, the bytes to send in place of the truth; None = the truth.
    """

    url: str = ""
    objects: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    requests: list[Received] = field(default_factory=list)
    lie: Callable[[str, str], bytes | None] | None = None
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def writes(self) -> list[str]:
        """Every request that could change something."""
        return [f"{each.method} {each.target}" for each in self.requests if each.method != "GET"]

    def respond(self, request: Received) -> bytes:
        target = request.target.removeprefix("/api/v1")
        if self.lie is not None and (told := self.lie(request.method, target)) is not None:
            return told
        return self.truth(request.method, target, request.body)

    def truth(self, method: str, target: str, body: bytes) -> bytes:
        path = target.partition("?")[0]
        if path in ALONE:
            return answer("200 OK", ALONE[path])
        for kind in KINDS.values():
            if path == kind.path and method == "GET":
                return answer("200 OK", {kind.collection[0]: list(self.objects.get(path, {}).values())})
            if path == kind.path:
                return answer("201 Created", {kind.envelope[0]: self.keep(path, json.loads(body))})
            if path.startswith(f"{kind.path}/"):
                there = self.objects.setdefault(kind.path, {})
                return self.one(method, there, unquote(path.removeprefix(f"{kind.path}/")), kind.envelope[0], body)
        return answer("404 Not Found", {"error": "no such route"})

    def keep(self, path: str, fields: dict[str, Any], object_id: str | None = None) -> dict[str, Any]:
        """Put an object into the organization."""
        object_id = object_id or f"00000000-0000-4000-8000-{next(self.numbers):012d}"
        made = {"id": object_id, "org_id": ORGANIZATION, **fields}
        self.objects.setdefault(path, {})[object_id] = made
        return made

    def one(self, method: str, there: dict[str, Any], object_id: str, envelope: str, body: bytes) -> bytes:
        if object_id not in there:
            return answer("404 Not Found", {"error": "not found"})
        if method == "DELETE":
            del there[object_id]
            return answer("204 No Content")
        if method == "PATCH":
            there[object_id] |= json.loads(body)
        return answer("200 OK", {envelope: there[object_id]})


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: HostileServer = self.server.hostile  # type: ignore[attr-defined]
        with contextlib.suppress(OSError):
            if not cast("io.BufferedReader", self.rfile).peek(1)[:1].isalpha():
                return  # a client that wants to speak TLS
            line = self.rfile.readline().decode("latin-1").split()
            if len(line) != 3:
                return
            head = b"".join(iter(self.rfile.readline, b"\r\n")).decode("latin-1")
            length = re.search(r"^content-length: (\d+)", head, re.IGNORECASE | re.MULTILINE)
            request = Received(line[0], line[1], head, self.rfile.read(int(length[1])) if length else b"")
            server.requests.append(request)
            self.wfile.write(server.respond(request))


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128  # of five, as usual, a sixth connection at once waits a second for its second try


@contextlib.contextmanager
def serving(server: HostileServer | None = None) -> Iterator[HostileServer]:
    """Serve on a port of its own while the block runs."""
    server = server or HostileServer()
    with _Server(("127.0.0.1", 0), _Handler) as listener:
        listener.hostile = server  # type: ignore[attr-defined]
        server.url = f"http://127.0.0.1:{listener.server_address[1]}/api/v1"
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


def hmsplan(root: Path, *words: str, url: str = "", **env: str) -> Said:
    """Run a command in this process, with real sockets and nothing of the machine's own settings.

    Only the waiting between two tries is left out.
    """
    settings = {name: value for name, value in os.environ.items() if not _means_something(name)}
    settings |= {"HMS_SOVEREIGN_API_KEY": KEY, "HMS_SOVEREIGN_BASE_URL": url, "COLUMNS": "120", **env}
    out, err = io.StringIO(), io.StringIO()
    defaults = ReadClient.__init__.__kwdefaults__
    at_once = mock.patch.dict(defaults, {"sleep": lambda _: asyncio.sleep(0)})
    with mock.patch.dict(os.environ, settings, clear=True), at_once, redirect_stdout(out), redirect_stderr(err):
        code = run(["-C", str(root), *words])
    said = Said(code, out.getvalue(), err.getvalue())
    assert "hmsplan has a bug" not in said.err, said.err
    assert KEY not in said.all
    return said


def _means_something(name: str) -> bool:
    ours = name.startswith(("HMS_", "HMSPLAN", "GITHUB_", "SSL_"))
    return ours or name.lower().endswith("_proxy") or name in {"CI", "NO_COLOR", "FORCE_COLOR"}


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write a stack; without a stack file of its own it gets the smallest there is."""
    for name, content in {"hmsplan.yaml": "version: 1\nstack: hostile\nsafety: {settle_grace: 0s}\n", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root
