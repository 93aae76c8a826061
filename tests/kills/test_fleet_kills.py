"""SIGKILL at any moment of an apply of a fleet, and of its workers: the next run converges, with no twin (P2, P12)."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from support.fleets import DESK, emulator_of, environ, greetings, write_fleet

from hmsplan.emulator import Emulator, Fault, running

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES: Final = tuple(f"m{number:02}" for number in range(20))
KILLS: Final = int(os.environ.get("HMSPLAN_TEST_KILLS", "2"))
MAIN: Final = "from hmsplan.cli import main; main()"
WAVES: Final = "waves: [{share: 10%}, {share: 50%}, {share: 100%}]\n"

pytestmark = [pytest.mark.no_cover, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with emulator_of(NAMES) as made:
        yield made


def start(root: Path, url: str, *words: str) -> subprocess.Popen[str]:
    ours = ("HMS_", "HMSPLAN_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    command = [sys.executable, "-c", MAIN, "-C", str(root), "fleet", *words]
    return subprocess.Popen(
        command,
        env={**kept, **environ(NAMES), "HMS_SOVEREIGN_BASE_URL": url},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def children(process: int) -> list[int]:
    """Return the worker processes of a run."""
    try:
        pids = Path(f"/proc/{process}/task/{process}/children").read_text("utf-8").split()
        lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids}
    except OSError:
        return []
    return [pid for pid, line in lines.items() if b"spawn_main" in line]


def finish(root: Path, url: str) -> None:
    """Go on until all members are as declared."""
    said = ""
    for words in (("apply", "--continue"), ("apply", "-y"), ("apply", "-y")):
        with start(root, url, *words) as running_:
            said, _ = running_.communicate(timeout=120)
        if running_.returncode == 0 and "--continue" not in words:
            return
    pytest.fail(said)


def killed_after(emulator: Emulator, root: Path, url: str, limit: int, *words: str) -> bool:
    """Kill a run after *limit* writes; say whether it was, or had ended before."""
    begun = len(emulator.writes)
    with start(root, url, *words) as run:
        while run.poll() is None and len(emulator.writes) - begun < limit:
            time.sleep(0.005)
        run.kill()
    return run.returncode == -signal.SIGKILL


def check(emulator: Emulator) -> None:
    """Fail when an organization has none or two of what it should have one of."""
    found = greetings(emulator, NAMES)
    assert {name: len(texts) for name, texts in found.items()} == dict.fromkeys(NAMES, 1)
    assert all(f"this is {name.title()} Dental" in texts[0] for name, texts in found.items())


def test_a_kill_at_any_moment_converges_without_twins(tmp_path: Path, record_property: object) -> None:
    """A rollout is killed, and so is each run that goes on with it, up to three times; each rollout creates all."""
    dice = random.Random(11)
    kills = number = 0
    while kills < KILLS:
        number += 1
        with emulator_of(NAMES) as emulator, running(emulator) as url:
            emulator.inject(Fault(do="delay", method="write", seconds=0.05))
            root = write_fleet(tmp_path / f"fleet{number}", NAMES, WAVES, grace="2s")
            for words in (("apply", "-y"), *[("apply", "--continue")] * 3):
                kills += killed_after(emulator, root, url, dice.randrange(1, 8), *words)
            finish(root, url)
            check(emulator)
    assert callable(record_property)
    record_property("counted", f"{kills} kills over {len(NAMES)} members")


def test_workers_whose_parent_is_killed_end_by_themselves(emulator: Emulator, tmp_path: Path) -> None:
    root = write_fleet(tmp_path / "fleet", NAMES, grace="2s")
    emulator.inject(Fault(do="delay", method="write", seconds=60))
    with running(emulator) as url, start(root, url, "apply", "-y") as run:
        while not emulator.requests or not (workers := children(run.pid)):
            time.sleep(0.01)
        run.kill()
        for worker in workers:
            for _ in range(1000):
                if not Path(f"/proc/{worker}").exists():
                    break
                time.sleep(0.01)
            assert not Path(f"/proc/{worker}").exists()


def test_a_worker_that_is_killed_loses_and_doubles_nothing(emulator: Emulator, tmp_path: Path) -> None:
    root = write_fleet(tmp_path / "fleet", NAMES, grace="2s")
    emulator.inject(
        Fault(do="delay", method="write", seconds=0.1), Fault(do="delay_after", method="write", seconds=0.1)
    )
    with running(emulator) as url, start(root, url, "apply", "-y") as run:
        while run.poll() is None and not emulator.writes:
            time.sleep(0.005)
        for worker in children(run.pid)[:1]:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        said, _ = run.communicate(timeout=120)
        assert run.returncode == 0, said
    assert "Fleet apply: 20 applied." in said
    check(emulator)


def signalled(emulator: Emulator, root: Path, url: str, number: signal.Signals) -> str:
    """Send a signal to an apply once it writes; return what it says, with the exit code of the signal."""
    with start(root, url, "apply", "-y") as run:
        while run.poll() is None and not [each for each in emulator.requests if each.method == "POST"]:
            time.sleep(0.005)
        run.send_signal(number)
        said, _ = run.communicate(timeout=120)
    assert run.returncode == 128 + number, said
    return said


def test_a_member_between_two_steps_is_told_as_interrupted(emulator: Emulator, tmp_path: Path) -> None:
    number = "numbers: {main: {phone_number: '+31201234567', agent_id: '${assistants.desk}'}}\n"
    root = write_fleet(tmp_path / "fleet", NAMES, WAVES, desk=DESK + number, grace="2s")
    emulator.inject(Fault(do="delay", method="write", seconds=0.5))
    with running(emulator) as url:
        said = signalled(emulator, root, url, signal.SIGTERM)
    assert "! interrupted: " in said
    assert "was interrupted by a signal." in said
    assert "To continue:\n" in said
    assert "! failed: " not in said


def test_the_first_signal_finishes_what_is_in_flight(emulator: Emulator, tmp_path: Path) -> None:
    root = write_fleet(tmp_path / "fleet", NAMES, WAVES, grace="2s")
    emulator.inject(Fault(do="delay", method="write", seconds=0.3))
    with running(emulator) as url:
        assert "not started" in signalled(emulator, root, url, signal.SIGINT)
        emulator.inject()
        finish(root, url)
    check(emulator)
