"""Real processes that get real signals: the first finishes what is in flight, the second stops, and nothing is lost."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hmsplan.state.backend import open_backend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.model import State

HMSPLAN = Path(sys.executable).with_name("hmsplan")
COUNT = 60
SLOW_POSTS = {"faults": [{"do": "delay", "seconds": 0.4, "method": "POST", "path": "/**"}]}
STANCE = {"rate_limit": None}


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Start an emulator of its own that takes its time; yields the environment to reach it."""
    for name, content in {"faults.json": SLOW_POSTS, "settings.json": STANCE}.items():
        (tmp_path / name).write_text(json.dumps(content))
    command: list[str | Path] = [HMSPLAN, "emulator", "--port", "0", "--json"]
    command += ["--faults", tmp_path / "faults.json", "--settings", tmp_path / "settings.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout is not None
        url = json.loads(emulator.stdout.readline())["url"]
        yield {**os.environ, "HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": "fl_signals"}
        emulator.terminate()


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    root = tmp_path / "stack"
    root.mkdir()
    (root / "hmsplan.yaml").write_text("version: 1\nstack: signals\nsafety: {settle_grace: 1s}\n")
    declared = "".join(f"  a{number}: {{name: Assistant {number}}}\n" for number in range(COUNT))
    (root / "assistants.yaml").write_text(f"assistants:\n{declared}")
    return root


def run(root: Path, environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HMSPLAN, "-C", root, *words], env=environ, capture_output=True, text=True, check=False)


def begin(root: Path, environ: dict[str, str], *shell: str) -> subprocess.Popen[str]:
    """Begin an apply, and wait until it is in the midst of it."""
    words: list[str | Path] = [HMSPLAN, "-C", root, "apply", "-y"]
    command = [*shell[:-1], shell[-1].format(" ".join(map(str, words)))] if shell else words
    process = subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    journal = root / ".hmsplan" / "default" / "journal.jsonl"
    deadline = time.monotonic() + 60
    while not (journal.exists() and journal.read_bytes().count(b'"bound"') > 3):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


def state_of(root: Path) -> State:
    state = open_backend("file", root, "default").load()
    assert state is not None
    return state


def check_finished(root: Path, out: str) -> None:
    """Fail unless what was in flight is done and written down, and the rest was not begun."""
    found = re.search(r"(\d+) done, 0 failed, 0 blocked, (\d+) not started", out)
    assert found is not None, out
    done, waiting = map(int, found.groups())
    assert done + waiting == COUNT
    assert waiting > 0
    assert len(state_of(root).bindings) == done
    assert state_of(root).intents == ()


def check_converges(root: Path, environ: dict[str, str]) -> None:
    """Apply once more, and count: every assistant is there once, and nothing is left to do."""
    assert run(root, environ, "apply", "-y").returncode == 0
    assert run(root, environ, "plan", "--detailed-exitcode").returncode == 0
    listed = run(root, environ, "drift", "--json").stdout
    assert json.loads(listed)["coverage"] == {
        "managed": COUNT,
        "total": COUNT,
        "kinds": {"assistants": {"managed": COUNT, "total": COUNT}},
    }


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("shell", [(), ("bash", "-e", "-c", "exec {}")], ids=["alone", "exec under bash -e"])
def test_the_first_signal_finishes_what_is_in_flight(
    stack: Path, environ: dict[str, str], number: signal.Signals, code: int, shell: tuple[str, ...]
) -> None:
    process = begin(stack, environ, *shell)
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == code
    check_finished(stack, out)
    check_converges(stack, environ)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_step_of_a_script_finishes_what_is_in_flight(
    stack: Path, environ: dict[str, str], number: signal.Signals, code: int
) -> None:
    """Without exec the shell and the command get the signal; under -e nothing after it runs, whoever ends first."""
    process = begin(stack, environ, "bash", "-e", "-c", "{}; echo went on")
    os.killpg(process.pid, number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert "went on" not in out
    check_finished(stack, out)
    check_converges(stack, environ)


def test_a_shell_that_is_killed_leaves_the_apply_to_its_end(stack: Path, environ: dict[str, str]) -> None:
    """Without exec a signal to the shell alone does not reach the command, which loses nothing by it."""
    process = begin(stack, environ, "bash", "-e", "-c", "{}; echo went on")
    process.kill()
    out, _ = process.communicate(timeout=60)  # its output ends with the command, not with the shell
    assert f"{COUNT} added" in out
    assert "went on" not in out
    check_converges(stack, environ)


def test_the_second_signal_stops_at_once_and_the_next_run_finds_what_was_in_flight(
    stack: Path, environ: dict[str, str]
) -> None:
    process = begin(stack, environ)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert state_of(stack).intents
    check_converges(stack, environ)


def test_a_killed_apply_is_made_good_by_the_next(stack: Path, environ: dict[str, str]) -> None:
    process = begin(stack, environ)
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    check_converges(stack, environ)


def test_a_second_apply_is_refused_while_one_runs(stack: Path, environ: dict[str, str]) -> None:
    process = begin(stack, environ)
    process.send_signal(signal.SIGSTOP)  # or it might be over before the second one has begun
    second = run(stack, environ, "apply", "-y")
    process.send_signal(signal.SIGCONT)
    assert second.returncode == 7
    assert "locked" in second.stderr
    assert process.communicate(timeout=60) is not None
    assert process.returncode == 0
    check_converges(stack, environ)


def test_an_interrupt_while_modules_are_loaded_is_quiet(tmp_path: Path) -> None:
    """Ctrl-C right after Enter: no traceback, and the exit code of an interrupt."""
    (tmp_path / "click.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n", "utf-8")
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    ended = subprocess.run(
        [sys.executable, "-m", "hmsplan.cli", "plan"],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (130, "")
