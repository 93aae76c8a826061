"""``hmsplan fleet``: many organizations that share a stack, against an API with a socket that has them all."""

from __future__ import annotations

import html
import json
import os
import re
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.fleets import DESK, emulator_of, environ, greetings, key_of, requests_of, until, write_fleet, writes_of

from hmsplan.cli.fleet_progress import FleetLines
from hmsplan.emulator import Emulator, Fault, running
from hmsplan.emulator.store import key_hash
from hmsplan.fleet.cluster import perform_sent
from hmsplan.fleet.executors import Workers
from hmsplan.fleet.files import SharedFiles
from hmsplan.fleet.journal import FleetJournal
from hmsplan.fleet.load import load_fleet
from hmsplan.fleet.organizations import OrganizationJournal
from hmsplan.fleet.task import Common, Operation, Task
from hmsplan.fleet.worker import waits_for_api_alone
from hmsplan.secrets.source import Source

from .helpers import process, started
from .terminals import terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .helpers import Cli, Result

NAMES = ("acme", "beta", "gamma", "delta")
WAVES = "waves: [{members: [acme]}, {share: 50%}, {share: 100%}]\n"
Run = "Callable[..., Result]"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with emulator_of(NAMES) as made:
        yield made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_fleet(tmp_path / "agency", NAMES)


@pytest.fixture
def url(emulator: Emulator) -> Iterator[str]:
    with running(emulator) as at:
        yield at


@pytest.fixture
def fleet(cli: Cli, root: Path, url: str) -> Callable[..., Result]:
    """Return what runs a command of the fleet in threads, with the keys of all members."""

    def call(command: str, *args: str, **env: str) -> Result:
        words = ["-C", str(root), "fleet", command, *args]
        if "--executor" not in args:
            words += ["--executor", "threads"]
        return cli(*words, **{"HMS_SOVEREIGN_BASE_URL": url, **environ(NAMES), **env})

    return call


def told(result: Result) -> str:
    """Return what a person reads, in one line."""
    return " ".join((result.out + result.err).split())


def test_a_doctor_looks_at_every_member(fleet: Callable[..., Result], emulator: Emulator, root: Path) -> None:
    """Each has a line, what is wrong stands below, and one thing that is missing hides no other."""
    assert fleet("apply", "-y", "--member", "acme").code == 0
    well = fleet("doctor")
    assert (well.code, well.out.strip().splitlines()[-1]) == (0, "All is well.")
    assert re.search(r"^acme +ok  [0-9a-f-]{36}, serial \d+$", well.out, re.MULTILINE)
    assert re.search(r"^beta +ok  .*, no state$", well.out, re.MULTILINE)
    assert not writes_of(emulator, "beta")
    state = root / "clinics/.hmsplan/members/gamma/default"
    state.mkdir(parents=True)
    (state / "state.json").write_text("{", "utf-8")
    bad = fleet("doctor", "--json", HMS_KEY_BETA="", HMS_KEY_GAMMA="", HMS_KEY_ACME=key_of("delta"))
    found = {each["name"]: each for each in bad.json["members"]}
    assert {name: each["exit_code"] for name, each in found.items()} == {"acme": 9, "beta": 9, "delta": 0, "gamma": 1}
    assert bad.code == bad.json["exit_code"] == 1
    assert "the state belongs to" in str(found["acme"]["problems"])
    assert [each["summary"] for each in found["gamma"]["problems"]][-1] == "No API key"
    assert len(found["gamma"]["problems"]) == 2
    assert found["delta"]["state"] == "no state"
    assert "3 of 4 members cannot be planned." in fleet("doctor", HMS_KEY_BETA="", HMS_KEY_ACME="fl_live_no").out


def test_what_all_members_change_alike_is_shown_once(fleet: Callable[..., Result]) -> None:
    """The greeting names the customer, and is one greeting all the same."""
    plan = fleet("plan")
    assert plan.code == 0
    assert "4 members of 4 would change: 4 the same change." in plan.out
    assert plan.out.count("assistants.desk will be created") == 1
    assert "Good morning, this is Acme Dental." in plan.out
    assert "Fleet: 4 to add, 0 to change, 0 to destroy, 0 to adopt in 4 members." in plan.out


def test_a_line_of_a_member_fits_the_terminal(fleet: Callable[..., Result]) -> None:
    applied = fleet("apply", "-y", COLUMNS="60")
    assert "  acme: Apply complete! 1 added, 0 changed, 0 destroyed, 0\n    adopted.\n" in applied.err
    status = fleet("status", COLUMNS="60").out
    assert re.search(r"^acme   1 of 1 objects, serial 6, last applied .*\n {7}\S", status)
    assert max(map(len, status.splitlines())) <= 60


@pytest.mark.parametrize("form", ["text", "html"])
def test_values_are_said_to_differ_only_where_they_do(fleet: Callable[..., Result], root: Path, form: str) -> None:
    assert "values of variables differ" in fleet("plan", "--format", form).out
    write_fleet(root, NAMES, desk=DESK.replace("${var:business_name}", "the clinic"))
    plan = fleet("plan", "--format", form)
    assert "4 the same change" in plan.out
    assert "values of variables differ" not in plan.out


def test_those_that_differ_are_shown_apart(fleet: Callable[..., Result], emulator: Emulator) -> None:
    assert fleet("apply", "-y").code == 0
    (desk,) = emulator.all("assistants", key=key_of("beta"))
    emulator.edit("assistants", desk["id"], {"first_message": "Hi"})
    (emulator_desk,) = emulator.all("assistants", key=key_of("gamma"))
    emulator.remove("assistants", emulator_desk["id"])
    plan = fleet("plan")
    assert "2 members of 4 would change: no two alike." in plan.out
    assert "Without changes: acme, delta" in plan.out
    assert fleet("plan", "--member", "acme").out.startswith("No changes.")
    drift = fleet("drift", "--detailed-exitcode")
    assert drift.code == 2
    assert "assistants.desk was changed: first_message" in drift.out
    assert "assistants.desk is gone" in drift.out
    assert "Drift in 2 of 4 members." in drift.out


def test_a_fleet_of_which_nothing_can_be_planned_says_so(cli: Cli, root: Path) -> None:
    plan = cli("-C", str(root), "fleet", "plan", "--executor", "threads")
    assert plan.code == 9
    assert plan.out.startswith("No member could be planned.")
    assert plan.out.rstrip().endswith("Fleet: nothing planned in 4 members.")
    refused = cli("-C", str(root), "--emulator", "fleet", "plan")
    assert re.search(r"^ *hmsplan -C \S+ emulator$", refused.err, re.MULTILINE)
    assert re.search(r"^ *export HMS_SOVEREIGN_BASE_URL=http", refused.err, re.MULTILINE)


def test_what_one_member_has_live_is_not_written_for_all(
    fleet: Callable[..., Result], alone: Callable[..., Result], emulator: Emulator, root: Path
) -> None:
    """The command that the drift of a member prints leads to no change of the shared files, unless it is asked for."""
    fleet("apply", "-y")
    (desk,) = emulator.all("assistants", key=key_of("beta"))
    emulator.edit("assistants", desk["id"], {"first_message": "Good day, this is Beta Dental."})
    drift = fleet("drift")
    assert "write it under its name in the overrides of fleet.yaml" in told(drift)
    (*beta, _) = printed(drift.out, "drift")
    seen = alone(*beta, "drift")
    assert seen.code == 0
    assert "write it under its name in the overrides of fleet.yaml" in told(seen)
    assert "pull" not in seen.out
    before = (root / "clinics/desk.yaml").read_bytes()
    refused = alone(*beta, "pull")
    assert refused.code == 1
    assert "beta is a member of a fleet" in refused.err
    assert re.search(r"^ *hmsplan .* pull --shared$", refused.err, re.MULTILINE)
    assert (root / "clinics/desk.yaml").read_bytes() == before
    assert alone(*beta, "pull", "--shared").code == 0
    assert "Good day, this is ${var:business_name}." in (root / "clinics/desk.yaml").read_text("utf-8")


