"""A Dask cluster on this machine: a scheduler and workers, each a process with an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_START_S = 120
DASK = Path(sys.executable).with_name("dask")


@dataclass
class Cluster:
    """What has been started.

    Attributes:
        folder: for the logs of all its processes.
        keys: the variables that only the workers have.
    """

    folder: Path
    keys: Mapping[str, str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        file = self.folder / "scheduler.json"
        place = ("--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0")
        self.scheduler = self._start("scheduler", *place, "--scheduler-file", str(file), env={})
        until = time.monotonic() + _START_S
        while not file.exists() or not file.read_text("utf-8"):
            assert self.scheduler.poll() is None, self.logs()
            assert time.monotonic() < until, self.logs()
            time.sleep(0.02)
        told = json.loads(file.read_text("utf-8"))
        self.address = told["address"].removeprefix("tcp://")
        self.url = f"dask://{self.address}"
        self.pages = f"http://127.0.0.1:{told['services']['dashboard']}"

    def grow(self, count: int) -> None:
        """Start workers until *count* of them are known to the scheduler."""
        self.workers = [each for each in self.workers if each.poll() is None]
        if count == 0:
            self.end_workers()
        for _ in range(count - len(self.workers)):
            where = ("--host", "127.0.0.1", "--local-directory", str(self.folder))
            how = ("--no-nanny", "--nthreads", "1", "--no-dashboard")
            self.workers.append(self._start("worker", self.address, *where, *how, env=self.keys))
        until = time.monotonic() + _START_S
        while len(self.info()["workers"]) != count:
            assert time.monotonic() < until, self.logs()
            time.sleep(0.05)

    def info(self) -> dict[str, Any]:
        """Return what the scheduler tells of itself."""
        found: dict[str, Any] = json.loads(self.page("/json/identity.json"))
        return found

    def page(self, path: str) -> bytes:
        """Return a page of the scheduler; nothing for one that is not there."""
        until = time.monotonic() + _START_S
        while True:
            try:
                with urllib.request.urlopen(self.pages + path, timeout=30) as answer:
                    return bytes(answer.read())
            except urllib.error.HTTPError as error:
                if error.code == HTTPStatus.NOT_FOUND:
                    return b""
                assert time.monotonic() < until, self.logs()  # 500 while a worker or a task comes or goes
                time.sleep(0.05)

    def logs(self) -> str:
        """Return all that its processes have printed."""
        return "".join(file.read_text("utf-8") for file in sorted(self.folder.glob("*.log")))

    def end_workers(self) -> None:
        """Kill all workers."""
        for each in self.workers:
            each.kill()
            each.wait()
        self.workers = []

    def end(self) -> None:
        """Kill what was started."""
        self.end_workers()
        self.scheduler.kill()
        self.scheduler.wait()

    def _start(self, kind: str, *words: str, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HMS_", "HMSPLAN_"))}
        kept |= {"HOME": str(self.folder), "DASK_LOGGING__DISTRIBUTED": "debug", **env}
        number = len(list(self.folder.glob("*.log")))
        with (self.folder / f"{kind}-{number}.log").open("wb") as log:
            return subprocess.Popen([DASK, kind, *words], stdout=log, stderr=log, env=kept, cwd=self.folder)
