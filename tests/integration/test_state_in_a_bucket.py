"""The command line with its state in an object store: one writer, readers undisturbed, and the way there and back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.s3_server import SECRET

from hmsplan.cli.root import run
from hmsplan.emulator import Emulator, Settings, running
from hmsplan.state.backend import Backend
from hmsplan.state.bucket.objects import Objects
from hmsplan.state.bucket.storage import BucketStorage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.s3_server import S3Server

HMSPLAN = Path(sys.executable).with_name("hmsplan")
COUNT = 30
STACK = "version: 1\nstack: bucket\nstate: {}\nsafety: {{settle_grace: 1s}}\n"


@dataclass(frozen=True)
class Site:
    """A stack whose state is in a bucket.

    Attributes:
        environ: of every command that is a process of its own.
    """

    root: Path
    url: str
    environ: dict[str, str]

    def begin(self, *words: str) -> subprocess.Popen[str]:
        command: list[str | Path] = [HMSPLAN, "-C", self.root, *words]
        return subprocess.Popen(command, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *words: str) -> tuple[int | None, str, str]:
        process = self.begin(*words)
        out, told = process.communicate(timeout=120)
        return process.returncode, out, told

    def ok(self, *words: str) -> str:
        code, out, told = self.run(*words)
        assert code == 0, out + told
        return out + told


def make(root: Path, s3: S3Server, count: int) -> Site:
    root.mkdir()
    url = s3.url(uuid.uuid4().hex)
    (root / "hmsplan.yaml").write_text(STACK.format(url))
    declared = "".join(f"  a{number}: {{name: Assistant {number}}}\n" for number in range(count))
    (root / "assistants.yaml").write_text(f"assistants:\n{declared}")
    return Site(root, url, dict(os.environ))


class Inside(Site):
    """A stack of three assistants and an emulator; its commands run in this process, which is quicker."""

    capsys: pytest.CaptureFixture[str]

    def run(self, *words: str) -> tuple[int | None, str, str]:
        code = run(["-C", str(self.root), *words])
        out, told = self.capsys.readouterr()
        assert SECRET not in out + told
        return code, out, told


@pytest.fixture
def site(
    tmp_path: Path, s3: S3Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Inside]:
    Inside.capsys = capsys
    made = make(tmp_path / "stack", s3, 3)
    with Emulator(settings=Settings(rate_limit=None)) as emulator, running(emulator) as url:
        monkeypatch.setenv("HMS_SOVEREIGN_BASE_URL", url)
        monkeypatch.setenv("HMS_SOVEREIGN_API_KEY", "fl_bucket")
        yield Inside(made.root, made.url, made.environ)


@pytest.fixture
def slow(tmp_path: Path, s3: S3Server) -> Iterator[Site]:
    """A larger stack, and an emulator of its own that takes its time."""
    made = make(tmp_path / "stack", s3, COUNT)
    faults = {"faults": [{"do": "delay", "seconds": 0.5, "method": "POST", "path": "/**"}]}
    (tmp_path / "faults.json").write_text(json.dumps(faults))
    command: list[str | Path] = [HMSPLAN, "emulator", "--port", "0", "--json", "--faults", tmp_path / "faults.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout is not None
        url = json.loads(emulator.stdout.readline())["url"]
        environ = {**made.environ, "HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": "fl_bucket"}
        yield Site(made.root, made.url, environ)
        emulator.terminate()


def test_of_two_applies_one_writes_and_readers_go_on(slow: Site) -> None:
    """The other is refused with exit code 7 and told who; plans work meanwhile, and nothing is made twice."""
    journal = Objects(f"{slow.url}/default")
    applying = slow.begin("apply", "-y")
    deadline = time.monotonic() + 60
    while len(journal.names("journal")) < 3:
        assert applying.poll() is None, applying.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    applying.send_signal(signal.SIGSTOP)  # or it might end before the others have begun
    code, _, told = slow.run("apply", "-y")
    assert (code, f"process {applying.pid} on" in told) == (7, True), told
    slow.ok("plan")
    applying.send_signal(signal.SIGCONT)
    out, told = applying.communicate(timeout=60)
    assert applying.returncode == 0, told
    assert f"{COUNT} added" in out
    assert slow.run("plan", "--detailed-exitcode")[0] == 0
    assert len(slow.ok("state", "list").splitlines()) == COUNT


def test_every_command_of_the_state_works_on_a_bucket(site: Site) -> None:
    site.ok("apply", "-y")
    assert len(site.ok("state", "list").splitlines()) == 3
    assert "Assistant 0" in site.ok("state", "show", "assistants.a0")
    pulled = site.root / "pulled.state"
    pulled.write_text(site.run("state", "pull")[1])
    site.ok("state", "mv", "assistants.a0", "assistants.b0")
    site.ok("state", "rm", "assistants.a1")
    assert "assistants.b0" in site.ok("state", "list")
    assert site.run("state", "push", str(pulled))[0] == 1
    site.ok("state", "push", "--force", str(pulled))
    site.ok("plan", "--detailed-exitcode")
    assert "not locked" in site.ok("state", "unlock")
    with Backend(BucketStorage(site.url, "default")).lock("apply by alice"):
        assert site.run("apply", "-y")[0] == 7
        assert site.run("state", "unlock")[0] == 7
        assert "apply by alice" in site.ok("state", "unlock", "--force")


def test_a_state_moves_to_a_folder_and_back(site: Site) -> None:
    """The plan is empty wherever the state is, and what is to be typed next is told."""
    site.ok("apply", "-y")
    told = site.ok("state", "migrate", site.url, "file")
    assert f"hmsplan -C {site.root} --state file plan" in told
    assert "is as it was" in told
    site.ok("--state", "file", "plan", "--detailed-exitcode")
    site.ok("--state", "file", "state", "rm", "assistants.a1")
    code, _, told = site.run("state", "migrate", site.url, "file")
    assert (code, "does not continue" in " ".join(told.split())) == (1, True)
    site.ok("state", "migrate", "file", site.url)
    assert "assistants.a1" not in site.ok("state", "list")


def test_without_the_server_nothing_is_taken_for_empty(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that cannot read the state fails; it does not offer to make everything anew."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    code, out, told = site.run("plan")
    assert (code, out) == (1, "")
    assert "there is no connection" in told
