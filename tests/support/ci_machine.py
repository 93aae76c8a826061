"""A machine on which the jobs of a CI run: a git repository, the real hmsplan, and an organization on the emulator.

The only stand-in among the programs is ``python -I -m pip install``, which writes down what it is asked for: hmsplan is
there already.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.emulator import Emulator

PLAN_KEY: Final = "fl_test_c4nary-plan"
APPLY_KEY: Final = "fl_test_c4nary-apply"
_DASHBOARD_KEY: Final = "fl_test_dashboard"
TIMEOUT_S: Final = 120
_GIT: Final = ("git", "-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")


@dataclass(slots=True)
class Job:
    """What a job left behind.

    Attributes:
        result: success, failure or skipped.
        code: the exit code of the script that failed, else 0.
        files: what it kept for others, by name.
        reports: what GitLab shows of it, by kind.
        installed: what pip was asked for.
    """

    result: str = "skipped"
    code: int = 0
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    reports: dict[str, str] = field(default_factory=dict)
    installed: list[str] = field(default_factory=list)


class Machine:
    """Runs scripts as CI does, and knows the repository and the organization."""

    def __init__(self, folder: Path, api: str, emulator: Emulator) -> None:
        organization = emulator.organization(PLAN_KEY)
        with emulator.app.store.transaction(write=True):
            for key in (APPLY_KEY, _DASHBOARD_KEY):
                emulator.app.store.add_key(key, organization, issued=False)
        self.folder = folder
        self.repository = folder / "repository"
        self.api = api
        self.runs = 0
        bin_folder = folder / "bin"
        for path in (self.repository, bin_folder):
            path.mkdir(parents=True)
        installs = folder / "installs"
        scripts = {
            "hmsplan": f'exec "{sys.executable}" -c "from hmsplan.cli import main; main()" "$@"',
            "python": f'if [[ "$*" == "-I -m pip install "* ]]; then echo "${{@: -1}}" >> "{installs}"; exit 0; fi\n'
            f'exec "{sys.executable}" "$@"',
        }
        for name, script in scripts.items():
            (bin_folder / name).write_text(f"#!/bin/bash\n{script}\n", "utf-8")
            (bin_folder / name).chmod(0o755)
        self.installs = installs
        self.environ = {
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "HMS_SOVEREIGN_BASE_URL": api,
            "CI": "true",
        }
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        done = subprocess.run([*_GIT, *words], cwd=self.repository, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, files: dict[str, str | None], branch: str = "main") -> str:
        """Write files (None: delete) on a branch, which begins at main; return the commit."""
        if self.git("symbolic-ref", "--short", "HEAD") != branch:
            known = self.git("branch", "--list", branch)
            self.git("checkout", "-q", *([branch] if known else ["-b", branch, "main"]))
        for name, text in files.items():
            path = self.repository / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str) -> str:
        """Merge a branch into main; return the merge commit."""
        self.git("checkout", "-q", "main")
        self.git("merge", "-q", "--no-ff", "-m", "merge", branch)
        return self.git("rev-parse", "HEAD")

    def check_out(self, commit: str, into: Path) -> None:
        """Write the files of a commit or tree into a folder."""
        into.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(["git", "archive", commit], cwd=self.repository, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", str(into)], input=packed, check=True)

    def new_folder(self, name: str) -> Path:
        self.runs += 1
        made = self.folder / f"{self.runs:03}-{name}"
        made.mkdir()
        return made

    def shell(self, script: str, cwd: Path, environ: dict[str, str], *options: str) -> tuple[int, str]:
        """Run a script; return its exit code and what it said, both streams in one."""
        file = self.new_folder("script") / "script.sh"
        file.write_text(script, "utf-8")
        return self.program(["bash", *options, str(file)], cwd, environ)

    def program(self, command: list[str], cwd: Path, environ: dict[str, str]) -> tuple[int, str]:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=self.environ | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=False,
        )
        return done.returncode, done.stdout

    def installed(self) -> list[str]:
        """What pip was asked for since the last time."""
        lines = self.installs.read_text("utf-8").splitlines() if self.installs.exists() else []
        self.installs.unlink(missing_ok=True)
        return lines

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the organization, as somebody in the dashboard."""
        headers = {"Authorization": f"Bearer {_DASHBOARD_KEY}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.api}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.loads(answer.read())

    def assistants(self) -> dict[str, dict[str, Any]]:
        """The live assistants by name."""
        return {each["name"]: each for each in self.call("GET", "/assistants")["assistants"]}
