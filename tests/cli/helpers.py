"""Running a command and keeping what it said; a stack that is small and has everything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hmsplan.cli.root import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pytest

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "examples" / "stack"
KEY = "fl_test_0123456789"
SECRETS = EXAMPLE / "secrets.example.env"

MAIN = "from hmsplan.cli import main; main()"

STACK = """\
version: 1
stack: small
safety: {settle_grace: 0s}
"""
ASSISTANT = """\
assistants:
  support: {name: Support, first_message: Hello}
"""
NUMBER = """\
numbers:
  main:
    phone_number: "+31850000001"
    agent_id: ${assistants.support}
    lifecycle: {prevent_destroy: true}
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Cli:
    """Runs commands in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *args: str | Path, **env: str) -> Result:
        self._capsys.readouterr()
        with self._monkeypatch.context() as patch:
            for name, value in env.items():
                patch.setenv(name, value)
            code = run([str(arg) for arg in args])
        said = self._capsys.readouterr()
        return Result(code, said.out, said.err)

    def ok(self, *args: str | Path, **env: str) -> str:
        """Run a command that has to succeed; return what it printed."""
        result = self(*args, **env)
        assert result.code == 0, result
        return result.out


def write(root: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return root


def is_ours(name: str) -> bool:
    return name.startswith(("HMS_", "HMSPLAN_", "_HMSPLAN"))


def environment(**env: str) -> dict[str, str]:
    """Return the variables of this process without any that means something to hmsplan, and *env*."""
    ours = {name for name in os.environ if is_ours(name)} | {"CI", "NO_COLOR", "FORCE_COLOR"}
    return {**{name: value for name, value in os.environ.items() if name not in ours}, **env}


@contextmanager
def started(*args: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command with a key, and end it with the block."""
    command = [sys.executable, "-c", MAIN, *args]
    environ = environment(HMS_SOVEREIGN_API_KEY=KEY, **env)
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def process(*args: str, code: str = MAIN, **env: str) -> Result:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *args],
        env=environment(**env),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def subcommands(command: click.Command) -> dict[str, click.Command]:
    """Return the commands of a group, those that are imported late too; none of what is no group."""
    if not isinstance(command, click.Group):
        return {}
    context = click.Context(command)
    found = {name: command.get_command(context, name) for name in command.list_commands(context)}
    return {name: each for name, each in found.items() if each is not None}
