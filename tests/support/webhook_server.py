"""A service that answers webhooks as a test tells it to, over a real socket."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hmsplan.webhooks import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = "whsec_0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in."""

    head: str
    body: bytes

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = [line.partition(":") for line in self.head.split("\r\n")[1:]]
        return [(name, value.strip()) for name, _, value in lines]

    @property
    def message(self) -> Any:
        return json.loads(self.body)["message"]


def answer(body: bytes | Any = b"", status: str = "200 OK", *headers: str) -> bytes:
    """Write an answer; what is not bytes goes out as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(raw)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def good(request: Request) -> bytes:
    """Answer as a service should."""
    if not verify(request.headers, request.body, SECRET):
        return answer(b"", "401 Unauthorized")
    calls = request.message.get("tool_call_list", ())
    return answer({"results": [{"tool_call_id": call["id"], "result": "done"} for call in calls]} if calls else {})


@dataclass(slots=True)
class Server:
    """Answers each request with the bytes that ``reply`` gives, or with what it writes itself.

    Attributes:
        reply: bytes, or a function of the request and the connection that returns None when it has answered.
    """

    url: str = ""
    reply: Callable[..., bytes | None] = good
    received: list[Request] = field(default_factory=list)

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except ssl.SSLError:
                continue
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(10)
            data = b""
            while b"\r\n\r\n" not in data:
                data += _some(connection)
            head, _, body = data.partition(b"\r\n\r\n")
            length = next(
                int(line.partition(b":")[2])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            )
            while len(body) < length:
                body += _some(connection)
            request = Request(head.decode("latin-1"), body)
            self.received.append(request)
            takes_connection = self.reply.__code__.co_argcount > 1
            said = self.reply(request, connection) if takes_connection else self.reply(request)
            if said is not None:
                connection.sendall(said)


def _some(connection: socket.socket) -> bytes:
    """Return the next bytes; at the end of a connection there are none."""
    found = connection.recv(65536)
    if not found:
        raise ConnectionResetError
    return found


@contextmanager
def serving(listening: socket.socket | None = None, reply: Callable[..., bytes | None] = good) -> Iterator[Server]:
    """Serve on a free port of this machine, or on a socket of the test, while the block runs."""
    with listening or socket.create_server(("127.0.0.1", 0)) as opened:
        server = Server(f"http://127.0.0.1:{opened.getsockname()[1]}", reply)
        thread = threading.Thread(target=server.serve, args=(opened,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            opened.shutdown(socket.SHUT_RDWR)
            thread.join()  # or it could accept for the next server, which gets the same descriptor
