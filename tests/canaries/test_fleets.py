"""No secret of a member is seen in what a fleet prints, writes, or sends to its workers and gets back (P5, P12)."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from canaries import rig
from canaries.leaks import Canary, found, found_below
from hmsplan.fleet.executors import Workers
from hmsplan.fleet.load import load_fleet
from hmsplan.fleet.report import plan_report
from hmsplan.fleet.rollout import reviewed_of
from hmsplan.fleet.task import Common, Operation, Task
from hmsplan.planner.planner import Options
from hmsplan.secrets.source import Source

if TYPE_CHECKING:
    from canaries.conftest import Rig

FLEET = "members: [{name: one, key: HMS_SOVEREIGN_API_KEY}]\n"


@pytest.fixture
def fleet(told: Rig) -> Rig:
    """Return the rig with a fleet of one member beside its stack."""
    (told.stack / "fleet.yaml").write_text(FLEET, "utf-8")
    return told


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_no_command_of_a_fleet_shows_a_secret(fleet: Rig, executor: str) -> None:
    how = ("--executor", executor)
    fleet.run("fleet", "plan", "-o", str(fleet.root / "plans"), *how)
    fleet.run("fleet", "apply", "-y", *how)
    for words in (("plan", "--json"), ("plan", "--format", "markdown"), ("plan", "--format", "html"), ("lint",)):
        fleet.run("fleet", *words, *how)
    for words in (
        ("status",),
        ("status", "--json"),
        ("doctor",),
        ("doctor", "--json"),
        ("drift",),
        ("drift", "--json"),
    ):
        fleet.run("fleet", *words, *how)
    fleet.run("fleet", "unlock")
    fleet.run("fleet", "export", str(fleet.root / "exported"), *how)
    fleet.check_files()


@pytest.mark.parametrize("mood", rig.MOODS)
def test_no_answer_makes_a_fleet_show_a_secret(fleet: Rig, mood: str) -> None:
    """The API tells its requests back: key, body and what it has stored."""
    fleet.telltale.mood, fleet.telltale.methods = mood, frozenset({"POST", "PATCH", "DELETE"})
    fleet.run("fleet", "apply", "-y", "--executor", "threads", code=None)
    fleet.run("fleet", "apply", "-y", "--json", "--executor", "threads", code=None)
    fleet.telltale.methods = frozenset({"GET"})
    fleet.run("fleet", "plan", "--executor", "threads", code=None)
    fleet.run("fleet", "drift", "--json", "--executor", "threads", code=None)
    fleet.run("fleet", "doctor", "--json", "--executor", "threads", code=None)
    fleet.check_files()


NEW_MEMBER = "members: [{name: two, key: HMS_KEY_TWO}]\n"


@pytest.mark.parametrize("how", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("command", ["cat > {place}", "cat >&2; exit 1"], ids=["kept", "failing"])
def test_the_key_of_a_new_member_is_where_it_is_kept_alone(fleet: Rig, how: tuple[str, ...], command: str) -> None:
    """The command that is to keep it may show it and fail; then it is in a file of hmsplan's."""
    (fleet.stack / "fleet.yaml").write_text(NEW_MEMBER, "utf-8")
    place = fleet.root / "kept"
    fails = "exit" in command
    sink = f"exec:{command.format(place=place)}"
    said = fleet.run("fleet", "create", "two", "--sink", sink, "-y", *how, code=1 if fails else 0)
    (rescued,) = (fleet.stack / ".hmsplan").rglob("two.key") if fails else [place]
    key = Canary("issued", rescued.read_text("utf-8").strip())
    assert key.value.startswith("fl_")
    assert not found(said.encode(), [key])
    assert not found_below(fleet.root, [key], apart_from=[rescued])
    fleet.check_files()


@pytest.mark.parametrize("mood", rig.MOODS)
def test_no_answer_to_a_new_member_shows_its_key(fleet: Rig, mood: str) -> None:
    """Neither that of the agency nor the new one, wherever an answer holds it."""
    (fleet.stack / "fleet.yaml").write_text(NEW_MEMBER, "utf-8")
    fleet.telltale.mood, fleet.telltale.methods = mood, frozenset({"POST"})
    for _ in range(2):
        fleet.run("fleet", "create", "two", "--sink", f"file:{fleet.root / 'kept'}", "-y", code=None)
    assert "/organizations" in [
        path.removeprefix("/api/v1") for method, path, _ in fleet.telltale.heard if method == "POST"
    ]
    fleet.telltale.methods = frozenset({"GET"})
    fleet.run("fleet", "create", "two", "--sink", f"file:{fleet.root / 'kept'}", "-y", code=None)
    fleet.check_files()


def test_neither_a_task_nor_a_result_holds_a_secret(fleet: Rig) -> None:
    """They travel through pipes, and through the scheduler of a cluster."""
    member = load_fleet(fleet.stack).members[0]
    source = Source("dotenv", str(fleet.secrets_file))
    common = Common(fleet.stack, os.environ["HMS_SOVEREIGN_BASE_URL"], sources=(source,))
    plan = Task(Operation.PLAN, member, common)
    planned = Workers("threads").perform([plan])
    assert planned[0].code == 0
    reviewed = reviewed_of(plan_report(planned))["one"]
    applying = Task(Operation.APPLY, member, common, Options(), reviewed)
    applied = Workers("threads").perform([applying])
    assert applied[0].code == 0
    sent = b"".join(map(pickle.dumps, [plan, planned, applying, applied]))
    assert not found(sent, rig.ALL)
    assert json.dumps("HMS_SOVEREIGN_API_KEY").encode()[1:-1] in sent


def test_a_secret_in_the_error_of_a_member_is_cut_out(fleet: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text of a bug is not told, and that of the system is cleaned."""

    def broken(*_: object, **__: object) -> None:
        raise OSError(5, f"cannot {rig.API_KEY.value}", str(Path(rig.API_KEY.value)))

    monkeypatch.setattr("hmsplan.fleet.worker.plan", broken)
    assert "(sensitive value)" in fleet.run("fleet", "plan", "--executor", "threads", code=1)
