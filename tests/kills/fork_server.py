"""Forks the command line from a process that has run it once: each child is a process of its own, born in a moment.

What it runs first is its own command line; that imports all and reads the schemas, as any process would have to. Then
one JSON object a line goes in, ``arguments``, ``crash`` (see ``crash_points``) and ``kill_after_s`` (null: let it
live), and one comes out, the ``code`` (negative: of a signal), ``out``, ``err`` and the ``seconds`` it took.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import signal
import sys
import tempfile
import threading
import time
from typing import Any

import hmsplan.cli.root
from kills import crash_points


def main(first: list[str]) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        assert hmsplan.cli.root.run(first) == 0
    gc.freeze()  # what is there by now is shared with the children
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run_in_child(**json.loads(line))) + "\n")
        sys.stdout.flush()


def run_in_child(arguments: list[str], crash: str, kill_after_s: float | None) -> dict[str, Any]:
    """Run one command in a child, and kill it if it takes longer than it may."""
    assert threading.active_count() == 1, "a fork copies one thread only"
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        born = time.monotonic()
        child = os.fork()
        if child == 0:
            try:
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                crash_points.run_command(arguments, crash)
            finally:
                os._exit(99)
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            os.kill(child, signal.SIGKILL)  # if it is over already, nobody has waited for it yet: the id is still its
        _, status = os.waitpid(child, 0)
        seconds = time.monotonic() - born
        return {
            "code": os.waitstatus_to_exitcode(status),
            "out": _text(out),
            "err": _text(err),
            "seconds": seconds,
        }


def _text(file: Any) -> str:
    file.seek(0)
    text: str = file.read().decode()
    return text


if __name__ == "__main__":
    main(sys.argv[1:])
