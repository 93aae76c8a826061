"""Streams that are closed, full, or whose reader has ended: the work goes on, and the exit code tells of the work."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from hmsplan.emulator import Emulator, Fault, running
from hmsplan.state.backend import open_backend

from .helpers import KEY, MAIN, STACK, Result, environment, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANY: Final = 20
DONE: Final = f"Apply complete! {MANY} added, 0 changed, 0 destroyed, 0 adopted."
FULL: Final = "The output could not be written: No space left on device"


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Return a stack of as many assistants that an apply tells of more than one buffer holds."""
    names = "".join(f"  a{number}: {{name: A{number}}}\n" for number in range(MANY))
    return write(tmp_path / "many", {"hmsplan.yaml": STACK, "a.yaml": f"assistants:\n{names}"})


@pytest.fixture
def api(emulator: Emulator) -> Iterator[str]:
    with running(emulator) as url:
        yield url


def shell(redirections: str, *args: str | Path, **env: str) -> Result:
    """Run a command in a shell that redirects its streams."""
    done = subprocess.run(
        [
            "/bin/sh",
            "-c",
            f'exec "$@" {redirections}',
            "sh",
            sys.executable,
            "-W",
            "error",
            "-c",
            MAIN,
            *map(str, args),
        ],
        env=environment(**{"HMS_SOVEREIGN_API_KEY": KEY, **env}),
        capture_output=True,
        encoding=env.get("PYTHONIOENCODING", "utf-8"),
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@contextlib.contextmanager
def dead_pipe() -> Iterator[int]:
    """Give the end of a pipe that nothing reads any more."""
    read, written = os.pipe()
    os.close(read)
    try:
        yield written
    finally:
        os.close(written)


def bound(stack: Path) -> int:
    """Return how many objects the state of the stack binds."""
    state = open_backend("file", stack, "default").load()
    return len(state.bindings) if state is not None else 0


@pytest.mark.parametrize("streams", [">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full", ">&- 2>/dev/full"])
@pytest.mark.parametrize("form", [(), ("--json",), ("--format", "github", "-vvv")])
def test_an_apply_is_done_whatever_becomes_of_its_streams(
    many: Path, api: str, streams: str, form: tuple[str, ...]
) -> None:
    """Supervisors and cron start programs with closed streams, and disks are full: all is made, and the code is 0."""
    result = shell(streams, "-C", many, "apply", "-y", *form, HMS_SOVEREIGN_BASE_URL=api)
    assert (result.code, bound(many)) == (0, MANY)
    readable = streams not in {"<&- >&- 2>&-", ">&- 2>/dev/full"}
    assert (DONE in result.out + result.err) is readable


@pytest.mark.parametrize("dead", ["stdout", "stderr", "both"])
@pytest.mark.parametrize("form", [("--json",), ("-v",)])
def test_an_apply_goes_on_when_its_reader_has_ended(many: Path, api: str, dead: str, form: tuple[str, ...]) -> None:
    """The end of the report is on the stream that is still read."""
    with dead_pipe() as pipe:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", MAIN, "-C", str(many), "apply", "-y", *form],
            env=environment(HMS_SOVEREIGN_API_KEY=KEY, HMS_SOVEREIGN_BASE_URL=api),
            stdin=subprocess.DEVNULL,
            stdout=pipe if dead != "stderr" else subprocess.PIPE,
            stderr=pipe if dead != "stdout" else subprocess.PIPE,
            timeout=60,
            text=True,
            check=False,
        )
    assert (done.returncode, bound(many)) == (0, MANY)
    assert dead == "both" or DONE in f"{done.stdout}{done.stderr}"


