"""Start the service of examples/webhook for the page about webhooks, and copy that folder here.

It listens on a free port, which is written into ``stack/environments/local.yaml``, until the process in ``service.pid``
is ended, or for two minutes.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

EXAMPLE: Final = Path(__file__).resolve().parents[1] / "examples" / "webhook"
SECRET: Final = "whsec_of_the_example_0123456789"  # noqa: S105 -- that of the page
LOCAL: Final = Path("stack/environments/local.yaml")
LONGEST_S: Final = 120


def start() -> None:
    """Copy the example, start the service in a process of its own, and wait until it listens."""
    shutil.copytree(EXAMPLE, ".", dirs_exist_ok=True)
    LOCAL.unlink()
    environ = {**os.environ, "HMSPLAN_SECRET_WEBHOOK": SECRET, "PYTHONPATH": str(EXAMPLE)}
    null = subprocess.DEVNULL
    running = subprocess.Popen(  # noqa: S603 -- this file
        [sys.executable, __file__, "serve"], env=environ, stdin=null, stdout=null, stderr=null, start_new_session=True
    )
    Path("service.pid").write_text(str(running.pid), "utf-8")
    until = time.monotonic() + LONGEST_S
    while not LOCAL.exists() and running.poll() is None and time.monotonic() < until:
        time.sleep(0.02)


def serve() -> None:
    """Serve until somebody ends it, or long enough."""
    import uvicorn  # noqa: PLC0415 -- of the extra emulator

    threading.Thread(target=lambda: (time.sleep(LONGEST_S), os._exit(0)), daemon=True).start()
    listening = socket.create_server(("127.0.0.1", 0))
    written = LOCAL.with_suffix(".new")
    port = listening.getsockname()[1]
    written.write_text(f'variables: {{service_url: "http://127.0.0.1:{port}"}}\n', "utf-8")
    written.rename(LOCAL)
    uvicorn.Server(uvicorn.Config("service:app", log_level="critical", lifespan="off")).run(sockets=[listening])


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else start()