def test_each_member_gets_what_is_its_own(fleet: Callable[..., Result], emulator: Emulator, root: Path) -> None:
    done = fleet("apply", "-y")
    assert (done.code, done.out.strip().splitlines()[-1]) == (0, "Fleet apply: 4 applied.")
    assert greetings(emulator, NAMES) == {name: [f"Good morning, this is {name.title()} Dental."] for name in NAMES}
    states = sorted(str(path.relative_to(root)) for path in root.rglob("state.json"))
    assert states == [f"clinics/.hmsplan/members/{name}/default/state.json" for name in sorted(NAMES)]
    assert fleet("plan", "--detailed-exitcode").code == 0
    status = fleet("status")
    assert len(re.findall(r"^\w+ +1 of 1 objects, serial \d+, last applied ", status.out, re.MULTILINE)) == 4


def test_each_request_has_the_key_of_its_member_alone(fleet: Callable[..., Result], emulator: Emulator) -> None:
    fleet("apply", "-y")
    for name in NAMES:
        (desk,) = emulator.all("assistants", key=key_of(name))
        others = [each for other in NAMES if other != name for each in requests_of(emulator, other)]
        assert not [each for each in others if desk["id"] in each.path or name.title().encode() in each.content]
        assert writes_of(emulator, name) == [("POST", "/assistants")]


def test_a_digest_holds_for_all_members_and_each(fleet: Callable[..., Result], emulator: Emulator) -> None:
    digest = json.loads(fleet("plan", "--json").out)["digest"]
    assert re.fullmatch(r"fleet:[0-9a-f]{64}", digest)
    emulator.add("assistants", {"name": "Desk", "first_message": "by hand"}, key=key_of("delta"))
    stale = fleet("apply", "-y", "--expect-digest", digest)
    assert (stale.code, emulator.writes) == (5, [])
    assert "Digest differs" in stale.err
    new = json.loads(fleet("plan", "--json").out)["digest"]
    assert new != digest
    assert fleet("apply", "-y", "--expect-digest", new).code == 0


def test_waves_stop_at_the_first_failure_and_go_on_where_they_stopped(
    fleet: Callable[..., Result], emulator: Emulator, root: Path
) -> None:
    write_fleet(root, NAMES, WAVES)
    emulator.inject(Fault(do="status", status=422, method="POST", key=key_of("beta")))
    stopped = fleet("apply", "-y")
    assert stopped.code == 1
    assert "Fleet apply: 1 applied, 1 failed, 2 not started." in stopped.out
    assert "Stopped: beta failed, and stop_on is failure." in stopped.out
    assert "hmsplan -C " in stopped.out
    assert [name for name in NAMES if writes_of(emulator, name)] == ["acme", "beta"]
    emulator.inject()
    done = fleet("apply", "--continue")
    assert (done.code, "Fleet apply: 4 applied." in done.out) == (0, True)
    assert {name: len(found) for name, found in greetings(emulator, NAMES).items()} == dict.fromkeys(NAMES, 1)
    assert len(writes_of(emulator, "acme")) == 1
    over = fleet("apply", "--continue")
    assert (over.code, "Nothing to continue" in over.err) == (1, True)


def test_what_was_not_reviewed_is_not_continued(fleet: Callable[..., Result], emulator: Emulator, root: Path) -> None:
    write_fleet(root, NAMES, WAVES)
    emulator.inject(Fault(do="status", status=422, method="POST", key=key_of("beta")))
    fleet("apply", "-y")
    emulator.inject()
    write_fleet(root, NAMES, WAVES, DESK.replace("morning", "evening"))
    refused = fleet("apply", "--continue")
    assert refused.code == 5
    assert "Not what was reviewed" in refused.err
    assert [name for name in NAMES if writes_of(emulator, name)] == ["acme", "beta"]


@pytest.mark.parametrize("stop_on", ["failure", "refusal"])
def test_a_member_that_could_not_be_planned_is_asked_about_when_it_can_be(
    fleet: Callable[..., Result], emulator: Emulator, root: Path, stop_on: str
) -> None:
    """Its plan is shown then, and done with -y; without, the command says what is left, and how to do it."""
    write_fleet(root, NAMES, f"{WAVES}stop_on: {stop_on}\n")
    go_on = f"hmsplan -C {root} fleet apply --executor threads --continue"
    first = fleet("apply", "-y", HMS_KEY_DELTA="")
    assert first.code == 9
    assert f"Stopped: delta could not be planned, and stop_on is {stop_on}." in first.out
    assert first.out.splitlines()[-1].strip() == go_on
    second = fleet("apply", "--continue", HMS_KEY_DELTA="")
    assert (second.code, second.out.splitlines()[-1].strip()) == (9, go_on)
    shown = fleet("apply", "--continue")
    assert shown.code == 1
    assert "not applied, as nothing of it was reviewed when the apply began: delta" in told(shown)
    assert shown.out.splitlines()[-2:] == [
        "To perform what is shown above in delta, too:",
        f"    {go_on} -y",
    ]
    assert not writes_of(emulator, "delta")
    done = fleet("apply", "--continue", "-y")
    assert (done.code, "Fleet apply: 4 applied." in done.out) == (0, True)
    assert len(writes_of(emulator, "delta")) == len(writes_of(emulator, "acme")) == 1
    assert "Nothing to continue" in fleet("apply", "--continue").err


@pytest.mark.parametrize(("answer", "code", "writes"), [("yes", 0, 1), ("no", 1, 0)])
def test_on_a_terminal_the_question_is_asked(
    emulator: Emulator, fleet: Callable[..., Result], root: Path, answer: str, code: int, writes: int
) -> None:
    assert fleet("apply", "-y", HMS_KEY_DELTA="").code == 9
    with running(emulator) as url:
        words = ("-C", str(root), "fleet", "apply", "--continue", "--executor", "threads")
        with terminal(*words, columns=80, HMS_SOVEREIGN_BASE_URL=url, **environ(NAMES)) as shown:
            assert "delta could not be planned when the apply began." in " ".join(shown.until("Answer").split())
            shown.type(answer)
            assert shown.end() == code
    assert len(writes_of(emulator, "delta")) == writes