def test_a_reader_of_the_progress_that_ends_in_the_middle_stops_nothing(many: Path, api: str) -> None:
    """`2> >(head -1)`, a log shipper that restarts: what follows the first line is of use to no one, and is done."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", MAIN, "-C", str(many), "apply", "-y"],
        env=environment(HMS_SOVEREIGN_API_KEY=KEY, HMS_SOVEREIGN_BASE_URL=api),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert "Creating..." in process.stderr.readline()
        process.stderr.close()
        assert DONE in process.stdout.read()
    assert (process.returncode, bound(many)) == (0, MANY)


def test_a_terminal_that_goes_away_stops_nothing(many: Path, api: str, emulator: Emulator) -> None:
    """The bar is drawn by a thread of its own, on a terminal that is closed while it is drawn."""
    emulator.inject(Fault(do="delay", method="POST", path="/assistants", seconds=0.05))
    main, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", MAIN, "-C", str(many), "apply", "-y"],
        env=environment(HMS_SOVEREIGN_API_KEY=KEY, HMS_SOVEREIGN_BASE_URL=api, TERM="xterm"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
        start_new_session=True,
    ) as process:
        os.close(terminal)
        assert os.read(main, 10)
        os.close(main)
        assert process.stdout is not None
        assert DONE in process.stdout.read()
    assert (process.returncode, bound(many)) == (0, MANY)


@pytest.mark.parametrize("streams", [">&-", "2>&-", ">/dev/full 2>/dev/full"])
def test_an_apply_in_part_is_6_whatever_becomes_of_its_streams(
    many: Path, api: str, emulator: Emulator, streams: str
) -> None:
    """The exit code is all that is left to tell of the work."""
    emulator.inject(Fault(do="status", method="POST", path="/assistants", status=400, body={"error": "no"}, nth=1))
    assert shell(streams, "-C", many, "apply", "-y", HMS_SOVEREIGN_BASE_URL=api).code == 6


RESULTS: Final = (
    ("plan",),
    ("plan", "--json"),
    ("plan", "--format", "markdown"),
    ("plan", "--format", "github"),
    ("drift",),
    ("drift", "--format", "sarif"),
    ("validate",),
    ("validate", "--format", "json"),
    ("graph",),
    ("explain", "assistants.a0"),
    ("schema",),
    ("doctor",),
    ("state", "pull"),
    ("completion", "bash"),
    ("version",),
    ("--version",),
    ("--help",),
    ("state", "show", "--help"),
)


@pytest.mark.parametrize("args", RESULTS)
def test_a_result_that_does_not_fit_on_the_disk_is_1_and_says_so(many: Path, api: str, args: tuple[str, ...]) -> None:
    """Never a bug of the program, and never 0: what was asked for is not there."""
    result = shell(">/dev/full", "-C", many, *args, HMS_SOVEREIGN_BASE_URL=api)
    assert result.code == 1
    assert FULL in result.err
    assert "bug" not in result.err


@pytest.mark.parametrize("args", RESULTS)
def test_a_result_whose_reader_has_ended_is_141_without_a_word(many: Path, api: str, args: tuple[str, ...]) -> None:
    """`hmsplan plan | head` has seen enough."""
    with dead_pipe() as pipe:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", MAIN, "-C", str(many), *args],
            env=environment(HMS_SOVEREIGN_API_KEY=KEY, HMS_SOVEREIGN_BASE_URL=api),
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=subprocess.PIPE,
            timeout=60,
            text=True,
            check=False,
        )
    assert done.returncode == 141
    assert not re.search("Error|bug|Traceback|Exception", done.stderr)


@pytest.mark.parametrize("args", [("plan", "--detailed-exitcode"), ("validate",), ("drift",), ("--help",)])
def test_a_closed_stream_takes_everything(many: Path, api: str, args: tuple[str, ...]) -> None:
    """It is as good as /dev/null, and no file of ours is opened in its place."""
    expected = shell("", "-C", many, *args, HMS_SOVEREIGN_BASE_URL=api)
    for streams in (">&-", "2>&-", "<&-", "<&- >&- 2>&-"):
        assert shell(streams, "-C", many, *args, HMS_SOVEREIGN_BASE_URL=api).code == expected.code


def test_an_error_that_cannot_be_told_on_stderr_is_told_on_stdout(many: Path) -> None:
    """Somebody has to be told why."""
    result = shell("2>/dev/full", "-C", many, "plan", HMS_SOVEREIGN_API_KEY="")
    assert result.code == 9
    assert "HMS_SOVEREIGN_API_KEY is not set" in result.out


@pytest.mark.parametrize("command", [("init", "new"), ("fmt",)])
def test_files_that_were_written_are_told_on_the_other_stream(tmp_path: Path, command: tuple[str, ...]) -> None:
    """The exit code says that they are there."""
    write(tmp_path, {"hmsplan.yaml": "version: 1\nstack:   loose\n"})
    result = shell(">/dev/full", "-C", tmp_path, *command)
    assert result.code == 0
    assert "hmsplan.yaml" in result.err


def test_a_character_that_the_stream_has_no_byte_for_is_shown_escaped(many: Path, api: str) -> None:
    """Where the locale has no Unicode."""
    write(many, {"b.yaml": "assistants:\n  b: {name: Zażółć ☎}\n"})
    result = shell("", "-C", many, "plan", HMS_SOVEREIGN_BASE_URL=api, PYTHONIOENCODING="latin-1")
    assert result.code == 0
    assert r"Za\u017có\u0142\u0107 \u260e" in result.out
