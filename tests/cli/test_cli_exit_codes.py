"""The frozen table of exit codes: what a pipeline decides on."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import re
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.cli.embedded import FOLDER
from hmsplan.emulator import Emulator, Fault, running
from hmsplan.model import Address, PendingCreate
from hmsplan.state.backend import new_state, open_backend
from hmsplan.state.ledger import Ledger

from .helpers import KEY, STACK, Cli, Result, process, started, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def local(cli: Cli, stack: Path, *args: str | Path) -> Result:
    return cli("-C", stack, "--emulator", *args)


def test_success_is_0_with_changes_and_without(cli: Cli, stack: Path) -> None:
    """Without --detailed-exitcode a plan that changes something is a success."""
    assert local(cli, stack, "plan").code == 0
    assert local(cli, stack, "apply", "-y").code == 0
    assert local(cli, stack, "plan").code == 0
    assert local(cli, stack, "plan", "--detailed-exitcode").code == 0


def test_changes_are_2_when_asked(cli: Cli, stack: Path) -> None:
    """As in Terraform."""
    assert local(cli, stack, "plan", "--detailed-exitcode").code == 2


def test_drift_is_2_when_asked(live: Any, emulator: Emulator) -> None:
    """A change in the dashboard is told, and without the flag it is no failure."""
    assert live("apply", "-y").code == 0
    assert live("drift", "--detailed-exitcode").code == 0
    (assistant,) = emulator.all("assistants")
    emulator.edit("assistants", assistant["id"], {"first_message": "Changed"})
    assert live("drift", "--detailed-exitcode").code == 2
    assert live("drift").code == 0


def test_what_was_tried_without_a_key_takes_no_part_in_a_run_with_one(
    live: Any, cli: Cli, stack: Path, emulator: Emulator
) -> None:
    """The way of the README, from the emulator to a key and back: neither sees what the other one made."""
    assert local(cli, stack, "apply", "-y").code == 0
    assert "Plan: 2 to add" in live("plan").out
    assert live("apply", "-y").code == 0
    assert len(emulator.all("assistants")) == 1
    assert local(cli, stack, "plan", "--detailed-exitcode").code == 0
    assert local(cli, stack, "apply", "-y", "--destroy", "--allow", "*").code == 0
    assert live("plan", "--detailed-exitcode").code == 0
    assert len(emulator.all("assistants")) == 1


def test_a_state_that_a_variable_names_is_not_for_the_emulator(cli: Cli, stack: Path, tmp_path: Path) -> None:
    """It is the one that production shares; a state that is named on the command line is meant."""
    shared = tmp_path / "shared"
    assert cli("-C", stack, "--emulator", "apply", "-y", HMSPLAN_STATE=str(shared)).code == 0
    assert not shared.exists()
    assert local(cli, stack, "--state", str(shared), "plan", "--detailed-exitcode").code == 2


def test_each_environment_has_an_emulator_of_its_own(cli: Cli, stack: Path) -> None:
    """What one of them registered is not taken away from another."""
    write(stack, {"environments/one.yaml": "organization: 6f9d2c1e-0000-4000-8000-000000000001\n"})
    write(stack, {"environments/two.yaml": ""})
    for name in ("one", "two"):
        assert "2 added" in local(cli, stack, "-e", name, "apply", "-y").out
        assert local(cli, stack, "-e", name, "plan", "--detailed-exitcode").code == 0
        assert (stack / ".hmsplan" / "emulator" / name / "emulator.db").is_file()
    assert (stack / ".hmsplan" / "emulator" / ".gitignore").read_text("utf-8") == "*\n"


def test_an_emulator_of_an_older_version_is_left_alone(cli: Cli, stack: Path) -> None:
    """And said to be, once."""
    write(stack, {".hmsplan/emulator.db": "old"})
    first, second = (local(cli, stack, "plan") for _ in range(2))
    assert "left as it is and not used" in first.err
    assert (first.code, second.code, second.err) == (0, 0, "")
    assert (stack / ".hmsplan" / "emulator.db").read_text("utf-8") == "old"


@pytest.mark.parametrize("command", ["validate", "plan", "apply -y", "drift", "graph", "state list", "snapshot -o x"])
def test_no_environment_where_there_are_some_is_3(cli: Cli, stack: Path, command: str) -> None:
    """Every command that has to do with one says so, and which there are."""
    write(stack, {"environments/live.yaml": "", "environments/staging.yaml": ""})
    result = local(cli, stack, *command.split())
    assert result.code == 3
    assert "live, staging" in " ".join(result.err.split())
    assert not (stack / ".hmsplan").exists()


def test_the_default_environment_is_that_of_every_command(live: Any, stack: Path) -> None:
    """State, rescue and printed commands agree with the plan."""
    write(stack, {"environments/live.yaml": "", "environments/staging.yaml": ""})
    write(stack, {"hmsplan.yaml": f"{STACK}default_environment: staging\n"})
    assert live("apply", "-y").code == 0
    assert "numbers.main" in live("state", "list").out
    assert live("-e", "staging", "plan", "--detailed-exitcode").code == 0
    assert live("-e", "live", "state", "list").out == ""
    assert [path.name for path in (stack / ".hmsplan").iterdir() if path.is_dir()] == ["staging"]
    assert live("drift", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("command", ["validate", "plan", "apply -y", "drift", "graph"])
def test_an_invalid_configuration_is_3(cli: Cli, stack: Path, command: str) -> None:
    """The diagnostics name file and line, on stderr."""
    write(stack, {"b.yaml": "assistants:\n  broken: {nmae: x}\n"})
    result = local(cli, stack, *command.split())
    assert result.code == 3
    assert "b.yaml:2" in result.err
    assert result.out == ""


def test_what_is_large_is_not_freed_before_the_process_ends(stack: Path) -> None:
    """Object by object, that takes longer than to end."""
    code = """
