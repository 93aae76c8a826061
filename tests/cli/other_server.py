"""Another server of the same API: whatever JSON it is given, by path. It knows GET and nothing else."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BASE = "/api/v1"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # of five, as usual, a sixth connection at once waits a second for its second try


@contextmanager
def serving(answers: Mapping[str, Any]) -> Iterator[str]:
    """Answer each path with its JSON, a number with that status, and any other path with 404; yield the base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or the body waits 40 ms for the client to have the head

        def do_GET(self) -> None:
            answer = answers.get(self.path.removeprefix(BASE).partition("?")[0], 404)
            status, body = (answer, {"error": "no"}) if isinstance(answer, int) else (200, answer)
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{BASE}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
