"""A storage that refuses the state in the middle of an apply: nothing done is lost, and nothing is done twice."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import stat
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.s3_server import SECRET, s3_server

from hmsplan.formats.state_file import parse
from hmsplan.state.bucket.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HMSPLAN = Path(sys.executable).with_name("hmsplan")
COUNT = 40
STANCE = {"rate_limit": None}
SLOW_POSTS = {"faults": [{"do": "delay", "seconds": 0.2, "method": "POST", "path": "/**"}]}


@dataclass
class Site:
    """A stack, and an emulator of its own that takes its time.

    Attributes:
        environ: of every command.
        place: what ``--state`` names.
    """

    root: Path
    environ: dict[str, str]
    place: str = "file"
    began: list[subprocess.Popen[str]] = field(default_factory=list)

    def words(self, *words: str) -> list[str]:
        return [str(HMSPLAN), "-C", str(self.root), "--state", self.place, *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.words(*words), env=self.environ, capture_output=True, text=True, check=False)

    def begin_apply(self, is_amidst: Callable[[], bool]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            self.words("apply", "-y"), env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.began.append(process)
        deadline = time.monotonic() + 60
        while not is_amidst():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return process

    def check_kept(self, code: int, out: str, told: str) -> str:
        """Look at what an apply left whose storage went away; returns the command that it told."""
        done, failed = map(int, re.findall(r"(\d+) done, (\d+) failed", out)[0])
        assert 0 < done < COUNT, out
        assert failed > 0, out
        assert code == 6
        file = self.root / "errored.state.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert str(file) in told
        assert hashlib.sha256(file.read_bytes()).hexdigest() in told
        assert len(parse(file.read_bytes()).bindings) >= done
        assert SECRET not in out + told
        command = next(line.strip() for line in told.splitlines() if line.startswith("    hmsplan "))
        assert shlex.split(command)[-3:] == ["state", "push", str(file)]
        return command

    def push(self, command: str) -> None:
        words = [str(HMSPLAN), *shlex.split(command)[1:]]
        pushed = subprocess.run(words, env=self.environ, capture_output=True, text=True, check=False)
        assert pushed.returncode == 0, pushed.stderr

    def check_converges(self) -> None:
        """Apply again, and count: every assistant is there once, and nothing is left to do."""
        applied = self.run("apply", "-y")
        assert applied.returncode == 0, applied
        assert self.run("plan", "--detailed-exitcode").returncode == 0
        self.check_all_there_once()

    def check_all_there_once(self) -> None:
        request = urllib.request.Request(
            f"{self.environ['HMS_SOVEREIGN_BASE_URL']}/assistants?limit=100",
            headers={"Authorization": f"Bearer {self.environ['HMS_SOVEREIGN_API_KEY']}"},
        )
        with urllib.request.urlopen(request) as answer:
            names = re.findall(r'"name": ?"(Assistant \d+)"', answer.read().decode())
        assert sorted(names) == sorted(f"Assistant {number}" for number in range(COUNT))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    root = tmp_path / "stack"
    root.mkdir()
    (root / "hmsplan.yaml").write_text("version: 1\nstack: refused\nsafety: {settle_grace: 1s}\n")
    text = "Goedendag. " * 80
    declared = "".join(f'  a{n}: {{name: Assistant {n}, first_message: "{text}"}}\n' for n in range(COUNT))
    (root / "assistants.yaml").write_text(f"assistants:\n{declared}")
    for name, content in {"faults.json": SLOW_POSTS, "settings.json": STANCE}.items():
        (tmp_path / name).write_text(json.dumps(content))
    command: list[str | Path] = [HMSPLAN, "emulator", "--port", "0", "--json"]
    command += ["--faults", tmp_path / "faults.json", "--settings", tmp_path / "settings.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout is not None
        url = json.loads(emulator.stdout.readline())["url"]
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HMSPLAN_"))}
        made = Site(root, {**environ, "HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": "fl_refused"})
        yield made
        for process in made.began:
            process.kill()
            process.communicate()
        emulator.terminate()


def journal_of(folder: Path) -> Callable[[], bool]:
    def is_amidst() -> bool:
        journal = folder / "journal.jsonl"
        return journal.exists() and journal.read_bytes().count(b'"bound"') > 3

    return is_amidst


FULL_DISK = """
mount -t tmpfs -o size=96k tmpfs "$FOLDER" || exit 77
"$@" apply -y > "$OUT" 2> "$TOLD"
echo "apply $?"
"$@" plan > /dev/null 2> "$REFUSED"
echo "plan $?"
mount -o remount,size=16m "$FOLDER"
"$@" state push "$KEPT" > /dev/null 2>&1
echo "push $?"
"$@" apply -y > /dev/null 2>&1
echo "again $?"
"$@" plan --detailed-exitcode > /dev/null 2>&1
echo "at rest $?"
"""


def test_a_full_disk_loses_nothing(site: Site, tmp_path: Path) -> None:
    """The state is on a small disk of its own; once there is room again, the kept state is pushed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    site.place = str(folder)
    names = {name: str(tmp_path / name.lower()) for name in ("OUT", "TOLD", "REFUSED")}
    names |= {"FOLDER": str(folder), "KEPT": str(site.root / "errored.state.json")}
    if subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", folder], check=False).returncode:
        pytest.skip("this system lets nobody mount a disk of his own")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", FULL_DISK, "sh", *site.words()],
        env={**site.environ, **names},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["apply 6", "plan 1", "push 0", "again 0", "at rest 0"], done
    told = Path(names["TOLD"]).read_text()
    assert "No space left on device" in told
    site.check_kept(6, Path(names["OUT"]).read_text(), told)
    assert "state push" in Path(names["REFUSED"]).read_text()
    site.check_all_there_once()


