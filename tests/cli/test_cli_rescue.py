"""What an apply did and could not store: told with its table, kept, and not forgotten by whoever comes next."""

from __future__ import annotations

import errno
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.cli.options import Globals
from hmsplan.cli.session import _rescue
from hmsplan.errors import StateError
from hmsplan.formats.state_file import dump, parse
from hmsplan.model import State
from hmsplan.state.file import durable

from .helpers import ASSISTANT, STACK, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .helpers import Cli

MINE = State("mine", serial=7)
ERROR = StateError("cannot write it")


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A disk that has room for the journal, and none for the state that the end of an apply makes of it."""
    replace_file = durable.replace_file

    def replaced(path: Path, data: bytes) -> Any:
        journal = path.with_name("journal.jsonl")
        if path.name == "state.json" and journal.exists() and journal.stat().st_size:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return replace_file(path, data)

    with monkeypatch.context() as disk:
        disk.setattr(durable, "replace_file", replaced)
        yield disk


def told_command(told: str) -> list[str]:
    return shlex.split(next(line for line in told.splitlines() if line.startswith("    hmsplan ")))[1:]


@pytest.mark.parametrize("environment", [None, "production", "by default"])
def test_a_state_that_fails_at_the_end_hides_no_table(
    tmp_path: Path, cli: Cli, full: pytest.MonkeyPatch, environment: str | None
) -> None:
    """Everything was done, and only the last write failed: the code is 1, and the command that mends it is told."""
    root = write(tmp_path / "stack", {"hmsplan.yaml": STACK, "a.yaml": ASSISTANT})
    if environment is not None:
        chosen = "default_environment: production\n" if environment == "by default" else ""
        write(root, {"environments/production.yaml": "", "hmsplan.yaml": STACK + chosen})
    words = ["-C", str(root), "--emulator", *(["-e", environment] if environment == "production" else [])]
    applied = cli(*words, "apply", "-y")
    assert applied.code == 1
    assert "Apply complete! 1 added" in applied.out
    assert "No space left on device" in applied.err
    kept = root / ("errored.production.state.json" if environment else "errored.state.json")
    assert str(kept) in applied.err
    full.undo()
    cli.ok(*told_command(applied.err))
    cli.ok(*words, "plan", "--detailed-exitcode")


def test_the_report_for_machines_stays_whole(tmp_path: Path, cli: Cli, full: pytest.MonkeyPatch) -> None:
    assert full
    root = write(tmp_path / "stack", {"hmsplan.yaml": STACK, "a.yaml": ASSISTANT})
    applied = cli("-C", root, "--emulator", "--json", "apply", "-y")
    assert applied.code == 1
    assert all(isinstance(json.loads(line), dict) for line in applied.out.splitlines())
    assert '"POST":1' in applied.out


def test_what_another_state_left_is_not_written_over(tmp_path: Path) -> None:
    options = Globals(directory=tmp_path)
    (tmp_path / "errored.state.json").write_bytes(dump(State("another", serial=3)))
    error = _rescue(options).keep(MINE, ERROR)
    assert parse((tmp_path / "errored.state.json").read_bytes()) == State("another", serial=3)
    kept = Path(told_command(f"    {error.detail.splitlines()[-1].strip()}")[-1])
    assert kept.parent != tmp_path
    assert parse(kept.read_bytes()) == MINE


def test_a_password_is_not_repeated(tmp_path: Path) -> None:
    options = Globals(directory=tmp_path, state="postgresql://deployer:c4nary@db.example/hmsplan")
    error = _rescue(options).keep(MINE, ERROR)
    assert "c4nary" not in error.detail
    assert "--state postgresql://deployer:PASSWORD@db.example/hmsplan state push" in error.detail


@pytest.mark.parametrize(
    ("stored", "is_refused"),
    [
        (None, True),
        (State("mine", serial=6), True),
        (State("mine", serial=7), False),
        (State("another", serial=1), False),
    ],
)
def test_a_state_that_lacks_what_is_kept_is_not_used(tmp_path: Path, stored: State | None, is_refused: bool) -> None:
    """Once it is pushed, or if it belongs to another state, the file is in nobody's way."""
    options = Globals(directory=tmp_path)
    _rescue(options).keep(MINE, ERROR)
    if is_refused:
        with pytest.raises(StateError, match="state push"):
            _rescue(options).refuse_unpushed(stored)
    else:
        _rescue(options).refuse_unpushed(stored)