def test_a_plan_that_changed_before_its_wave_has_one_remedy(
    fleet: Callable[..., Result], emulator: Emulator, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody edits the stack while the second wave waits: to go on would be refused, so it is not recommended."""
    write_fleet(root, NAMES, "waves: [{members: [acme]}, {share: 100%, after: 1s}]\n")
    sleep = time.sleep

    def edit(seconds: float) -> None:
        if writes_of(emulator, "acme"):
            write_fleet(root, NAMES, "", DESK.replace("morning", "evening"))
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", edit)
    stale = fleet("apply", "-y")
    assert stale.code == 5
    assert "Digest differs" in stale.out
    commands = [line.strip() for line in stale.out.splitlines() if line.startswith(" ") and "hmsplan -C" in line]
    assert commands == [f"hmsplan -C {root} fleet apply --executor threads"]
    assert "fleet apply" not in stale.out.split("Digest differs")[1].split("Fleet apply:")[0]
    assert fleet("apply", "--continue").code == 5
    assert fleet("apply", "-y").code == 0


LATER = "waves: [{members: [acme]}, {share: 100%, after: 1s}]\n"


def edited_value(root: Path) -> dict[str, str]:
    table = root / "clients.csv"
    table.write_text(table.read_text("utf-8").replace("Beta Dental", "Betty Dental"), "utf-8")
    return {}


def swapped_keys(_: Path) -> dict[str, str]:
    return {"HMS_KEY_BETA": key_of("gamma"), "HMS_KEY_GAMMA": key_of("beta")}


@pytest.mark.parametrize("edit", [edited_value, swapped_keys])
def test_what_a_member_says_and_whose_it_is_was_reviewed_too(
    fleet: Callable[..., Result], emulator: Emulator, root: Path, edit: Callable[[Path], dict[str, str]]
) -> None:
    """Members are grouped without the values of their variables, ids and organizations; consent holds for all of it."""
    write_fleet(root, NAMES, LATER)
    assert fleet("apply", "-y", "--no-wait").code == 0
    time.sleep(1)
    refused = fleet("apply", "--continue", **edit(root))
    assert refused.code == 5
    assert "Not what was reviewed" in refused.err
    assert [name for name in NAMES if writes_of(emulator, name)] == ["acme"]


def test_a_value_that_changed_before_its_wave_is_not_applied(
    fleet: Callable[..., Result], emulator: Emulator, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files of the stack are read again by each wave, and what they say by then was not reviewed."""
    write_fleet(root, NAMES, LATER)
    rows = "".join(f"{name},HMS_KEY_{name.upper()}\n" for name in NAMES)
    (root / "clients.csv").write_text(f"name,key\n{rows}", "utf-8")
    settings = root / "clinics/hmsplan.yaml"
    sleep = time.sleep

    def edit(seconds: float) -> None:
        if writes_of(emulator, "acme"):
            settings.write_text(settings.read_text("utf-8").replace("A clinic", "Another clinic"), "utf-8")
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", edit)
    assert fleet("apply", "-y").code == 5
    assert [name for name in NAMES if writes_of(emulator, name)] == ["acme"]


def test_waves_are_due_as_the_file_said_when_the_apply_began(
    fleet: Callable[..., Result], emulator: Emulator, root: Path
) -> None:
    write_fleet(root, NAMES, LATER.replace("1s", "1h"))
    assert "Wave 2 is not due yet." in fleet("apply", "-y", "--no-wait").out
    write_fleet(root, NAMES)
    assert "Wave 2 is not due yet." in fleet("apply", "--continue", "--no-wait").out
    assert [name for name in NAMES if writes_of(emulator, name)] == ["acme"]


def test_a_journal_that_cannot_be_written_stops_with_an_ending(
    fleet: Callable[..., Result], emulator: Emulator, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full while members are applied: what is in flight is finished and told, and no wave follows."""
    write_fleet(root, NAMES, WAVES)
    journal = root / ".hmsplan/fleet/fleet/journal.jsonl"
    kept = journal.with_name("kept")

    def fill(*_: object) -> None:
        journal.rename(kept)
        journal.mkdir()

    with monkeypatch.context() as patched:
        patched.setattr(FleetLines, "started", fill)
        stopped = fleet("apply", "-y")
    assert stopped.code == 1
    assert "Fleet apply: 1 applied, 3 not started." in stopped.out
    assert "Stopped: the journal of the fleet cannot be written." in stopped.out
    assert re.search(r"cannot write \S+/journal\.jsonl: Is a directory", told(stopped))
    journal.rmdir()
    kept.rename(journal)
    assert fleet("apply", "--continue").code == 0
    assert {name: len(found) for name, found in greetings(emulator, NAMES).items()} == dict.fromkeys(NAMES, 1)


def test_a_place_that_cannot_be_written_has_a_remedy(fleet: Callable[..., Result], tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("", "utf-8")
    saved = fleet("plan", "-o", str(place / "plans"))
    assert (saved.code, "Not saved" in saved.err, "Choose another place with -o" in told(saved)) == (1, True, True)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(do="status", status=500, key=key_of("beta")), "API error"),
        (Fault(do="status", status=401, key=key_of("beta")), "Not authenticated"),
        (Fault(do="garbage_body", key=key_of("beta")), "API error"),
        (Fault(do="html_body", key=key_of("beta")), "API error"),
        (Fault(do="redirect", location="http://127.0.0.1:1/", key=key_of("beta")), "API error"),
        (Fault(do="truncated_body", key=key_of("beta")), "API error"),
    ],
    ids=lambda value: value.do if isinstance(value, Fault) else "",
)
def test_trouble_of_one_member_is_its_own(
    fleet: Callable[..., Result], emulator: Emulator, fault: Fault, said: str
) -> None:
    """Its server is down, hostile or refuses its key: the others have the plan that they would have without it."""
    alone = json.loads(fleet("plan", "--json", "--member", "!beta").out)
    emulator.inject(fault)
    plan = json.loads(fleet("plan", "--json", "--timeout", "5s").out)
    beta = next(each for each in plan["members"] if each["name"] == "beta")
    assert (beta["exit_code"] != 0, beta["digest"]) == (True, None)
    assert [each["summary"] for each in beta["problems"] if each["severity"] == "error"] == [said]
    assert [each for each in plan["members"] if each["name"] != "beta"] == alone["members"]
    assert plan["digest"] is None


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(do="status", status=402, method="write", key=key_of("beta")), 1),
        (Fault(do="status", status=401, method="write", key=key_of("beta")), 9),
        (Fault(do="lost_before", method="write", key=key_of("beta")), 1),
    ],
    ids=["out of credit", "key revoked", "connection lost"],
)
def test_a_member_that_cannot_be_written_stops_no_other(
    fleet: Callable[..., Result], emulator: Emulator, fault: Fault, code: int
) -> None:
    """What is in flight beside it is finished; what is left of it is planned and applied by the next run."""
    emulator.inject(fault)
    applied = fleet("apply", "-y")
    assert applied.code == code
    assert {name: len(texts) for name, texts in greetings(emulator, NAMES).items()} == {
        name: name != "beta" for name in NAMES
    }
    emulator.inject()
    assert fleet("apply", "--continue").code == 0
    assert {len(texts) for texts in greetings(emulator, NAMES).values()} == {1}


def test_a_member_that_left_the_file_is_told_by_its_state(fleet: Callable[..., Result], root: Path) -> None:
    assert fleet("apply", "-y").code == 0
    assert "State without a member" not in fleet("status").err
    write_fleet(root, ("acme", "beta_2"))
    status = fleet("status")
    assert (status.code, "beta, delta, gamma: not in fleet.yaml" in told(status)) == (0, True)
    folder = "clinics/.hmsplan/members"
    assert f"({folder}/beta)" in told(status)
    assert fleet("status", "--json").json["departed"] == {
        name: f"{folder}/{name}" for name in ("beta", "delta", "gamma")
    }
    for name in ("delta", "gamma"):
        (root / folder / name).rename(root / name)
    (root / folder / "beta").rename(root / folder / "beta_2")
    assert "State without a member" not in fleet("status").err
    assert "beta_2  1 of 1 objects" in fleet("status").out


def test_a_slow_member_holds_up_no_other(fleet: Callable[..., Result], emulator: Emulator) -> None:
    emulator.inject(Fault(do="delay", seconds=5, nth=1, key=key_of("beta")))
    assert fleet("plan").code == 0
    first = min(each.at for each in requests_of(emulator, "beta") if "delay" in each.faults)
    assert max(each.at for name in NAMES if name != "beta" for each in requests_of(emulator, name)) < first


def test_a_member_whose_secrets_take_long_holds_up_no_other(
    fleet: Callable[..., Result], root: Path, tmp_path: Path
) -> None:
    """The program that has them answers once all members have asked it."""
    own_secrets(root, *(f"{name},HMS_KEY_{name.upper()}," for name in NAMES))
    asked = tmp_path / "asked"
    wait = f"echo >> {asked}; while test $(wc -l < {asked}) -lt {len(NAMES)}; do sleep 0.05; done"
    plan = fleet("plan", "--secrets", f'exec:{wait}; echo \'{{"crm": "x"}}\'', "--parallel", str(len(NAMES)))
    assert (plan.code, len(asked.read_text("utf-8").splitlines())) == (0, len(NAMES)), told(plan)


def test_secrets_that_can_be_read_once_are_refused(fleet: Callable[..., Result], tmp_path: Path) -> None:
    """The first member would have them, and the others would be told that they are missing."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    refused = fleet("plan", "--secrets", f"dotenv:{pipe}")
    assert (refused.code, "Secrets in a pipe" in refused.err) == (1, True)


@pytest.mark.parametrize(
    ("operation", "more", "is_alone"),
    [
        (Operation.PLAN, {}, True),
        (Operation.APPLY, {}, False),
        (Operation.PLAN, {"state": "postgresql://db.example/hmsplan"}, False),
        (Operation.PLAN, {"state": "s3://bucket/hmsplan"}, False),
        (Operation.PLAN, {"sources": (Source("dotenv", "a"),)}, True),
        (Operation.PLAN, {"sources": (Source("dotenv", "a"), Source("exec", "sleep 9"))}, False),
        (Operation.PLAN, {"trust_from": "main"}, False),
    ],
)
def test_what_may_wait_for_more_than_the_api_shares_no_loop(
    root: Path, operation: Operation, more: dict[str, Any], is_alone: bool
) -> None:
    (member, *_) = load_fleet(root).members
    task = Task(operation, member, Common(root, "http://127.0.0.1:1", **more))
    assert waits_for_api_alone(task, SharedFiles()) is is_alone
    (root / "clinics/policies").mkdir()
    assert not waits_for_api_alone(task, SharedFiles())


def test_a_key_that_is_missing_or_none_is_never_sent(fleet: Callable[..., Result], emulator: Emulator) -> None:
    other = "AKIA-c4nary-not-a-key"
    plan = fleet("plan", HMS_KEY_BETA="", HMS_KEY_GAMMA=other)
    assert plan.code == 9
    assert "HMS_KEY_BETA is not set" in told(plan)
    assert "What HMS_KEY_GAMMA holds is not an API key" in told(plan)
    assert other not in plan.out + plan.err
    assert not requests_of(emulator, "beta") + requests_of(emulator, "gamma")


SERVER = """\
mcp_servers:
  crm:
    name: crm
    url: https://crm.example.com/mcp
    headers: {Authorization: "${secret:crm}"}
"""


def own_secrets(root: Path, *rows: str) -> None:
    """Give the fleet a server with a secret, and members of these rows."""
    (root / "clinics/server.yaml").write_text(SERVER, "utf-8")
    (root / "clients.csv").write_text("\n".join(["name,key,secret:crm", *rows, ""]), "utf-8")


def test_each_member_has_the_secret_that_is_its_own(
    fleet: Callable[..., Result], emulator: Emulator, root: Path
) -> None:
    """They are one change, differ by no name, and are never taken from another member or from the shared one."""
    own_secrets(root, "acme,HMS_KEY_ACME,acme_crm", "beta,HMS_KEY_BETA,beta-crm")
    secrets = {"HMSPLAN_SECRET_ACME_CRM": "of-acme-0123456789", "HMSPLAN_SECRET_CRM": "of-all-0123456789"}
    lacking = fleet("apply", "-y", **secrets)
    assert (lacking.code, emulator.writes) == (3, [])
    assert "HMSPLAN_SECRET_BETA_CRM is not set" in told(lacking)
    secrets["HMSPLAN_SECRET_BETA_CRM"] = "of-beta-0123456789"
    applied = fleet("apply", "-y", **secrets)
    assert applied.code == 0
    assert "2 members of 2 would change: 2 the same change." in applied.out
    for name in ("acme", "beta"):
        (server,) = emulator.all("mcp_servers", key=key_of(name))
        assert emulator.hidden("mcp_servers", server["id"])["headers"] == {"Authorization": f"of-{name}-0123456789"}
    assert fleet("plan", **secrets).out.startswith("No changes")
    for text in secrets.values():
        assert text not in applied.out + applied.err


def test_what_was_planned_and_not_reviewed_is_not_applied_by_going_on(
    fleet: Callable[..., Result], emulator: Emulator, root: Path
) -> None:
    """Only of a member without a plan nothing could be reviewed: one that had nothing to change is another matter."""
    assert fleet("apply", "-y").code == 0
    table = root / "clients.csv"
    table.write_text(table.read_text("utf-8").replace("Acme Dental", "Acme Clinic"), "utf-8")
    assert fleet("apply", "-y", HMS_KEY_DELTA="").code == 9
    table.write_text(table.read_text("utf-8").replace("Beta Dental", "Evil Dental"), "utf-8")
    begun = len(emulator.writes)
    fleet("apply", "--continue", "-y")
    assert not [each for each in emulator.writes[begun:] if each.key == key_hash(key_of("beta"))]
    assert greetings(emulator, ["beta"]) == {"beta": ["Good morning, this is Beta Dental."]}


@pytest.mark.parametrize("place", [("-e", "staging"), ("--state", "elsewhere")])
def test_an_apply_goes_on_in_the_environment_and_state_in_which_it_began(
    fleet: Callable[..., Result], emulator: Emulator, root: Path, place: tuple[str, str]
) -> None:
    write_fleet(root, NAMES, LATER)
    if "-e" in place:
        (root / "clinics/environments").mkdir()
        for name in ("staging", "production"):
            (root / f"clinics/environments/{name}.yaml").write_text("", "utf-8")
        stack = root / "clinics/hmsplan.yaml"
        stack.write_text(stack.read_text("utf-8") + "default_environment: production\n", "utf-8")
    assert fleet("apply", "-y", "--no-wait", *place).code == 0
    time.sleep(1)
    begun = len(emulator.writes)
    refused = fleet("apply", "--continue")
    assert (refused.code, emulator.writes[begun:]) == (5, [])
    assert f"the apply began with {' '.join(place)}" in told(refused)
    assert fleet("apply", "--continue", *place).code == 0


def test_an_environment_that_the_fleet_file_changes_is_another_plan(
    fleet: Callable[..., Result], emulator: Emulator, root: Path
) -> None:
    write_fleet(root, NAMES, LATER)
    (root / "clinics/environments").mkdir()
    for name in ("staging", "production"):
        (root / f"clinics/environments/{name}.yaml").write_text("", "utf-8")
    table = root / "clients.csv"
    table.write_text("name,key,environment\nacme,HMS_KEY_ACME,staging\nbeta,HMS_KEY_BETA,staging\n", "utf-8")
    assert fleet("apply", "-y", "--no-wait").code == 0
    table.write_text(table.read_text("utf-8").replace("BETA,staging", "BETA,production"), "utf-8")
    time.sleep(1)
    assert fleet("apply", "--continue").code == 5
    assert not writes_of(emulator, "beta")


def test_where_the_secret_of_a_member_is_kept_is_a_part_of_what_is_reviewed(
    fleet: Callable[..., Result], emulator: Emulator, root: Path
) -> None:
    """Another name is another secret, also without a key for fingerprints; the names are shown."""
    own_secrets(root, "acme,HMS_KEY_ACME,acme_crm", "beta,HMS_KEY_BETA,beta_crm")
    secrets = {f"HMSPLAN_SECRET_{name}_CRM": f"of-{name}-0123456789" for name in ("ACME", "BETA", "DELTA")}
    plan = fleet("plan", **secrets)
    assert "${secret:acme_crm}" in plan.out
    (digest,) = re.findall(r"^Digest: (\S+)$", plan.out, re.MULTILINE)
    own_secrets(root, "acme,HMS_KEY_ACME,acme_crm", "beta,HMS_KEY_BETA,delta_crm")
    assert fleet("apply", "-y", "--expect-digest", digest, **secrets).code == 5
    assert not emulator.writes
    (root / "fleet.yaml").write_text(f"members: ${{csv:clients.csv}}\nstack: clinics\n{LATER}", "utf-8")
    assert fleet("apply", "-y", "--no-wait", **secrets).code == 0
    own_secrets(root, "acme,HMS_KEY_ACME,acme_crm", "beta,HMS_KEY_BETA,acme_crm")
    time.sleep(1)
    assert fleet("apply", "--continue", **secrets).code == 5
    assert not writes_of(emulator, "beta")
    assert fleet("apply", "-y", **secrets).code == 0
    own_secrets(root, "acme,HMS_KEY_ACME,acme_crm", "beta,HMS_KEY_BETA,beta_crm")
    assert "1 member of 2 would change" in fleet("plan", **secrets).out


def test_a_secret_of_a_member_that_the_stack_does_not_use_is_an_error(fleet: Callable[..., Result], root: Path) -> None:
    """With a typing error the member would have the secret of all the others."""
    own_secrets(root, "acme,HMS_KEY_ACME,acme_crm")
    text = (root / "clients.csv").read_text("utf-8")
    (root / "clients.csv").write_text(text.replace("secret:crm", "secret:crn"), "utf-8")
    plan = fleet("plan", HMSPLAN_SECRET_CRM="of-all-0123456789")
    assert (plan.code, "clients.csv:1:10" in plan.out) == (3, True)
    assert "No file of the stack uses ${secret:crn}. Did you mean crm?" in told(plan)


@pytest.fixture
def alone(cli: Cli, url: str) -> Callable[..., Result]:
    """Return what types a command that was printed, or one for a member, without the key of the usual variable."""

    def call(*words: str, **env: str) -> Result:
        return cli(*words, **{**environ(NAMES), "HMS_SOVEREIGN_BASE_URL": url, **env})

    return call


def printed(text: str, command: str) -> list[str]:
    """Return the words of the one command that *text* prints."""
    (found,) = re.findall(rf"^ +hmsplan (.* {command})$", text, re.MULTILINE)
    return shlex.split(found)


OVERRIDDEN = """\
stack: clinics
members:
  - name: acme
    key: HMS_KEY_ACME
    variables: {business_name: Acme Dental}
    secrets: {crm: acme_crm}
    overrides: {assistants.desk: {first_message: "Welcome to ${var:business_name}"}}
  - {name: beta, key: "secret:beta_key", secrets: {crm: beta_crm}}
"""
SECRETS = "ACME_CRM=of-acme-0123456789\nBETA_CRM=of-beta-0123456789\n"


@pytest.fixture
def source(root: Path, tmp_path: Path) -> tuple[str, str]:
    """Return what names the secrets of a fleet whose members have all that is possible."""
    (root / "clinics/server.yaml").write_text(SERVER, "utf-8")
    (root / "fleet.yaml").write_text(OVERRIDDEN, "utf-8")
    kept = tmp_path / "kept.env"
    kept.write_text(f"{SECRETS}BETA_KEY={key_of('beta')}\n", "utf-8")
    kept.chmod(0o600)
    return "--secrets", f"dotenv:{kept}"


def test_a_command_for_one_member_has_all_that_is_the_members(
    fleet: Callable[..., Result], alone: Callable[..., Result], emulator: Emulator, source: tuple[str, str]
) -> None:
    """Its key, state, variables, overrides and secrets: what drift tells to type puts back what was declared for it."""
    assert fleet("apply", "-y", *source).code == 0
    (desk,) = emulator.all("assistants", key=key_of("acme"))
    emulator.edit("assistants", desk["id"], {"first_message": "Hi"})
    seen = alone(*printed(fleet("drift", *source).out, "drift"))
    assert "Welcome to Acme Dental" in seen.out
    assert alone(*printed(seen.out, "apply"), "-y").code == 0
    assert greetings(emulator, ["acme"]) == {"acme": ["Welcome to Acme Dental"]}
    assert fleet("plan", *source).out.startswith("No changes")
    assert len(alone(*printed(seen.out, "apply")[:-1], "history", "--json").json["applies"]) == 2


def test_a_member_whose_key_is_a_secret_is_reached_alone(
    fleet: Callable[..., Result], alone: Callable[..., Result], root: Path, source: tuple[str, str]
) -> None:
    assert fleet("apply", "-y", *source).code == 0
    plan = alone("-C", str(root), "--member", "beta", "plan", *source)
    assert (plan.code, "No changes." in plan.out) == (0, True)
    lacking = alone("-C", str(root), "plan", "--member", "acme", HMS_KEY_ACME="", HMSPLAN_SECRET_ACME_CRM="of-acme")
    assert (lacking.code, "HMS_KEY_ACME holds the key of acme" in told(lacking)) == (9, True)


def test_a_plan_of_a_fleet_that_was_saved_is_applied_for_its_member(
    fleet: Callable[..., Result],
    alone: Callable[..., Result],
    emulator: Emulator,
    root: Path,
    tmp_path: Path,
    source: tuple[str, str],
) -> None:
    assert fleet("plan", "-o", str(tmp_path / "plans"), *source).code == 0
    assert alone("-C", str(root), "--member", "acme", "apply", str(tmp_path / "plans/acme.json"), *source).code == 0
    assert greetings(emulator, ["acme", "beta"]) == {"acme": ["Welcome to Acme Dental"], "beta": []}


@pytest.mark.parametrize(
    ("words", "told_"),
    [
        (("--member", "acne", "plan"), "acne is not a member of fleet.yaml. Did you mean acme?"),
        (("--member", "acme", "fleet", "plan"), "Write it behind the command."),
        (("--member", "acme", "--emulator", "plan"), "--emulator is one organization."),
    ],
)
def test_a_member_that_cannot_be_meant_is_told(
    alone: Callable[..., Result], emulator: Emulator, root: Path, words: tuple[str, ...], told_: str
) -> None:
    refused = alone("-C", str(root), *words)
    assert (refused.code, told_ in told(refused)) == (1, True)
    assert not emulator.requests


def test_the_secrets_that_a_job_needs_are_named(cli: Cli, root: Path) -> None:
    own_secrets(root, "acme,HMS_KEY_ACME,acme_crm")
    matrix = cli("-C", str(root), "fleet", "matrix", "--shards", "1")
    assert matrix.json["include"][0]["secrets"] == ["HMSPLAN_SECRET_ACME_CRM"]


def test_a_refused_key_is_named_by_its_variable(fleet: Callable[..., Result], emulator: Emulator) -> None:
    emulator.inject(Fault(do="status", status=401, key=key_of("beta")))
    assert "HMS_KEY_BETA" in told(fleet("plan"))


def test_a_key_of_another_organization_is_refused(fleet: Callable[..., Result], emulator: Emulator) -> None:
    fleet("apply", "-y")
    swapped = fleet("plan", "--member", "!gamma", HMS_KEY_BETA=key_of("gamma"))
    assert swapped.code == 9
    assert "Wrong organization" in swapped.out
    assert greetings(emulator, ["gamma"]) == {"gamma": ["Good morning, this is Gamma Dental."]}


@pytest.mark.parametrize("command", [("plan",), ("apply", "-y")], ids=["plan", "apply"])
def test_two_variables_with_one_key_are_refused_before_any_write(
    fleet: Callable[..., Result], emulator: Emulator, command: tuple[str, ...]
) -> None:
    """The organization is empty, so that only the keys tell that it is one."""
    same = fleet(*command, HMS_KEY_BETA=key_of("acme"), HMS_KEY_GAMMA="")
    assert (same.code, emulator.writes) == (3, [])
    assert "clients.csv:3" in same.err
    assert "acme (clients.csv:2:1) has the same key" in told(same)
    assert key_of("acme") not in same.out + same.err


def test_two_keys_of_one_organization_are_refused_before_any_write(
    fleet: Callable[..., Result], emulator: Emulator
) -> None:
    assert fleet("apply", "-y", "--member", "acme").code == 0
    with emulator.app.store.transaction(write=True):
        emulator.app.store.add_key(key_of("second"), emulator.organization(key_of("acme")), issued=True)
    before = len(emulator.writes)
    same = fleet("apply", "-y", HMS_KEY_BETA=key_of("second"))
    assert (same.code, len(emulator.writes)) == (3, before)
    assert "acme (clients.csv:2:1) is organization" in told(same)


def test_an_organization_that_another_member_declares_is_refused(
    fleet: Callable[..., Result], emulator: Emulator, root: Path
) -> None:
    """Also while the member that declares it is left out."""
    assert fleet("apply", "-y", "--member", "acme").code == 0
    organization = emulator.organization(key_of("acme"))
    rows = ["name,key,organization", f"acme,HMS_KEY_ACME,{organization}", "beta,HMS_KEY_BETA,", ""]
    (root / "clients.csv").write_text("\n".join(rows), "utf-8")
    before = len(emulator.writes)
    same = fleet("apply", "-y", "--member", "beta", HMS_KEY_BETA=key_of("acme"))
    assert (same.code, len(emulator.writes)) == (3, before)
    assert "acme (clients.csv:2:1) is organization" in told(same)


def test_a_refusal_stops_as_the_file_says(fleet: Callable[..., Result], emulator: Emulator, root: Path) -> None:
    write_fleet(root, NAMES, desk=f"{DESK}    lifecycle: {{prevent_destroy: true}}\n")
    assert fleet("apply", "-y").code == 0
    write_fleet(root, NAMES, "stop_on: refusal\n", DESK.replace("desk:", "front:").replace("Desk", "Front"))
    before = len(emulator.writes)
    refused = fleet("apply", "-y")
    assert (refused.code, len(emulator.writes)) == (4, before)
    assert "--allow delete:assistants.desk" in refused.out
    assert fleet("apply", "-y", "--allow", "delete:assistants.desk").code == 0
    assert all([each["name"] for each in emulator.all("assistants", key=key_of(name))] == ["Front"] for name in NAMES)


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_what_allows_a_risk_is_typed_for_the_members_that_were_asked_for(
    fleet: Callable[..., Result], emulator: Emulator, root: Path, form: str
) -> None:
    """Typed as it is printed, it allows nothing to a member that was not looked at."""
    write_fleet(root, NAMES, desk=f"{DESK}    lifecycle: {{prevent_destroy: true}}\n")
    assert fleet("apply", "-y").code == 0
    write_fleet(root, NAMES, desk=DESK.replace("desk:", "front:").replace("Desk", "Front"))
    refused = html.unescape(fleet("plan", "--member", "acme", "--target", "assistants.*", "--format", form).out)
    (printed,) = re.findall(r"hmsplan (-C .* fleet apply .*--allow [^\s<]+)", refused)
    words = shlex.split(printed)
    assert words[2:6] == ["fleet", "apply", "--member", "acme"]
    assert "--target=assistants.*" in words
    assert fleet("apply", *words[4:], "-y").code == 0
    assert {name: emulator.all("assistants", key=key_of(name))[0]["name"] for name in NAMES} == {
        name: "Front" if name == "acme" else "Desk" for name in NAMES
    }


def test_what_is_printed_after_a_failure_has_the_options_of_the_run(
    fleet: Callable[..., Result], emulator: Emulator, root: Path
) -> None:
    """To begin again names the members of then; to go on needs only what performs the work."""
    write_fleet(root, NAMES, WAVES)
    emulator.inject(Fault(do="status", status=422, method="POST", key=key_of("beta")))
    failed = fleet("apply", "-y", "--member", "!delta", "--target", "assistants.*", "--parallel", "2")
    words = "--executor threads --parallel 2 --continue"
    assert failed.out.splitlines()[-1].strip() == f"hmsplan -C {root} fleet apply {words}"
    emulator.inject()
    write_fleet(root, NAMES, WAVES, DESK.replace("morning", "evening"))
    stale = fleet("apply", "--continue")
    (printed,) = re.findall(r"^ +hmsplan (.*)$", stale.err, re.MULTILINE)
    assert shlex.split(printed)[2:] == [
        *("fleet", "apply", "--member", "!delta", "--target", "assistants.*"),
        *("--executor", "threads"),
    ]
    assert fleet(*shlex.split(printed)[3:], "-y").code == 0


def test_a_secret_is_sent_again_to_all_members(fleet: Callable[..., Result], emulator: Emulator, root: Path) -> None:
    """Also by the members of a later wave, whose apply goes on in another run."""
    write_fleet(root, NAMES, "waves: [{members: [acme]}, {share: 100%, after: 1s}]\n")
    (root / "clinics/server.yaml").write_text(SERVER, "utf-8")
    secret = {"HMSPLAN_SECRET_CRM": "of-all-0123456789"}
    assert fleet("apply", "-y", **secret).code == 0
    again = ("--resend", "mcp_servers.crm")
    plan = fleet("plan", *again, **secret)
    assert "4 members of 4 would change: 4 the same change." in plan.out
    before = {name: len(writes_of(emulator, name)) for name in NAMES}
    assert fleet("apply", "-y", "--no-wait", *again, **secret).code == 0
    time.sleep(1)
    assert fleet("apply", "--continue", *again, **secret).code == 1
    assert fleet("apply", "--continue", **secret).code == 0
    assert {name: len(writes_of(emulator, name)) - before[name] for name in NAMES} == dict.fromkeys(NAMES, 1)


def test_a_secret_that_was_rotated_is_sent_once_its_fingerprints_are_taken(
    fleet: Callable[..., Result], emulator: Emulator, root: Path
) -> None:
    """An apply that changes nothing, and brings the state up to date, is done as it is for a single stack."""
    (root / "clinics/server.yaml").write_text(SERVER, "utf-8")
    secret = {"HMSPLAN_SECRET_CRM": "of-all-0123456789", "HMSPLAN_FINGERPRINT_KEY": ""}
    assert fleet("apply", "-y", **secret).code == 0
    secret["HMSPLAN_FINGERPRINT_KEY"] = "fingerprints-0123456789abcdef"
    line = "The next apply only brings hmsplan's state up to date: mcp_servers.crm of acme, beta, delta, gamma."
    before = len(emulator.writes)
    for form in ("text", "markdown", "html"):
        assert line in html.unescape(" ".join(fleet("plan", "--format", form, **secret).out.split())).replace("\\", "")
    done = fleet("apply", "-y", **secret)
    assert (done.code, len(emulator.writes)) == (0, before)
    assert "Fleet apply: 4 applied." in done.out
    assert line not in told(fleet("plan", **secret))
    secret["HMSPLAN_SECRET_CRM"] = "of-all-9876543210"
    assert "4 members of 4 would change: 4 the same change." in fleet("plan", **secret).out
    assert fleet("apply", "-y", **secret).code == 0
    for name in NAMES:
        (server,) = emulator.all("mcp_servers", key=key_of(name))
        assert emulator.hidden("mcp_servers", server["id"])["headers"] == {"Authorization": "of-all-9876543210"}


def test_a_risk_that_is_allowed_stays_in_sight(fleet: Callable[..., Result], root: Path) -> None:
    write_fleet(root, NAMES, desk=f"{DESK}    lifecycle: {{prevent_destroy: true}}\n")
    assert fleet("apply", "-y").code == 0
    write_fleet(root, NAMES, desk=DESK.replace("desk:", "front:").replace("Desk", "Front"))
    done = fleet("apply", "-y", "--allow", "delete:assistants.desk")
    assert (done.code, "Allowed in every member by --allow: delete:assistants.desk" in done.out) == (0, True)


def test_names_of_members_are_all_told_in_a_text(fleet: Callable[..., Result], root: Path) -> None:
    many = [f"office-{number:02}" for number in range(30)]
    write_fleet(root, many)
    rows = [f"{name},HMS_KEY_{name[-2:]},{name.title()}" for name in many]
    (root / "clients.csv").write_text("\n".join(["name,key,business_name", *rows, ""]), "utf-8")
    none = fleet("plan", "--member", "foo")
    assert "foo fits none of: office-00," in told(none)
    assert told(none).endswith("office-11 and 18 more")
    keys = {f"HMS_KEY_{name[-2:]}": key_of(name) for name in many}
    plan = fleet("plan", COLUMNS="60", **keys)
    for shown in (plan.out, fleet("apply", "-y", COLUMNS="60", **keys).err.split("\n\n")[0]):
        assert set(re.findall(r"office-\d\d", shown)) == set(many)
        assert "more" not in shown
        assert max(map(len, shown.splitlines())) <= 80
    (root / "clinics/desk.yaml").write_text("assistants: {desk: {name: Desk, frist_message: Hi}}\n", "utf-8")
    wrong = fleet("plan", COLUMNS="60", **keys)
    assert set(re.findall(r"office-\d\d", wrong.out)) == set(many)


def test_an_apply_warns_of_the_open_one_that_it_ends(
    fleet: Callable[..., Result], emulator: Emulator, root: Path
) -> None:
    """What the open one had left is planned afterwards by an apply of all; nothing of it is lost silently."""
    write_fleet(root, NAMES, WAVES)
    assert "open" not in told(fleet("status"))
    emulator.inject(Fault(do="status", status=422, method="POST", key=key_of("beta")))
    assert fleet("apply", "-y").code == 1
    emulator.inject()
    go_on = f"hmsplan -C {root} fleet apply --executor threads --continue"
    status = fleet("status")
    left = "It is at wave 2 of 3. Not applied yet: beta, gamma, delta."
    assert (f"An apply is open. {left} To go on:" in told(status), go_on in status.out) == (True, True)
    assert fleet("status", "--json").json["open"] == {
        "wave": 2,
        "waves": 3,
        "left": ["beta", "gamma", "delta"],
        "due": None,
    }
    other = fleet("apply", "--member", "gamma", "-y")
    assert other.code == 0
    assert "Warning: An apply of this fleet is open" in other.err
    assert f"{left} This apply takes its place" in told(other)
    printed = re.findall(r"^ +hmsplan (.*)$", other.err, re.MULTILINE)
    assert f"hmsplan {printed[0]}" == go_on
    assert "Nothing to continue" in fleet("apply", "--continue").err
    assert fleet(*shlex.split(printed[1])[3:], "-y").code == 0
    assert {name: len(found) for name, found in greetings(emulator, NAMES).items()} == dict.fromkeys(NAMES, 1)
    assert "open" not in told(fleet("status"))


def test_an_apply_that_may_do_nothing_says_so(fleet: Callable[..., Result], emulator: Emulator, root: Path) -> None:
    write_fleet(root, NAMES, desk=f"{DESK}    lifecycle: {{prevent_destroy: true}}\n")
    assert fleet("apply", "-y").code == 0
    write_fleet(root, NAMES, desk=DESK.replace("desk:", "front:").replace("Desk", "Front"))
    before = len(emulator.writes)
    refused = fleet("apply", "-y", HMS_KEY_BETA="")
    assert len(emulator.writes) == before
    assert "Error: Nothing was applied" in refused.err
    assert "Refused: acme, delta, gamma. Could not be planned: beta. What to do stands above." in told(refused)
    write_fleet(root, NAMES)
    unchanged = fleet("apply", "-y")
    assert (unchanged.code, "Nothing was applied" in unchanged.err) == (0, False)


def test_a_member_that_holds_up_the_others_can_be_left_out(fleet: Callable[..., Result], emulator: Emulator) -> None:
    held_up = fleet("apply", "-y", "--member", "!gamma", HMS_KEY_DELTA="")
    assert (held_up.code, emulator.writes) == (9, [])
    (printed,) = re.findall(r"without what could not be planned:\n +hmsplan (.*)$", held_up.out, re.MULTILINE)
    words = shlex.split(printed)[3:]
    assert words[:5] == ["apply", "--member", "!gamma", *words[3:5]]
    assert words[-2:] == ["--member", "!delta"]
    assert fleet(*words, "-y", HMS_KEY_DELTA="").code == 0
    assert [name for name in NAMES if writes_of(emulator, name)] == ["acme", "beta"]


def test_a_mistake_in_the_shared_stack_is_told_once(fleet: Callable[..., Result], root: Path) -> None:
    (root / "clinics" / "desk.yaml").write_text("assistants:\n  desk: {name: Desk, frist_message: Hi}\n")
    plan = fleet("plan")
    assert plan.code == 3
    assert plan.out.count("Unknown field") == 1
    assert "clinics/desk.yaml:2:" in plan.out
    assert "of acme, beta, delta, gamma" in plan.out


def test_a_variable_that_the_stack_does_not_know_is_told_at_its_cell(fleet: Callable[..., Result], root: Path) -> None:
    (root / "clients.csv").write_text("name,key,busines_name\nacme,HMS_KEY_ACME,Acme\n")
    plan = fleet("lint")
    assert plan.code == 3
    assert "clients.csv:2:19" in plan.out
    assert "Did you mean business_name?" in told(plan)


def test_overrides_of_a_member_lie_over_the_stack(fleet: Callable[..., Result], emulator: Emulator, root: Path) -> None:
    (root / "fleet.yaml").write_text(
        "stack: clinics\nmembers:\n"
        "  - {name: acme, key: HMS_KEY_ACME, variables: {business_name: Acme}}\n"
        "  - name: beta\n    key: HMS_KEY_BETA\n    overrides: {assistants.desk: {first_message: Hello}}\n"
    )
    assert fleet("apply", "-y").code == 0
    assert greetings(emulator, ["acme", "beta"]) == {"acme": ["Good morning, this is Acme."], "beta": ["Hello"]}


@pytest.mark.parametrize("command", ["plan", "status", "drift", "lint"])
def test_reports_are_the_same_whatever_executes_them(fleet: Callable[..., Result], command: str) -> None:
    one = fleet(command)
    assert fleet(command, "--parallel", "1").out == one.out
    assert fleet(command, "--executor", "processes").out == one.out


def test_events_say_how_an_apply_goes_on(fleet: Callable[..., Result]) -> None:
    done = fleet("apply", "-y", "--json")
    events: list[dict[str, Any]] = [json.loads(line) for line in done.out.splitlines()]
    assert [each["type"] for each in events][:2] == ["fleet_plan", "wave_start"]
    assert sorted(each["member"] for each in events if each["type"] == "member_end") == sorted(NAMES)
    assert events[-1]["summary"]["behind"] == []


def test_a_wave_that_is_not_due_is_left_for_later(fleet: Callable[..., Result], emulator: Emulator, root: Path) -> None:
    write_fleet(root, NAMES, "waves: [{share: 25%}, {share: 100%, after: 1h}]\n")
    first = fleet("apply", "-y", "--no-wait")
    assert first.code == 0
    assert "Wave 2 is not due yet." in first.out
    assert re.search(
        r"It is due at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC\.\nTo go on then:\n +hmsplan -C .*--continue$", first.out
    )
    assert "the cause" not in first.out
    assert re.search(r"It is at wave 2 of 2. It is due at 20\S+ \S+ UTC.", told(fleet("status")))
    assert "not started: beta, delta, gamma" in first.out
    assert "Wave 2 is not due yet." in fleet("apply", "--continue", "--no-wait").out
    assert [name for name in NAMES if writes_of(emulator, name)] == ["acme"]


def test_plans_are_saved_one_a_member_and_hold_for_it_alone(
    fleet: Callable[..., Result], cli: Cli, tmp_path: Path
) -> None:
    fleet("plan", "-o", str(tmp_path / "plans"))
    assert sorted(path.name for path in (tmp_path / "plans").iterdir()) == sorted(f"{name}.json" for name in NAMES)
    assert "Good morning, this is Beta Dental." in cli.ok("show", tmp_path / "plans" / "beta.json")
    fleet("apply", "-y")
    fleet("plan", "-o", str(tmp_path / "after"))
    assert "No changes." in cli.ok("show", tmp_path / "after" / "beta.json")


@pytest.mark.parametrize(
    ("journal", "command", "option"),
    [(FleetJournal, ("apply", "-y"), ()), (OrganizationJournal, ("create", "oost", "--sink", "file:x"), ("--create",))],
    ids=["apply", "create"],
)
def test_two_runs_of_one_fleet_are_not_at_once(
    fleet: Callable[..., Result],
    cli: Cli,
    root: Path,
    url: str,
    journal: type[FleetJournal | OrganizationJournal],
    command: tuple[str, ...],
    option: tuple[str, ...],
) -> None:
    """What is printed frees this lock and no other; the run that had it writes nothing more."""
    with (root / "clients.csv").open("a", encoding="utf-8") as table:
        table.write("oost,HMS_KEY_OOST,Oost\n")

    def run(*words: str) -> Result:
        of_agency = {"HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": key_of("acme")}
        return fleet(*words) if words[0] == "apply" else cli("-C", str(root), "fleet", *words, **of_agency)

    with journal(root, "fleet.yaml").lock("a test"):
        locked = run(*command)
        assert (locked.code, run("unlock", *option).code) == (7, 7)
        (printed,) = re.findall(r"^ +hmsplan (.*)$", locked.err, re.MULTILINE)
        assert shlex.split(printed) == ["-C", str(root), "fleet", "unlock", *option, "--force"]
        freed = cli(*shlex.split(printed), "--json")
        assert (freed.code, freed.json["unlocked"], "a test" in freed.json["holder"]) == (0, True, True)
        assert run(*command).code != 7
    assert "It was not locked." in cli("-C", str(root), "fleet", "unlock", *option).err


def test_an_apply_whose_lock_was_taken_begins_nothing_more(
    fleet: Callable[..., Result], cli: Cli, emulator: Emulator, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_fleet(root, NAMES, WAVES)
    with monkeypatch.context() as patched:
        patched.setattr(FleetLines, "ended", lambda *_: cli("-C", str(root), "fleet", "unlock", "--force"))
        taken = fleet("apply", "-y")
    assert taken.code == 1
    assert "Lock lost" in taken.err
    assert [name for name in NAMES if writes_of(emulator, name)] == ["acme"]


def test_a_member_that_is_not_there_is_told(fleet: Callable[..., Result]) -> None:
    none = fleet("plan", "--member", "acne")
    assert none.code == 1
    assert "acne fits none of: acme, beta, gamma, delta" in told(none)


def test_the_organizations_can_be_exported(fleet: Callable[..., Result], tmp_path: Path) -> None:
    fleet("apply", "-y")
    done = fleet("export", str(tmp_path / "members"))
    assert done.code == 0
    assert "this is Delta Dental" in (tmp_path / "members" / "delta" / "assistants" / "desk.yaml").read_text()
    again = fleet("export", str(tmp_path / "members"))
    assert (again.code, "Folder is not empty" in again.out) == (1, True)


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_the_other_surfaces_show_an_alike_change_once(
    fleet: Callable[..., Result], emulator: Emulator, form: str
) -> None:
    fleet("apply", "-y", "--member", "!delta")
    (desk,) = emulator.all("assistants", key=key_of("beta"))
    emulator.edit("assistants", desk["id"], {"first_message": "<b>Hi</b> @everyone"})
    emulator.inject(Fault(do="status", status=401, key=key_of("gamma")))
    page = fleet("plan", "--format", form).out
    assert page.count("2 members of 4 would change") == 1
    assert "Not authenticated" in page
    assert form == "markdown" or "<b>Hi</b>" not in page
    assert ("<!-- hmsplan:fleet -->" in page) == (form == "markdown")
    assert (page.startswith("<!DOCTYPE html>")) == (form == "html")


@pytest.mark.parametrize(("shards", "sizes"), [(1, [4]), (3, [1, 1, 2]), (9, [1, 1, 1, 1])])
def test_a_matrix_names_each_member_once(
    fleet: Callable[..., Result], cli: Cli, root: Path, shards: int, sizes: list[int]
) -> None:
    jobs = json.loads(cli.ok("-C", root, "fleet", "matrix", "--shards", str(shards)))["include"]
    named = [job["members"].replace("--member ", "").split() for job in jobs]
    assert sorted(map(len, named)) == sizes
    assert [name for names in named for name in names] == list(NAMES)
    assert "Fleet: " in fleet("plan", *jobs[0]["members"].split()).out


def test_a_plain_plan_loads_nothing_of_a_fleet(root: Path) -> None:
    code = (
        "import sys; from hmsplan.cli.root import run; code = run(sys.argv[1:]);"
        "print(code, [name for name in sys.modules if name.startswith('hmsplan.fleet')])"
    )
    done = process("-C", str(root / "clinics"), "--emulator", "plan", code=code)
    assert done.out.splitlines()[-1] == "0 []"


def test_ctrl_c_ends_the_programs_of_members_too(root: Path, url: str, tmp_path: Path) -> None:
    """They ignore it, as the workers that began them do."""
    own_secrets(root, *(f"{name},HMS_KEY_{name.upper()}," for name in NAMES))
    begun = tmp_path / "begun"
    words = ("-C", str(root), "--secrets", f"exec:echo $$ >> {begun}; sleep 600; true", "fleet", "plan")
    with started(*words, HMS_SOVEREIGN_BASE_URL=url, **environ(NAMES)) as run:
        until(lambda: begun.exists() and len(begun.read_text("utf-8").split()) == len(NAMES))
        run.send_signal(signal.SIGINT)
        assert run.wait(60) == 130
    pids = begun.read_text("utf-8").split()
    until(lambda: not [pid for pid in pids if Path(f"/proc/{pid}").exists()])


def test_only_a_process_that_holds_nothing_is_copied() -> None:
    """A copy has no thread of its original, and shares what it has open, which an apply may not."""
    assert process(code=COPIED).out.split() == [str(sys.platform == "linux"), "False", "False"]


COPIED = """
import threading
from hmsplan.fleet.executors import is_copied
from hmsplan.fleet.task import Operation
print(is_copied(Operation.PLAN), is_copied(Operation.APPLY))
over = threading.Event()
threading.Thread(target=over.wait).start()
print(is_copied(Operation.PLAN))
over.set()
"""


@pytest.mark.parametrize(
    "kind",
    ["thread", "dask", "dask://", "dask://host", "dask://host:0", "dask://u:p@host:1", "dask://host:1/a", "[dask://"],
)
def test_an_executor_that_is_none_is_told(fleet: Callable[..., Result], kind: str) -> None:
    refused = fleet("plan", "--executor", kind)
    assert (refused.code, "No such executor" in refused.err) == (1, True)


def test_a_cluster_without_its_extra_is_told(fleet: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hmsplan.fleet.cluster.find_spec", lambda _: None)
    refused = fleet("plan", "--executor", "dask://127.0.0.1:8786")
    assert refused.code == 1
    assert "pip install 'hmsplan[dask]'" in refused.err


@pytest.mark.parametrize("operation", [Operation.PLAN, Operation.STATUS, Operation.APPLY, Operation.EXPORT])
def test_a_worker_on_another_machine_uses_no_folder_of_its_own(root: Path, operation: Operation) -> None:
    """Its folder is not ours: it knows of no object, and would create all of them once more."""
    (member, *_) = load_fleet(root).members
    common = Common(root, "http://127.0.0.1:1", machine="another")
    (result,) = Workers("threads").perform([Task(operation, member, common, folder=root / "exported")])
    assert [each.summary for each in result.problems] == ["Other machine"]
    assert not (root / "clinics" / ".hmsplan").exists()


def test_a_worker_of_another_version_does_nothing(root: Path) -> None:
    tasks = [Task(Operation.PLAN, member, Common(root, "http://127.0.0.1:1")) for member in load_fleet(root).members]
    results = perform_sent("0.0.1", tasks)
    assert [(each.name, each.code, each.problems[0].summary) for each in results] == [
        (name, 1, "Other version on the worker") for name in NAMES
    ]
