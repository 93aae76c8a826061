"""In a workflow, GitHub is told what to mask before anything else is said, and never through a file."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from canaries.leaks import canary, found

if TYPE_CHECKING:
    from pathlib import Path

    from canaries.leaks import Canary

COMMAND = "::add-mask::"
MAIN = "from hmsplan.cli import main; main()"
SHORT = "Ab3$x"
PEM = "-----BEGIN KEY-----\nMIIc4nary+/line\n}\n-----END KEY-----"
HOOK, TOOL, SIP = canary("hook"), canary("tool, 100% %0A"), canary("sip")
STACK = """\
assistants:
  a:
    name: A
    webhook_secret: ${secret:hook}
    llm_config:
      provider: openai
      model: gpt-5.4
      tools:
        - {name: t, description: T, server: {url: "https://a.example", secret: "${secret:tool}"}}
        - {name: u, description: U, server: {url: "https://a.example", secret: "${secret:short}"}}
        - {name: v, description: V, server: {url: "https://a.example", secret: "${secret:pem}"}}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    (tmp_path / "hmsplan.yaml").write_text("version: 1\nstack: masks\n")
    (tmp_path / "a.yaml").write_text(STACK)
    return tmp_path


def plan(stack: Path, shell: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a plan against the emulator as a step of a workflow would, with a pipe for each stream."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("HMS", "GITHUB_", "CI"))}
    values = {"HOOK": HOOK.value, "TOOL": TOOL.value, "SHORT": SHORT, "PEM": PEM, "UNUSED": SIP.value}
    secrets = {f"HMSPLAN_SECRET_{name}": value for name, value in values.items()}
    environ = {**ours, **secrets, "GITHUB_ACTIONS": "true", "PYTHON": sys.executable, "MAIN": MAIN, **more}
    command = shell.replace("hmsplan", '"$PYTHON" -c "$MAIN" plan --emulator --json')
    done = subprocess.run(
        ["bash", "-c", command], cwd=stack, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done
    return done


def masks(text: str) -> list[str]:
    """Read commands as the runner does."""
    data = [line.removeprefix(COMMAND) for line in text.splitlines() if line.startswith(COMMAND)]
    return [each.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%") for each in data]


def masked(text: str, told: list[str]) -> str:
    """Return what the log would show of *text*."""
    for each in sorted(told, key=len, reverse=True):
        text = text.replace(each, "***")
    return text


def test_every_secret_is_masked_in_every_form_and_the_result_stays_whole(stack: Path) -> None:
    done = plan(stack, "hmsplan")
    assert json.loads(done.stdout)["format_version"] == "1.2"
    told = masks(done.stderr)
    lines = done.stderr.splitlines()
    assert all(line.startswith(COMMAND) for line in lines[: len(told)])  # before anything else
    for bird in (HOOK, TOOL):
        check_masked(bird, told)
    assert not any(len(each) < 6 for each in told)
    assert SHORT not in told
    assert {"-----BEGIN KEY-----", "MIIc4nary+/line", "-----END KEY-----"} <= set(told)
    assert base64.b64encode(PEM.encode()).decode()[:-4] in "".join(told)
    assert not found("".join(told).encode(), [SIP])  # nothing uses it, so nothing can show it
    assert not found(masked("\n".join(lines[len(told) :]), told).encode(), [HOOK, TOOL, SIP])


def check_masked(bird: Canary, told: list[str]) -> None:
    value = bird.value
    packed = [base64.b64encode(b"abc"[:shift] + value.encode() + b"xyz").decode() for shift in range(3)]
    forms = [value, quote(value, safe=""), json.dumps(value), *packed]
    for form in [*forms, *(each.replace("+", "-").replace("/", "_") for each in packed)]:
        assert not found(masked(form, told).encode(), [bird]), form


@pytest.mark.parametrize(
    "shell",
    ["hmsplan 2> err.txt", "hmsplan 2>&1 | tee out.txt", "hmsplan > out.txt 2>&1", "hmsplan > out.txt 2> err.txt"],
)
def test_no_mask_is_written_where_it_would_be_kept(stack: Path, shell: str) -> None:
    """A file, or the pipe that carries the result, would hold the secrets in clear."""
    done = plan(stack, shell)
    kept = "".join(file.read_text() for file in stack.glob("*.txt"))
    assert COMMAND not in done.stdout + done.stderr + kept
    assert not found((done.stdout + kept).encode(), [HOOK, TOOL])


def test_a_result_in_a_file_still_masks_the_log(stack: Path) -> None:
    done = plan(stack, "hmsplan > out.json")
    assert masks(done.stderr)
    assert COMMAND not in (stack / "out.json").read_text()


@pytest.mark.parametrize("elsewhere", ["", "false"])
def test_nobody_else_is_told(stack: Path, elsewhere: str) -> None:
    done = plan(stack, "hmsplan", GITHUB_ACTIONS=elsewhere)
    assert COMMAND not in done.stdout + done.stderr