def test_a_folder_that_goes_away_loses_nothing(site: Site, tmp_path: Path) -> None:
    """As that of a network disk does: in the middle of an apply there is no folder any more."""
    folder = tmp_path / "share" / "default"
    site.place = str(folder.parent)
    process = site.begin_apply(journal_of(folder))
    folder.rename(tmp_path / "gone")
    folder.write_text("in its place")
    out, told = process.communicate(timeout=60)
    command = site.check_kept(process.returncode, out, told)
    folder.unlink()
    (tmp_path / "gone").rename(folder)
    refused = site.run("apply", "-y")
    assert refused.returncode == 1
    assert "State is not up to date" in refused.stderr
    assert f"    {command}\n" in refused.stderr
    site.push(command)
    site.check_converges()


def test_a_state_that_fits_nowhere_is_told_itself(site: Site) -> None:
    """No file can grow any more, neither the state nor the one that would keep it: the last resort is the terminal."""
    most = [word for number in range(COUNT - 10) for word in ("--target", f"assistants.a{number}")]
    assert site.run("apply", "-y", *most).returncode == 0
    words = shlex.join(site.words("apply", "-y"))
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 20; exec {words}"], env=site.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode in {1, 6}, done  # as far as it came before its journal was full
    assert "No file could be written either" in done.stderr
    kept = site.root / "errored.state.json"
    assert not kept.exists()
    kept.write_text(done.stderr[done.stderr.index("\n   {\n") :])
    site.push(f"hmsplan -C {site.root} --state file state push {kept}")
    site.check_converges()


def test_a_server_that_dies_loses_nothing(site: Site) -> None:
    """The object store is killed in the middle of an apply, and another one, empty, takes its place."""
    with s3_server() as first:
        site.place = first.url("refused")
        site.environ |= first.environ
        with pytest.MonkeyPatch.context() as here:
            for name, value in first.environ.items():
                here.setenv(name, value)
            objects = Objects(f"{site.place}/default")
        process = site.begin_apply(lambda: len(objects.names("journal")) > 8)  # it has begun, and some is done
        first.kill()
        out, told = process.communicate(timeout=120)
        command = site.check_kept(process.returncode, out, told)
    with s3_server() as second:
        site.environ |= second.environ
        refused = site.run("plan")
        assert refused.returncode == 1
        assert "state push" in refused.stderr
        site.push(command)
        site.check_converges()


def test_a_kept_state_is_no_resource(site: Site) -> None:
    """Whatever the stack includes; and once it is pushed, its file is in nobody's way."""
    stack = site.root / "hmsplan.yaml"
    stack.write_text('version: 1\nstack: refused\ninclude: ["**/*"]\n')
    (site.root / "errored.state.json").write_bytes(
        b'{"format_version":1,"lineage":"x","serial":1,"organization":null,"bindings":{},"deposed":[],"intents":[],"spent":[]}'
    )
    checked = site.run("validate")
    assert checked.returncode == 0, checked.stderr + checked.stdout
