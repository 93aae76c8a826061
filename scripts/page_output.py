"""Run the commands of the pages and write what they print back into them: ``make docs``. A test runs them too.

A page is one session in a folder of its own, from top to bottom, with an emulator behind the API key:

- a block with the path of a file above it, as in "`numbers.yaml`:", is written to that file;
- a ``console`` block below ``<!-- run -->`` is run, and what each command prints replaces the lines below it: stdout,
  and stderr of a command that fails. ``<!-- run last 4 -->`` keeps the last four lines of each;
- ``<!-- prepare`` and ``<!-- dashboard`` do what the text tells in words: commands, and an edit by somebody else.

Ids, digests and times differ from run to run. Where nothing else does, what stands in the page stays.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hmsplan.emulator import Emulator, Settings, running

DOCS: Final = Path(__file__).parents[1] / "docs"
KEY: Final = "fl_live_example"
OURS: Final = ("HMS_", "HMSPLAN_", "_HMSPLAN", "GITHUB_", "CI", "FORCE_COLOR", "NO_COLOR", "PYTEST")
PARTS: Final = re.compile(
    r"^`(?P<path>[\w./-]+)`:\n\n```\w+\n(?P<content>.*?)^```$"
    r"|^<!-- run(?: last (?P<last>\d+))? -->\n```console\n(?P<console>.*?)^```$"
    r"|^<!-- prepare\n(?P<prepare>.*?)^-->$"
    r"|^<!-- dashboard (?P<kind>\w+) \"(?P<name>[^\"]+)\" (?P<field>\w+)=\"(?P<value>[^\"]+)\" -->$",
    re.MULTILINE | re.DOTALL,
)
CHANCE: Final = (
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
    (r"(sha256|intent|fleet|organization):[0-9a-f]{64}", "DIGEST"),
    (r"\d{4}-\d\d-\d\d( |T)\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?", "TIME"),
    (r"\d{4}-\d\d-\d\d", "DAY"),
    (r"Requests: .*", "REQUESTS"),
    (r"127\.0\.0\.1:\d+", "HOST"),
    (r"\d+(\.\d+)? ?m?s\b", "DURATION"),
)


def pages() -> list[Path]:
    """Return the pages that have something to run."""
    return [path for path in sorted(DOCS.rglob("*.md")) if "<!-- run" in path.read_text("utf-8")]


def rewrite(page: str, folder: Path) -> str:
    """Return a page with what its commands print now.

    Args:
        page: as it stands.
        folder: an empty one, where it is run.
    """
    with (
        Emulator(settings=Settings(rate_limit=None, call_connect_s=0.0, call_length_s=3600.0)) as emulator,
        running(emulator) as url,
    ):
        return PARTS.sub(Session(emulator, url, folder).play, page)


class Session:
    """A shell, as far as a page needs one."""

    def __init__(self, emulator: Emulator, url: str, folder: Path) -> None:
        self._emulator = emulator
        self._top = self._folder = folder.resolve()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        ours = {"HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": KEY, "COLUMNS": "80", "HOME": str(self._top)}
        self._environ = {**kept, **ours, **dict.fromkeys(("LOGNAME", "USER"), "ann"), "PATH": path}
        self._code = 0

    def play(self, part: re.Match[str]) -> str:
        """Do what one part of a page asks, and return what stands there afterwards."""
        if part["path"] is not None:
            file = self._folder / part["path"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(part["content"], "utf-8")
            return part[0]
        if part["kind"] is not None:
            (found,) = (each for each in self._emulator.all(part["kind"], key=KEY) if each["name"] == part["name"])
            self._emulator.edit(part["kind"], found["id"], {part["field"]: part["value"]})
            return part[0]
        if part["prepare"] is not None:
            for command in commands(part["prepare"]):
                said = self.run(command)
                if self._code:
                    raise SystemExit(f"$ {command}\n{said}")
            return part[0]
        shown = "".join(
            f"$ {command}\n{_last(self.run(command), part['last'])}" for command in commands(part["console"])
        )
        return part[0] if masked(shown) == masked(part["console"]) else part[0].replace(part["console"], shown)

    def run(self, command: str) -> str:
        """Run one command; where it leaves the shell, the next one starts."""
        if setting := re.fullmatch(r"export (\w+)=(\S+)", command):
            self._environ[setting[1]] = setting[2]
            return ""
        if command == "echo $?":
            return f"{self._code}\n"
        where = self._top / ".where"
        done = subprocess.run(  # noqa: S603 -- what the pages of this repository say
            ["/bin/sh", "-c", f'{command}\ncode=$?; pwd > "{where}"; exit $code'],
            cwd=self._folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self._folder, self._code = Path(where.read_text("utf-8").strip()), done.returncode
        said = done.stdout + (done.stderr if done.returncode else "")
        said = said.replace(f"@{socket.gethostname()}", "@laptop")
        return re.sub(r"[ \t]+$", "", said.replace(str(self._top), "~"), flags=re.MULTILINE)


def commands(block: str) -> list[str]:
    """Return what is typed in a block."""
    return re.findall(r"^\$ (.+)", block, re.MULTILINE)


def masked(text: str) -> str:
    """Return a text without what differs from run to run."""
    for pattern, word in CHANCE:
        text = re.sub(pattern, word, text)
    return text


def _last(text: str, lines: str | None) -> str:
    said = text.splitlines(keepends=True)
    return text if lines is None or len(said) <= int(lines) else "…\n" + "".join(said[-int(lines) :]).lstrip("\n")


if __name__ == "__main__":
    for file in pages():
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            file.write_text(rewrite(file.read_text("utf-8"), folder), "utf-8")
