"""``-v``, ``-vv``, ``-vvv``: what is told on stderr while a command runs, by whom, and what it costs."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hmsplan.cli.log import heard

from .helpers import MAIN, Cli, is_ours

if TYPE_CHECKING:
    from pathlib import Path

LINE = re.compile(r" *\d+\.\d{3} s  [a-z]+ +\S.*")


def plan(cli: Cli, stack: Path, *flags: str) -> tuple[str, str]:
    result = cli("-C", stack, "--emulator", "plan", *flags)
    assert result.code == 0
    return result.out, result.err


def test_v_says_what_a_run_does(cli: Cli, stack: Path) -> None:
    """Files, state, endpoint, every list, the plan with its digest: one line each, and no request."""
    out, said = plan(cli, stack, "-v")
    assert all(LINE.fullmatch(line) for line in said.splitlines()), said
    digest = next(line.split()[1] for line in out.splitlines() if line.startswith("Digest:"))
    for told in (
        "config      small, environment default: 2 resources in 3 YAML files",
        "state.json: there has never been one",
        "endpoint http://127.0.0.1/api/v1",
        "read /assistants: 0 objects in 1 page",
        "read 0 objects of 2 kinds in 3 requests",
        f"{digest}: 2 changes, 2 steps",
    ):
        assert told in said
    assert "GET" not in said


def test_vv_tells_each_request_and_vvv_its_shape(cli: Cli, stack: Path) -> None:
    _, requests = plan(cli, stack, "-vv")
    assert "GET /assistants → 200, 0 objects" in requests
    assert "got /assistants" not in requests
    _, shapes = plan(cli, stack, "-v", "-vv", "-vvv")
    assert "got /assistants, 17 bytes: {assistants: 0 items}" in shapes


def test_an_apply_tells_its_lock_its_journal_and_its_steps(cli: Cli, stack: Path) -> None:
    said = cli("-C", stack, "--emulator", "apply", "-y", "-vv").err
    told = [line.split("  ", 3)[-1].strip() for line in said.splitlines() if LINE.fullmatch(line)]
    in_order = [
        next(number for number, line in enumerate(told) if expected in line)
        for expected in (
            "holds ",
            "performs 2 create",
            "begins assistants.support:create",
            "wrote down: intends assistants.support:create",
            "POST /assistants → 201",
            "wrote down: bound assistants.support to ",
            "assistants.support:create: done",
            "reads back",
            "gives ",
        )
    ]
    assert in_order == sorted(in_order)


def test_the_result_is_the_same_however_much_is_told(cli: Cli, stack: Path) -> None:
    cli.ok("-C", stack, "--emulator", "apply", "-y")
    assert plan(cli, stack, "--show-unchanged", "-vvv")[0] == plan(cli, stack, "--show-unchanged")[0]
    assert plan(cli, stack)[1] == ""


@pytest.mark.parametrize("verbosity", range(4))
def test_nobody_elses_logger_is_heard(verbosity: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Libraries log headers and statements of SQL, and Python prints a warning that nobody handles."""
    with heard(verbosity):
        for name in ("httpx", "httpcore.http11", "psycopg", "asyncio", "anybody"):
            logging.getLogger(name).critical("Authorization: Bearer x")
        logging.getLogger("hmsplan.api").critical("ours")
    said = capsys.readouterr().err
    assert "Bearer" not in said
    assert said.count("ours") == 1


def test_nothing_is_left_behind_in_the_process(cli: Cli, stack: Path) -> None:
    """A program that runs commands, or uses the library, keeps its own handlers and levels."""
    before = [(list(logging.getLogger(name).handlers), logging.getLogger(name).level) for name in (None, "hmsplan")]
    plan(cli, stack, "-vvv")
    after = [(logging.getLogger(name).handlers, logging.getLogger(name).level) for name in (None, "hmsplan")]
    assert after == before


def test_no_text_begins_a_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """An id that the API chose may hold a line break and a command for the runner."""
    with heard(1):
        logging.getLogger("hmsplan.api").info("read %s", "x\n::add-mask::y\x1b[2J")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(r" s  api         read x\u000a::add-mask::y\u001b[2J")


def test_a_log_that_nobody_can_read_ends_no_apply(stack: Path) -> None:
    """The reader of stderr went away in the middle; what is promised of an apply holds all the same."""
    reading, writing = os.pipe()
    os.close(reading)
    environ = {name: value for name, value in os.environ.items() if not is_ours(name)}
    command = [sys.executable, "-c", MAIN, "-C", str(stack), "--emulator", "plan", "-vvv"]
    done = subprocess.run(command, stderr=writing, stdout=subprocess.PIPE, env=environ, check=False, timeout=60)
    os.close(writing)
    assert done.returncode == 0
    assert b"Plan: 2 to add" in done.stdout
