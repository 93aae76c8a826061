"""Places that cannot be written, lead elsewhere, or hold what a newer version wrote: clear errors, nothing lost."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.cli.embedded import FOLDER
from hmsplan.state.backend import open_backend

from .helpers import Cli, Result, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hmsplan.emulator import Emulator


def refused(result: Result, *words: str) -> None:
    """Hold that a command ended with an error for people, in which all of *words* stand."""
    assert result.code == 1, result
    said = " ".join(result.err.split())
    assert "bug" not in said
    for word in words:
        assert word in said


def test_a_file_that_cannot_be_formatted_stays_as_it_is(cli: Cli, stack: Path) -> None:
    """A checkout that is mounted read-only, a file of another user; here a folder in the way."""
    text = "assistants:\n    a:   {name: A}\n"
    write(stack, {"x.yaml": text, ".x.yaml.hmsplan-new/in.the.way": ""})
    refused(cli("-C", stack, "fmt"), "x.yaml cannot be written", "It is as it was", "--check")
    assert (stack / "x.yaml").read_text("utf-8") == text


@pytest.mark.parametrize("command", [("plan",), ("drift",), ("export", "new"), ("snapshot", "-o", "x.json")])
def test_an_emulator_that_cannot_keep_its_data_says_where(cli: Cli, stack: Path, command: tuple[str, ...]) -> None:
    """Its folder is read-only, or another user's; here a folder stands in its place."""
    (stack / FOLDER / "default" / "emulator.db").mkdir(parents=True)
    refused(cli("-C", stack, "--emulator", *command), "emulator/default/emulator.db, which cannot be written", "-C")


@pytest.mark.parametrize("name", ["no/such/folder/e.db", "text.db", "."])
def test_a_database_that_cannot_be_written_is_an_error_of_the_emulator(cli: Cli, tmp_path: Path, name: str) -> None:
    """The message names the file, and what else to do."""
    write(tmp_path, {"text.db": "this is no database, and longer than the head of one: " * 9})
    refused(cli("emulator", "--port", "0", "--db", tmp_path / name), "Cannot start the emulator", "--db")


@pytest.mark.parametrize("name", ["state.json", "journal.jsonl", "lock"])
@pytest.mark.parametrize("command", [("plan",), ("apply", "-y"), ("state", "list"), ("doctor",)])
def test_a_folder_in_place_of_a_file_of_the_state_is_named(
    live: Callable[..., Result], emulator: Emulator, stack: Path, name: str, command: tuple[str, ...]
) -> None:
    """Nothing is sent, and nothing is taken for empty."""
    (stack / ".hmsplan" / "default" / name).mkdir(parents=True)
    result = live(*command)
    said = f"{result.out} {result.err}"
    assert "bug" not in said
    if name != "lock" or command == ("apply", "-y"):
        assert result.code == 1
        assert name in "".join(said.split())  # a long path is wrapped
    assert not emulator.writes


@pytest.mark.parametrize("place", ["", "default"])
@pytest.mark.parametrize("command", [("plan",), ("apply", "-y"), ("state", "list"), ("state", "unlock")])
def test_a_link_that_leads_the_state_out_of_the_stack_is_refused(
    live: Callable[..., Result], emulator: Emulator, stack: Path, tmp_path: Path, place: str, command: tuple[str, ...]
) -> None:
    """A repository can hold one, to the state of another stack or to where only the runner may write."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (stack / ".hmsplan" / place).parent.mkdir(exist_ok=True)
    (stack / ".hmsplan" / place).symlink_to(outside)
    refused(live(*command), "leads out of the stack by a symbolic link", f"--state {outside}")
    assert list(outside.iterdir()) == []
    assert not emulator.requests
    refused(live("--emulator", "plan"), "symbolic link") if place == "" else None


def test_a_link_that_stays_inside_the_stack_is_followed(live: Callable[..., Result], stack: Path) -> None:
    """A team may keep it in a folder of another name."""
    (stack / "kept").mkdir()
    (stack / ".hmsplan").symlink_to(stack / "kept")
    assert live("apply", "-y").code == 0
    assert (stack / "kept" / "default" / "state.json").is_file()


def newer_entry(batch: dict[str, Any]) -> None:
    batch["entries"][0] = {"op": "teleported", "address": "assistants.support"}


def newer_key_of_an_entry(batch: dict[str, Any]) -> None:
    batch["entries"][0]["colour"] = "blue"


def newer_key_of_a_batch(batch: dict[str, Any]) -> None:
    batch["colour"] = "blue"


@pytest.mark.parametrize("change", [newer_entry, newer_key_of_an_entry, newer_key_of_a_batch])
@pytest.mark.parametrize("command", [("plan",), ("apply", "-y"), ("state", "pull")])
def test_a_journal_of_a_newer_version_is_never_called_damaged(
    live: Callable[..., Result],
    emulator: Emulator,
    stack: Path,
    change: Callable[[dict[str, Any]], None],
    command: tuple[str, ...],
) -> None:
    """Whoever deletes it loses what the last apply did; the way out is an upgrade."""
    backend = open_backend("file", stack, "default")
    assert live("apply", "-y").code == 0
    assert backend.load() is not None
    journal = stack / ".hmsplan" / "default" / "journal.jsonl"
    state = json.loads((stack / ".hmsplan" / "default" / "state.json").read_bytes())
    entry = {"op": "unbound", "address": "assistants.support"}
    batch = {"lineage": state["lineage"], "serial": state["serial"] + 1, "entries": [entry]}
    change(batch)
    rest = json.dumps(batch)[1:].encode()
    journal.write_bytes(b'{"sum":"%08x",' % zlib.crc32(rest) + rest + b"\n")
    before = journal.read_bytes()
    emulator.requests.clear()
    result = live(*command)
    refused(result, "State is newer than this hmsplan", "pip install --upgrade hmsplan", "journal.jsonl line 1")
    assert "delete" not in result.err.lower()
    assert journal.read_bytes() == before
    assert not emulator.writes


def test_a_state_with_a_key_of_a_newer_version_is_not_damaged(live: Callable[..., Result], stack: Path) -> None:
    """The same for the state itself, of whichever format it says it is."""
    assert live("apply", "-y").code == 0
    file = stack / ".hmsplan" / "default" / "state.json"
    document = json.loads(file.read_bytes())
    for newer in ({"colour": "blue"}, {"format_version": 99}):
        file.write_text(json.dumps(document | newer), "utf-8")
        refused(live("plan"), "State is newer than this hmsplan", "pip install --upgrade hmsplan", "state.json")
