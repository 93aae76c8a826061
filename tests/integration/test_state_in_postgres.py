"""The command line with its state in a database: two folders are one stack, two applies are one writer."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from support.postgres_server import PASSWORD, SECRETIVE

from hmsplan.cli.root import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.postgres_server import PostgresServer

HMSPLAN = Path(sys.executable).with_name("hmsplan")
COUNT = 40
SLOW_POSTS = {"faults": [{"do": "delay", "seconds": 0.3, "method": "POST", "path": "/**"}]}
STANCE = {"rate_limit": None}


class Team:
    """Two checkouts of one stack, one organization, one database.

    Attributes:
        url: of the state.
    """

    def __init__(
        self,
        folders: tuple[Path, Path],
        postgres: PostgresServer,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.folders = folders
        self.postgres = postgres
        self.database = postgres.new_database()
        self.url = postgres.url("acme", database=self.database)
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def run(self, folder: int, *words: str | Path, **environ: str) -> Said:
        """Run a command, in this process."""
        self._capsys.readouterr()
        with self._monkeypatch.context() as patch:
            for name, value in {"HMSPLAN_STATE": self.url, **environ}.items():
                patch.setenv(name, value)
            code = run(["-C", str(self.folders[folder]), *map(str, words)])
        said = self._capsys.readouterr()
        return Said(code, said.out, said.err)

    def ok(self, folder: int, *words: str | Path, **environ: str) -> str:
        said = self.run(folder, *words, **environ)
        assert said.code == 0, said
        return said.out

    def pause_in_apply(self, folder: int) -> subprocess.Popen[str]:
        """Begin an apply in a process of its own, and stop it in the midst of it."""
        process = subprocess.Popen(
            [HMSPLAN, "-C", self.folders[folder], "apply", "-y"],
            env={**os.environ, "HMSPLAN_STATE": self.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 60
        while not self._bound():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGSTOP)
        return process

    def check_once(self) -> None:
        """Apply once more, and count: everything is there, once, and managed."""
        self.ok(1, "apply", "-y")
        coverage = json.loads(self.ok(1, "drift", "--json"))["coverage"]
        assert (coverage["managed"], coverage["total"]) == (COUNT, COUNT)

    def _bound(self) -> bool:
        try:
            rows = self.postgres.run("SELECT batch FROM hmsplan.journal", self.database)
        except psycopg.errors.UndefinedTable:
            return False
        return any(b'"bound"' in batch for (batch,) in rows)


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def team(
    postgres: PostgresServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Team]:
    """Start an emulator that takes its time with a POST."""
    for name, content in {"faults.json": SLOW_POSTS, "settings.json": STANCE}.items():
        (tmp_path / name).write_text(json.dumps(content))
    folders = (tmp_path / "alice", tmp_path / "bob")
    declared = "".join(f"  a{number}: {{name: Assistant {number}}}\n" for number in range(COUNT))
    for folder in folders:
        folder.mkdir()
        (folder / "hmsplan.yaml").write_text("version: 1\nstack: shared\nsafety: {settle_grace: 0s}\n")
        (folder / "assistants.yaml").write_text(f"assistants:\n{declared}")
    command: list[str | Path] = [HMSPLAN, "emulator", "--port", "0", "--json"]
    command += ["--faults", tmp_path / "faults.json", "--settings", tmp_path / "settings.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout is not None
        monkeypatch.setenv("HMS_SOVEREIGN_BASE_URL", json.loads(emulator.stdout.readline())["url"])
        monkeypatch.setenv("HMS_SOVEREIGN_API_KEY", "fl_team")
        yield Team(folders, postgres, capsys, monkeypatch)
        emulator.terminate()


def test_two_folders_share_one_state(team: Team) -> None:
    """What one applied, the other has nothing to do about, sees, saves as a plan, and operates on."""
    assert f"{COUNT} to add" in team.ok(0, "apply", "-y")
    assert "No changes" in team.ok(1, "apply", "-y")
    assert len(json.loads(team.ok(1, "state", "list", "--json"))) == COUNT
    assert '"name": "Assistant 7"' in team.ok(1, "state", "show", "assistants.a7")
    team.ok(1, "drift", "--detailed-exitcode")

    declared = (team.folders[1] / "assistants.yaml").read_text()
    (team.folders[1] / "assistants.yaml").write_text(declared.replace("Assistant 7}", "Assistant Seven}"))
    plan = team.folders[1] / "plan.json"
    assert "1 to change" in team.ok(1, "plan", "-o", plan)
    team.ok(1, "apply", plan, "-y")
    again = team.run(1, "apply", plan, "-y")
    assert again.code == 5
    assert "applied already" in again.err

    pulled = team.ok(0, "state", "pull")
    file = team.folders[0] / "pulled.json"
    file.write_text(pulled)
    team.ok(0, "state", "rm", "assistants.a8")
    assert "1 to adopt" in team.ok(1, "plan")
    assert "--force" in team.run(0, "state", "push", file).err
    team.ok(0, "state", "push", "--force", file)
    assert "No changes" in team.ok(1, "plan")
    assert json.loads(team.ok(1, "state", "pull"))["serial"] > json.loads(pulled)["serial"]
    assert "It was not locked" in team.run(0, "state", "unlock").err
    assert not (team.folders[0] / ".hmsplan").exists()


def test_of_two_applies_at_once_one_writes_and_the_other_exits_7(team: Team) -> None:
    """Reading goes on meanwhile, and nothing is made twice."""
    with team.pause_in_apply(0) as first:
        second = team.run(1, "apply", "-y")
        assert second.code == 7
        words = " ".join(second.err.split())
        assert re.search(rf"hmsplan apply by .* \(process {first.pid} on .* holds acme/default in postgresql://", words)
        assert " state unlock --force" in words
        assert team.run(1, "state", "unlock").code == 7
        assert team.run(1, "plan").code == 0
        first.send_signal(signal.SIGCONT)
        out, err = first.communicate(timeout=60)
        assert first.returncode == 0, (out, err)
    team.check_once()


def test_an_apply_whose_lock_is_forced_away_stops_and_loses_nothing(team: Team) -> None:
    """It keeps what it knows in a file; pushed, nothing is made twice."""
    with team.pause_in_apply(0) as first:
        assert "Unlocked; it was held by hmsplan apply" in team.run(1, "state", "unlock", "--force").err
        before = team.ok(1, "state", "pull")
        first.send_signal(signal.SIGCONT)
        out, err = first.communicate(timeout=60)
    assert first.returncode not in (0, 7), (out, err)
    assert "the lock of this run" in " ".join((out + err).split())
    assert team.ok(1, "state", "pull") == before
    rescued = team.folders[0] / "errored.state.json"
    assert rescued.stat().st_mode & 0o777 == 0o600
    team.ok(0, "state", "push", rescued)
    team.check_once()


def test_a_password_is_taken_from_the_environment_and_never_told(team: Team) -> None:
    """In the stack file it is refused; for a host that only the stack file names, it is not given away."""
    team.postgres.run(f'GRANT CREATE ON DATABASE "{team.database}" TO {SECRETIVE}')
    url = team.postgres.url("acme", user=SECRETIVE, database=team.database)
    team.ok(0, "state", "list", HMSPLAN_STATE=url, PGPASSWORD=PASSWORD)
    wrong = team.run(0, "plan", "-vvv", HMSPLAN_STATE=url.replace("@", f":no-{PASSWORD}@"))
    assert wrong.code == 1
    assert "password authentication failed" in wrong.err
    stack = team.folders[0] / "hmsplan.yaml"
    refused = {
        f"postgresql://me:{PASSWORD}@db.example.com/hmsplan": (3, "Secret in plain text"),
        "postgresql://db.example.com/hmsplan": (1, "Password is for no host"),
        f"postgresql:///hmsplan?host={team.postgres.folder}": (3, "Not possible here"),
    }
    for state, (code, words) in refused.items():
        stack.write_text(f'version: 1\nstack: shared\nstate: "{state}"\n')
        for command in ("state list", "plan", "state unlock"):
            done = team.run(0, *command.split(), HMSPLAN_STATE="", PGPASSWORD=PASSWORD)
            assert (done.code, words in done.err) == (code, True), done
            assert PASSWORD not in done.out + done.err
    assert PASSWORD not in wrong.out + wrong.err