import gc, os
from hmsplan.cli import main
from hmsplan.model import Plan, Stack
end = os._exit
os._exit = lambda code: end(10 + len({type(each) for each in gc.get_objects() if isinstance(each, Plan | Stack)}))
main()
"""
    assert process("-C", str(stack), "--emulator", "plan", code=code).code == 10 + len({"Plan", "Stack"})
    assert process("-C", str(stack), "validate", code=code).code == 10 + len({"Stack"})


def test_what_is_wrong_with_a_large_stack_is_told_before_what_is_wrong_with_its_state(tmp_path: Path) -> None:
    """The state is read while other processes parse the files."""
    many = {f"{n}.yaml": f"assistants:\n  a{n}: {{name: A{n}, first_message: Hello}}\n" for n in range(450)}
    odd = {"odd.yaml": "assistants:\n  odd: {nmae: Odd}\n", ".hmsplan/default/state.json": "{"}
    write(tmp_path, {"hmsplan.yaml": STACK, **many, **odd})
    both = process("-C", str(tmp_path), "plan", HMS_SOVEREIGN_API_KEY=KEY)
    assert (both.code, "nmae" in both.err, "state.json" in both.err) == (3, True, False)
    (tmp_path / "odd.yaml").unlink()
    damaged = process("-C", str(tmp_path), "plan", HMS_SOVEREIGN_API_KEY=KEY)
    assert (damaged.code, "State is damaged" in damaged.err) == (1, True)


@pytest.mark.parametrize("command", ["validate", "plan", "apply -y", "drift", "state list", "fmt", "graph"])
def test_a_folder_without_a_stack_is_3(cli: Cli, tmp_path: Path, command: str) -> None:
    """The message says how to begin."""
    result = cli("-C", tmp_path, "--emulator", *command.split())
    assert result.code == 3
    assert " init" in result.err


@pytest.mark.parametrize("words", ["starts:campaigns.x", "delete", "delete:", ":numbers.main"])
def test_a_risk_that_no_guard_knows_is_1(cli: Cli, words: str) -> None:
    """It would allow nothing, and whoever typed it would believe that it does."""
    result = cli("apply", "-y", "--allow", words)
    assert result.code == 1
    assert "RISK:ADDRESS" in result.err


def test_a_refusal_is_4_and_names_the_flag(cli: Cli, stack: Path) -> None:
    """Protection outlives the block that declared it."""
    assert local(cli, stack, "apply", "-y").code == 0
    (stack / "n.yaml").write_text("numbers: {}\n", "utf-8")
    result = local(cli, stack, "apply", "-y")
    assert result.code == 4
    assert "--allow delete:numbers.main" in result.err
    assert local(cli, stack, "apply", "-y", "--allow", "delete:numbers.main").code == 0


@pytest.mark.parametrize(
    "digest", ["", "  ", "0" * 64, "sha256:" + "f" * 64, "intent:", "intent:" + "f" * 64, "md5:x", "sha256:intent:"]
)
def test_another_digest_is_5(cli: Cli, stack: Path, digest: str) -> None:
    """An empty one too: a lookup that found nothing must not pass for "anything goes"."""
    assert local(cli, stack, "apply", "-y", "--expect-digest", digest).code == 5
    assert local(cli, stack, "state", "list").out == ""


def test_the_reviewed_digest_is_applied(cli: Cli, stack: Path) -> None:
    """With and without the name of the algorithm in front."""
    plan = json.loads(local(cli, stack, "plan", "--json").out)
    assert local(cli, stack, "apply", "-y", "--expect-digest", plan["hmsplan"]["digest"]).code == 0


def test_a_digest_of_the_intent_holds_whatever_stood_there_before(live: Any, emulator: Emulator, stack: Path) -> None:
    """The strict one does not; neither holds when something else is to be done, or the word in front is wrong."""
    assert live("apply", "-y").code == 0
    (stack / "a.yaml").write_text("assistants:\n  support: {name: Support, first_message: New}\n", "utf-8")
    told = json.loads(live("plan", "--json").out)["hmsplan"]
    assert live("plan", "--digest", "intent").out.splitlines()[-2] == f"Digest: intent:{told['intent']}"
    assert live("plan").out.splitlines()[-2] == f"Digest: sha256:{told['digest']}"
    (assistant,) = emulator.all("assistants")
    emulator.edit("assistants", assistant["id"], {"first_message": "Somebody's"})
    for digest in (told["digest"], f"sha256:{told['digest']}", f"sha256:{told['intent']}", told["intent"]):
        assert live("apply", "-y", "--expect-digest", digest).code == 5
    refused = live("apply", "-y", "--expect-digest", f"intent:{told['digest']}")
    assert refused.code == 5
    assert f"intent:{told['intent']}" in refused.err.replace("\n  ", "")
    assert live("apply", "-y", "--expect-digest", f"intent:{told['intent']}").code == 0


def test_a_saved_plan_that_no_longer_holds_is_5(live: Any, emulator: Emulator, stack: Path, tmp_path: Path) -> None:
    """The message names the object and the field that moved."""
    assert live("apply", "-y").code == 0
    (stack / "a.yaml").write_text("assistants:\n  support: {name: Support, first_message: New}\n", "utf-8")
    saved = tmp_path / "saved.plan"
    assert live("plan", "-o", str(saved)).code == 0
    (assistant,) = emulator.all("assistants")
    emulator.edit("assistants", assistant["id"], {"first_message": "Somebody's"})
    result = live("apply", "-y", str(saved))
    assert result.code == 5
    assert "assistants.support" in result.err


def test_a_plan_applies_once(live: Any, tmp_path: Path) -> None:
    """The second time it is stale."""
    saved = tmp_path / "saved.plan"
    assert live("plan", "-o", str(saved)).code == 0
    assert live("apply", "-y", str(saved)).code == 0
    assert live("apply", "-y", str(saved)).code == 5


def test_a_plan_that_does_the_same_a_second_time_is_another_plan(
    live: Any, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same edit in the dashboard is undone again, by a plan that was made and reviewed again."""
    assert live("apply", "-y").code == 0
    (assistant,) = emulator.all("assistants")
    saved, digests = tmp_path / "saved.plan", []
    for hour in (0, 1):
        monkeypatch.setattr("hmsplan.cli.plan.unix_now", lambda hour=hour: 1_790_000_000.0 + 3600 * hour)
        emulator.edit("assistants", assistant["id"], {"first_message": "Somebody's"})
        assert live("plan", "-o", str(saved)).code == 0
        digests.append(json.loads(saved.read_bytes())["hmsplan"]["digest"])
        assert live("apply", "-y", str(saved)).code == 0
        emulator.edit("assistants", assistant["id"], {"first_message": "Somebody's"})
        assert live("apply", "-y", str(saved)).code == 5
    assert digests[0] == digests[1]


