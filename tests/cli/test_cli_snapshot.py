"""`hmsplan snapshot` and `plan --against`: a plan where there is neither key nor network nor state."""

from __future__ import annotations

import json
import shutil
import stat
from typing import TYPE_CHECKING, Final

import pytest
from support.stacks import example

from .helpers import KEY, MAIN, SECRETS, Cli, Result, process, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hmsplan.emulator import Emulator

CUT_OFF: Final = f"""\
import socket
def refused(*_, **__): raise SystemExit(99)
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refused
{MAIN}
"""
"""Every way to the network ends the process."""


@pytest.fixture
def taken(cli: Cli, tmp_path: Path) -> tuple[Path, Path]:
    """Return the example, applied to an organization, and the snapshot that was taken of it."""
    stack, file = tmp_path / "practice", tmp_path / "snapshot.json"
    example(stack)
    cli.ok("-C", stack, "--emulator", "--secrets-file", SECRETS, "apply", "-y", "--allow", "*")
    cli.ok("-C", stack, "--emulator", "snapshot", "-o", file)
    return stack, file


def fork(stack: Path, folder: Path) -> Path:
    """Return what a stranger has of *stack*: the files in git."""
    shutil.copytree(stack, folder, ignore=shutil.ignore_patterns(".hmsplan"))
    return folder


def edit(stack: Path, old: str, new: str) -> None:
    """Change a line of the prompt."""
    (prompt,) = [path for path in stack.rglob("*.md") if old in path.read_text("utf-8")]
    prompt.write_text(prompt.read_text("utf-8").replace(old, new), "utf-8")


def cut_off(stack: Path, *args: str | Path, **env: str) -> Result:
    """Run a command that dies when it as much as looks for the network."""
    return process("-C", str(stack), *map(str, args), code=CUT_OFF, **env)


def test_a_fork_plans_without_key_network_state_and_secrets(taken: tuple[Path, Path], tmp_path: Path, cli: Cli) -> None:
    """It is the plan that the owner gets, to the digest, and it names its age."""
    stack, file = taken
    folder = fork(stack, tmp_path / "fork")
    for each in (stack, folder):
        (each / "telephony" / "numbers.yaml").write_text("numbers: {}\n", "utf-8")
    away = cut_off(folder, "plan", "--against", file, "--detailed-exitcode", HMSPLAN_STATE="postgresql://db.invalid/x")
    assert (away.code, away.err) == (4, "")  # the numbers' deletes are refused
    assert "Planned against a snapshot of " in away.out
    assert "less than two minutes old" in away.out
    home = cli("-C", stack, "--emulator", "--secrets-file", SECRETS, "plan").out
    last = home.splitlines()[-2:]
    assert last[0].startswith("Digest: ")
    assert away.out.splitlines()[-2:] == last
    assert not (folder / ".hmsplan").exists()


def test_the_file_is_for_its_owner_and_says_what_is_in_it(cli: Cli, taken: tuple[Path, Path]) -> None:
    stack, file = taken
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    result = cli("-C", stack, "--emulator", "snapshot", "-o", file)
    assert result.out == ""
    assert "Saved 15 objects and the digests of 16 leads" in result.err
    assert f"hmsplan -C {stack} plan --against {file}" in result.err


def test_a_lead_of_somebody_else_is_counted_and_has_no_digest(
    online: Callable[..., Result], emulator: Emulator, stack: Path, tmp_path: Path
) -> None:
    file = tmp_path / "snapshot.json"
    hours = {"schedule_start_time": "09:00", "schedule_end_time": "17:00", "timezone": "Europe/Amsterdam"}
    owner = emulator.add("campaigns", {"name": "By hand", **hours}, key=KEY)
    emulator.add("leads", {"phone_number": "+31612345678", "campaign_id": owner})
    assert "counted 1 lead that was added outside hmsplan" in online("-C", stack, "snapshot", "-o", file).err
    assert [each["fingerprint"] for each in json.loads(file.read_text("utf-8"))["leads"][owner]] == [""]


def test_taking_a_snapshot_only_reads(cli: Cli, taken: tuple[Path, Path]) -> None:
    """Neither the organization nor the state is another one."""
    stack, file = taken
    before = cli.ok("-C", stack, "--emulator", "state", "pull")
    cli.ok("-C", stack, "--emulator", "snapshot", "-o", file)
    assert cli.ok("-C", stack, "--emulator", "state", "pull") == before


def test_an_organization_that_nothing_was_applied_to_has_a_snapshot(cli: Cli, stack: Path, tmp_path: Path) -> None:
    """The first pull request comes before the first apply."""
    file = tmp_path / "snapshot.json"
    cli.ok("-C", stack, "--emulator", "snapshot", "-o", file)
    assert "Plan: 2 to add" in cut_off(stack, "plan", "--against", file).out


def test_apply_refuses_such_a_plan(cli: Cli, taken: tuple[Path, Path], tmp_path: Path) -> None:
    """Nothing is read or written, and what to type instead is said. It can be shown, with its mark."""
    stack, file = taken
    saved = tmp_path / "plan.json"
    (stack / "telephony" / "numbers.yaml").write_text("numbers: {}\n", "utf-8")
    result = cut_off(stack, "plan", "--against", file, "-o", saved)
    assert "hmsplan apply" not in result.err
    refused = cut_off(stack, "apply", saved, "-y", "--allow", "*")
    assert refused.code == 5
    assert "Plan of a snapshot" in refused.err
    assert f"hmsplan -C {stack} plan -o FILE" in " ".join(refused.err.split())
    for shown in (result.out, cli.ok("show", saved)):
        assert "Planned against a snapshot of " in shown
        assert "may be applied until" not in shown


def test_json_has_the_mark(taken: tuple[Path, Path]) -> None:
    stack, file = taken
    document = json.loads(cut_off(stack, "plan", "--against", file, "--json").out)
    assert document["hmsplan"]["against"]["digest"] == json.loads(file.read_text("utf-8"))["digest"]
    assert document["applyable"] is False


def test_the_step_summary_has_the_mark(taken: tuple[Path, Path], tmp_path: Path) -> None:
    stack, file = taken
    summary = tmp_path / "summary.md"
    cut_off(stack, "plan", "--against", file, "--format", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert "Planned against a snapshot of " in summary.read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", 1, "Not a snapshot"),
        ('{"format_version": 9, "objects": {}}', 1, "Snapshot is newer than this hmsplan"),
    ],
)
def test_what_is_no_snapshot_is_1(taken: tuple[Path, Path], text: str, code: int, words: str) -> None:
    stack, file = taken
    file.write_text(text, "utf-8")
    result = cut_off(stack, "plan", "--against", file)
    assert (result.code, result.out) == (code, "")
    assert words in result.err


def test_another_environment_or_organization_is_refused(taken: tuple[Path, Path]) -> None:
    """The one has another state, the other is another account."""
    stack, file = taken
    own = file.read_text("utf-8")
    write(stack, {"environments/other.yaml": ""})
    assert "Snapshot of another environment" in cut_off(stack, "plan", "--against", file, "-e", "other").err
    write(stack, {"environments/default.yaml": "organization: 00000000-0000-4000-8000-000000000000\n"})
    result = cut_off(stack, "plan", "--against", file, "-e", "default")
    assert result.code == 9
    assert json.loads(own)["organization"] in result.err
