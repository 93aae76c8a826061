"""Real processes: an apply that is stopped, unlocked by a colleague and woken again sends nothing more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.stores import Store

HMSPLAN = Path(sys.executable).with_name("hmsplan")
COUNT = 60
DELAY_S = 0.3
SLOW = {"faults": [{"do": "delay", "seconds": DELAY_S, "method": "PATCH|DELETE", "path": "/**"}]}
STANCE = {"rate_limit": None}
STACK = "version: 1\nstack: stopped\nsafety: {settle_grace: 1s}\n"

UPDATE: tuple[str, ...] = ()
DELETE = ("--destroy", "--allow", "*")
"""What is typed after ``apply -y``, so that it sends nothing but that."""


@dataclass(frozen=True)
class Site:
    """A stack, and an emulator that takes its time for each PATCH and DELETE."""

    root: Path
    environ: dict[str, str]

    def declare(self, greeting: str) -> None:
        lines = (f"  a{number}: {{name: Assistant {number}, first_message: {greeting}}}\n" for number in range(COUNT))
        (self.root / "assistants.yaml").write_text("assistants:\n" + "".join(lines))

    def begin(self, *words: str) -> subprocess.Popen[str]:
        command: list[str | Path] = [HMSPLAN, "-C", self.root, *words]
        return subprocess.Popen(command, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ok(self, *words: str) -> str:
        process = self.begin(*words)
        out, told = process.communicate(timeout=120)
        assert process.returncode == 0, out + told
        return out + told

    def written(self) -> int:
        """Count the assistants that are not as they were: changed or deleted."""
        request = urllib.request.Request(
            f"{self.environ['HMS_SOVEREIGN_BASE_URL']}/assistants",
            headers={"Authorization": f"Bearer {self.environ['HMS_SOVEREIGN_API_KEY']}"},
        )
        with urllib.request.urlopen(request) as answer:
            found = [assistant["first_message"] for assistant in json.load(answer)["assistants"]]
        return COUNT - found.count("Hello")

    def settled(self) -> int:
        """Count again once nothing is on its way any more."""
        count = self.written()
        while True:
            time.sleep(2 * DELAY_S)
            before, count = count, self.written()
            if count == before:
                return count


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    store: Store = request.getfixturevalue(request.param)
    root = tmp_path / "stack"
    root.mkdir()
    (root / "hmsplan.yaml").write_text(STACK)
    for name, content in {"faults.json": SLOW, "settings.json": STANCE}.items():
        (tmp_path / name).write_text(json.dumps(content))
    command: list[str | Path] = [HMSPLAN, "emulator", "--port", "0", "--json"]
    command += ["--faults", tmp_path / "faults.json", "--settings", tmp_path / "settings.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout is not None
        url = json.loads(emulator.stdout.readline())["url"]
        yield Site(
            root,
            {
                **os.environ,
                "HMS_SOVEREIGN_BASE_URL": url,
                "HMS_SOVEREIGN_API_KEY": "fl_stopped",
                "HMSPLAN_STATE": store.url,
            },
        )
        emulator.terminate()


@pytest.mark.parametrize(
    ("site", "words"),
    [("file_store", UPDATE), ("file_store", DELETE), ("postgres_store", UPDATE), ("bucket_store", DELETE)],
    indirect=["site"],
)
def test_an_apply_that_was_stopped_and_unlocked_sends_nothing_more_when_it_is_woken(
    site: Site, words: tuple[str, ...]
) -> None:
    """What was on its way when it was stopped arrives; at most one write more may follow, of the dozens that are left.

    It says why it stopped, and what it did is not lost: once that is pushed, the next apply does the rest.
    """
    site.declare("Hello")
    site.ok("apply", "-y")
    site.declare("Good morning")
    applying = site.begin("apply", "-y", *words)
    while site.written() < COUNT // 3:  # more than go out at once, so that some are done and written down
        assert applying.poll() is None, applying.communicate()
        time.sleep(0.02)
    applying.send_signal(signal.SIGSTOP)
    before = site.settled()
    assert before < COUNT - 10
    assert f"process {applying.pid} on" in site.ok("state", "unlock", "--force")
    applying.send_signal(signal.SIGCONT)
    out, told = applying.communicate(timeout=120)
    assert site.settled() - before <= 1
    assert applying.returncode == 6, out + told
    assert "the lock of this run was taken away" in out + told
    site.ok("state", "push", str(site.root / "errored.state.json"))
    (site.root / "errored.state.json").unlink()
    site.ok("apply", "-y", *words)
    assert site.written() == COUNT
    site.ok("plan", "--detailed-exitcode", *words[:1])