def at(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the clock of plan, show and apply FILE."""
    seconds = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC).timestamp()
    monkeypatch.setattr("hmsplan.cli.plan.unix_now", lambda: seconds)


@pytest.mark.parametrize(
    ("safety", "until"), [("settle_grace: 0s", "2026-11-23 12:00:00"), ("plan_ttl: 90m", "2026-11-22 13:30:00")]
)
def test_a_saved_plan_that_has_expired_is_5(
    cli: Cli, stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, safety: str, until: str
) -> None:
    """After a day, or what safety.plan_ttl says; the refusal is the whole command that makes a new one."""
    write(stack, {"hmsplan.yaml": f"version: 1\nstack: small\nsafety: {{{safety}}}\n"})
    saved = tmp_path / "saved plan"
    at("2026-11-22 12:00:00", monkeypatch)
    shown = local(cli, stack, "plan", "-o", saved, "--target", "numbers.main").out
    assert f"Made 2026-11-22 12:00:00 UTC; it may be applied until {until} UTC." in shown
    at(until, monkeypatch)
    for command in (("apply", "-y", saved), ("plan", "--check", saved)):
        result = local(cli, stack, *command)
        assert result.code == 5
        assert "Saved plan has expired" in result.err
        assert f"hmsplan -C {stack} --emulator plan -o '{saved}' --target=numbers.main" in result.err
    assert f"applied until {until}" in local(cli, stack, "show", saved).out
    assert local(cli, stack, "state", "list").out == ""
    just_before = dt.datetime.fromisoformat(until) - dt.timedelta(seconds=1)
    at(str(just_before), monkeypatch)
    assert local(cli, stack, "apply", "-y", saved).code == 0


def test_a_saved_plan_without_a_date_is_5(cli: Cli, stack: Path, tmp_path: Path) -> None:
    """Nobody knows how old its review is."""
    document = json.loads(local(cli, stack, "plan", "--json").out)
    del document["hmsplan"]["plan"]["made"]
    saved = tmp_path / "saved.plan"
    saved.write_text(json.dumps(document), "utf-8")
    assert local(cli, stack, "apply", "-y", saved).code == 5


def test_what_is_printed_as_json_may_be_applied_as_a_file(cli: Cli, stack: Path, tmp_path: Path) -> None:
    """It is the same document as the one that -o writes."""
    saved = tmp_path / "saved.plan"
    saved.write_text(local(cli, stack, "plan", "--format", "json").out, "utf-8")
    assert local(cli, stack, "apply", "-y", saved).code == 0


def test_a_check_is_0_while_the_saved_plan_holds_and_5_when_it_does_not(
    live: Any, emulator: Emulator, stack: Path, tmp_path: Path
) -> None:
    """It writes nothing, and names object and field; the intent holds longer."""
    assert live("apply", "-y").code == 0
    (stack / "a.yaml").write_text("assistants:\n  support: {name: Support, first_message: New}\n", "utf-8")
    saved = str(tmp_path / "saved.plan")
    assert live("plan", "-o", saved, "--target", "assistants.support").code == 0
    emulator.requests.clear()
    holds = live("plan", "--check", saved)
    assert (holds.code, holds.out.splitlines()[0]) == (0, "The saved plan still holds.")
    assert {request.method for request in emulator.requests} == {"GET"}
    (assistant,) = emulator.all("assistants")
    emulator.edit("assistants", assistant["id"], {"first_message": "Somebody's"})
    stale = live("plan", "--check", saved)
    assert (stale.code, stale.out) == (5, "")
    assert 'assistants.support first_message: was "Hello" when planned, is "Somebody\'s" now' in " ".join(
        stale.err.split()
    )
    told = live("plan", "--check", saved, "--json")
    assert told.code == 5
    assert told.json["holds"] is False
    assert "assistants.support first_message" in told.json["reasons"][0]
    assert live("plan", "--check", saved, "--digest", "intent").code == 0
    assert live("plan", "--check", saved, "-o", saved).code == 1


def test_a_check_of_a_plan_that_was_applied_is_5(live: Any, tmp_path: Path) -> None:
    saved = str(tmp_path / "saved.plan")
    assert live("plan", "-o", saved).code == 0
    assert live("apply", "-y", saved).code == 0
    stale = live("plan", "--check", saved)
    assert stale.code == 5
    assert "applied already" in stale.err


def test_an_apply_in_part_is_6(live: Any, emulator: Emulator, stack: Path) -> None:
    """What could be done was done, and the rest is told; the next run finishes it."""
    write(stack, {"t.yaml": "sip_trunks:\n  voip: {name: V, provider: p, address: sip.example.com}\n"})
    emulator.inject(Fault(do="status", method="POST", path="/numbers", status=400, body={"error": "no"}))
    result = live("apply", "-y")
    assert result.code == 6
    assert "numbers.main" in result.out
    emulator.inject()
    assert live("apply", "-y").code == 0


def test_nothing_done_at_all_is_1(live: Any, emulator: Emulator) -> None:
    """The first create is refused and everything else needs it."""
    emulator.inject(Fault(do="status", method="POST", status=400, body={"error": "no"}))
    assert live("apply", "-y").code == 1


def test_a_held_lock_is_7(cli: Cli, stack: Path) -> None:
    """The message says who holds it and how to free it."""
    with open_backend(FOLDER, stack, "default").lock("a colleague"):
        result = local(cli, stack, "apply", "-y")
    assert result.code == 7
    assert "a colleague" in result.err
    assert "state unlock" in result.err


def test_a_plan_needs_no_lock(cli: Cli, stack: Path) -> None:
    """Reviewers are not kept waiting by an apply."""
    with open_backend(FOLDER, stack, "default").lock("a colleague"):
        assert local(cli, stack, "plan").code == 0


async def open_create(stack: Path) -> None:
    backend = open_backend("file", stack, "default")
    with backend.lock("test"):
        backend.load()
        ledger = Ledger(backend, new_state())
        address = Address("assistants", "support")
        applied = {"name": "Support", "first_message": "Hello"}
        intent = PendingCreate(
            "assistants.support:create", address, "assistants", ("Support",), applied, frozenset(), 0.0
        )
        await ledger.intend([intent])
        await ledger.close()


@pytest.mark.parametrize("command", [("plan",), ("apply", "-y")])
def test_a_create_that_nobody_can_settle_is_8(
    live: Any, emulator: Emulator, stack: Path, command: tuple[str, ...]
) -> None:
    """Two objects may be the one; hmsplan does not choose, and says what to type."""
    asyncio.run(open_create(stack))
    emulator.organization(KEY)
    for _ in range(2):
        emulator.add("assistants", {"name": "Support", "first_message": "Hello", "llm_config": {}}, key=KEY)
    result = live(*command)
    assert result.code == 8
    assert " resolve assistants.support --none" in result.out + result.err


@pytest.mark.parametrize("command", ["plan", "apply -y", "drift", "doctor", "export out"])
def test_no_key_is_9(cli: Cli, stack: Path, command: str, tmp_path: Path) -> None:
    """The message names the variable, and the way without a key."""
    root = tmp_path if command.startswith("export") else stack
    result = cli("-C", root, *command.split())
    assert result.code == 9
    said = result.out + result.err
    assert "HMS_SOVEREIGN_API_KEY" in said
    assert "--emulator" in said


@pytest.mark.parametrize("command", ["plan", "apply -y", "drift", "doctor"])
def test_a_key_that_is_refused_is_9_and_is_not_shown(live: Any, command: str) -> None:
    """401."""
    result = live(*command.split(), HMS_SOVEREIGN_API_KEY="wrong_but_secret")
    assert result.code == 9
    assert "wrong_but_secret" not in result.out + result.err


@pytest.mark.parametrize("command", ["plan", "apply -y", "drift", "doctor"])
def test_another_organization_is_9(live: Any, emulator: Emulator, stack: Path, command: str) -> None:
    """A staging plan never meets the real phones."""
    other = "6f9d2c1e-0000-4000-8000-000000000001"
    write(stack, {"environments/production.yaml": f"organization: {other}\n"})
    result = live("-e", "production", *command.split())
    assert result.code == 9
    assert other in result.out + result.err
    assert not emulator.writes


def test_an_apply_without_a_terminal_is_refused_unless_y(cli: Cli, stack: Path) -> None:
    """Nobody could answer, and a pipeline must not hang."""
    result = local(cli, stack, "apply")
    assert result.code == 1
    assert "-y" in result.err
    assert not (stack / ".hmsplan" / "emulator" / "default" / "state.json").exists()
    assert not (stack / ".hmsplan" / "default").exists()


@pytest.mark.parametrize("command", ["plan", "drift", "validate", "show-graph", "doctor"])
def test_commands_that_say_they_read_send_nothing_but_get(live: Any, emulator: Emulator, command: str) -> None:
    """Seen from the other side of the wire."""
    assert live("apply", "-y").code == 0
    emulator.requests.clear()
    live(command.removeprefix("show-"))
    assert {record.method for record in emulator.requests} <= {"GET"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_what_is_in_flight_and_says_so(
    emulator: Emulator, stack: Path, number: signal.Signals
) -> None:
    """130 or 143; the create whose answer was awaited is bound, and the next one was not sent."""
    emulator.inject(Fault(do="delay_after", method="POST", path="/assistants", seconds=2.0))
    with running(emulator) as url, started("-C", str(stack), "apply", "-y", HMS_SOVEREIGN_BASE_URL=url) as process:
        assert process.stderr is not None
        assert any("Creating" in line for line in iter(process.stderr.readline, ""))
        while not emulator.all("assistants"):  # the create is announced before it leaves
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number, (out, err)
    state = open_backend("file", stack, "default").load()
    assert state is not None
    assert set(state.bindings) == {Address("assistants", "support")}
    assert not state.intents
    assert not emulator.all("numbers")


def test_an_endpoint_that_nobody_allowed_is_refused(cli: Cli, stack: Path) -> None:
    """The key goes to the vendor, to this machine, or to a host that was named."""
    result = cli("-C", stack, "plan", HMS_SOVEREIGN_BASE_URL="https://evil.example/api", HMS_SOVEREIGN_API_KEY=KEY)
    assert result.code == 1
    assert "--allow-host evil.example" in " ".join(result.err.split())
    assert KEY not in result.err


def test_after_its_time_a_run_sends_nothing_more(live: Any, emulator: Emulator) -> None:
    """What was done stays done and is told; the next run goes on from there."""
    emulator.inject(Fault(do="delay", method="POST", path="/assistants", seconds=1.5))
    result = live("apply", "-y", "--timeout", "1s")
    assert result.code == 6
    assert "the time limit of this run is over" in result.out + result.err
    emulator.inject()
    assert live("apply", "-y").code == 0
    assert len(emulator.all("assistants")) == 1


@pytest.mark.parametrize("value", ["", "0s", "10", "1d", "-5s", "1.5m"])
def test_a_time_limit_that_is_none_is_1(cli: Cli, stack: Path, value: str) -> None:
    """A usage error, and never "no limit"."""
    result = local(cli, stack, "plan", "--timeout", value)
    assert result.code == 1
    assert "such as 90s or 20m" in result.err


def test_an_error_of_the_api_names_the_host_and_the_whole_path(live: Callable[..., Result]) -> None:
    result = live("plan", HMS_SOVEREIGN_BASE_URL="http://127.0.0.1:9/api/v1")
    assert result.code == 1
    assert re.search(r"  GET http://127\.0\.0\.1:9/api/v1/(assistants|numbers): ", result.err)
