"""The program that the tests start as their object store: moto's server, which prints its port and serves till killed.

It answers one request at a time, as if each were atomic: moto looks at the condition of a write, and then writes. The
bucket ``heedless`` passes over every condition, as some servers do.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


def serve() -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = DomainDispatcherApplication(create_backend_app)
    one_at_a_time = threading.Lock()

    def answer(environ: Any, start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"].startswith("/heedless/"):
            environ.pop("HTTP_IF_MATCH", None)
            environ.pop("HTTP_IF_NONE_MATCH", None)
        with one_at_a_time:
            return list(moto(environ, start_response))

    server = make_server("127.0.0.1", 0, answer, threaded=True)
    print(server.server_port, flush=True)  # noqa: T201 -- whoever started it reads this
    server.serve_forever()


if __name__ == "__main__":
    serve()
