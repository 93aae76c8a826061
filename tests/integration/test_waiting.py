"""Real processes that wait for a moment or for a call: nothing is locked before, and signals end it at once."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hmsplan.emulator import Emulator, Settings, running

if TYPE_CHECKING:
    from collections.abc import Iterator

HMSPLAN = Path(sys.executable).with_name("hmsplan")
KEY = "fl_waiting"
NEXT_MONTH = (dt.datetime.now(dt.UTC) + dt.timedelta(days=30)).isoformat(timespec="minutes")
STACK = "version: 1\nstack: waiting\nsafety: {settle_grace: 0s}\n"
SIGNALS = pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(settings=Settings(rate_limit=None)) as made:
        yield made


@pytest.fixture
def environ(emulator: Emulator) -> Iterator[dict[str, str]]:
    with running(emulator) as url:
        yield {**os.environ, "HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": KEY}


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    (tmp_path / "hmsplan.yaml").write_text(STACK)
    declare(tmp_path, "Hello")
    return tmp_path


def declare(stack: Path, greeting: str) -> None:
    (stack / "desk.yaml").write_text(f"assistants: {{desk: {{name: Desk, first_message: {greeting}}}}}\n")


def run(stack: Path, environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HMSPLAN, "-C", stack, *words], env=environ, capture_output=True, text=True, check=False)


def begin(stack: Path, environ: dict[str, str], told: str, *words: str) -> subprocess.Popen[str]:
    """Begin an apply, and return when it says that it waits."""
    command: list[str | Path] = [HMSPLAN, "-C", stack, "apply", "-y", *words]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if told in line:
            return process
    raise AssertionError(process.communicate())


@SIGNALS
def test_a_signal_ends_the_waiting_for_a_moment(
    stack: Path, environ: dict[str, str], emulator: Emulator, number: signal.Signals, code: int
) -> None:
    process = begin(stack, environ, "Waiting until", "--at", NEXT_MONTH)
    began = time.monotonic()
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert time.monotonic() - began < 10
    assert "Stopped before anything was begun." in err
    assert emulator.all("assistants", key=KEY) == []


def test_others_apply_while_one_waits_for_its_moment(stack: Path, environ: dict[str, str]) -> None:
    process = begin(stack, environ, "Waiting until", "--at", NEXT_MONTH)
    try:
        assert run(stack, environ, "apply", "-y").returncode == 0
    finally:
        process.kill()
        process.communicate()


@SIGNALS
def test_a_signal_ends_the_waiting_for_a_call(
    stack: Path, environ: dict[str, str], emulator: Emulator, number: signal.Signals, code: int
) -> None:
    assert run(stack, environ, "apply", "-y").returncode == 0
    (desk,) = emulator.all("assistants", key=KEY)
    emulator.add("calls", {"status": "in-progress", "agent_id": desk["id"], "number_id": None}, key=KEY)
    declare(stack, "Goodbye")
    process = begin(stack, environ, "waiting for 1 call on assistants.desk", "--wait-for-calls", "10m")
    began = time.monotonic()
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == code
    assert time.monotonic() - began < 10
    assert "1 not started" in out
    assert emulator.all("assistants", key=KEY)[0]["first_message"] == "Hello"
    (call,) = emulator.all("calls", key=KEY)
    assert call["status"] == "in-progress"


def test_the_change_is_made_once_the_call_is_over(stack: Path, environ: dict[str, str], emulator: Emulator) -> None:
    assert run(stack, environ, "apply", "-y").returncode == 0
    (desk,) = emulator.all("assistants", key=KEY)
    call = emulator.add("calls", {"status": "in-progress", "agent_id": desk["id"], "number_id": None}, key=KEY)
    declare(stack, "Goodbye")
    process = begin(stack, environ, "waiting for 1 call on assistants.desk", "--wait-for-calls", "10m")
    emulator.edit("calls", call, {"status": "ended"})
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "1 changed" in out
    assert emulator.all("assistants", key=KEY)[0]["first_message"] == "Goodbye"
