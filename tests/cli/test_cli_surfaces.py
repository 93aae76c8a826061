"""The formats of plan, show, drift, validate and apply, as a pipeline uses them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from hmsplan.cli.progress import Events
from hmsplan.emulator import Emulator, Fault
from hmsplan.model import Address, Step, Verb

from .helpers import ASSISTANT, KEY, REPOSITORY, Cli, write

if TYPE_CHECKING:
    from pathlib import Path

TYPES = {
    *("version", "planned_change", "change_summary", "apply_start", "apply_progress", "apply_complete"),
    *("apply_errored", "diagnostic", "log", "resource_drift"),
}


def local(cli: Cli, stack: Path, *args: str, **env: str) -> Any:
    return cli("-C", stack, "--emulator", *args, **env)


def events(text: str) -> list[dict[str, Any]]:
    """Read one object a line, as ``terraform apply -json`` is read."""
    found = [json.loads(line) for line in text.splitlines()]
    for event in found:
        assert {"@level", "@message", "@module", "@timestamp", "type"} <= event.keys()
        assert event["type"] in TYPES
        assert event["@level"] in {"info", "warn", "error"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", event["@timestamp"])
    return found


def test_a_plan_and_its_saved_file_print_the_same_markdown(cli: Cli, stack: Path, tmp_path: Path) -> None:
    """The comment in the pull request is made of the file that is applied."""
    saved = tmp_path / "saved.plan"
    printed = local(cli, stack, "plan", "--format", "markdown", "-o", str(saved)).out
    assert printed.startswith("<!-- hmsplan:plan:small:default -->\n")
    assert cli.ok("show", "--format", "markdown", saved) == printed


def test_a_page_is_printed_with_the_graph_of_the_stack(cli: Cli, stack: Path, tmp_path: Path) -> None:
    """A saved plan knows the arrows between what it changes, too."""
    saved = tmp_path / "saved.plan"
    page = local(cli, stack, "plan", "--format", "html", "-o", str(saved)).out
    assert page.startswith("<!DOCTYPE html>\n")
    for shown in (page, cli.ok("show", "--format", "html", saved)):
        assert shown.count('class="node') == 2
        assert shown.count('class="edge') == 1


def test_in_a_workflow_the_lines_are_marked_and_the_summary_is_written(
    cli: Cli, stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The annotations come first, then the plan for the log; the summary is added to what is there."""
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", "utf-8")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(stack.parent))
    assert local(cli, stack, "apply", "-y").code == 0
    (stack / "a.yaml").write_text("assistants:\n  support:\n    name: Support\n    first_message: New\n", "utf-8")
    out = local(cli, stack, "plan", "--format", "github", GITHUB_STEP_SUMMARY=str(summary)).out
    lines = out.splitlines()
    assert lines[0].startswith("::notice file=stack/a.yaml,line=4,col=")
    assert "first_message" in lines[0]
    assert sum(line.startswith("::") for line in lines) == 1
    assert lines[-1].startswith("Plan: 0 to add, 1 to change")
    text = summary.read_text("utf-8")
    assert text.startswith("before\n<!-- hmsplan:plan:")
    assert "`assistants.support`" in text


@pytest.mark.parametrize("command", [("plan",), ("apply", "-y")])
def test_a_summary_that_cannot_be_written_is_a_warning(
    cli: Cli, stack: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """It is only for show: it turns no plan red, and stops no apply between the plan and the work."""
    summary = str(tmp_path / "no" / "such")
    result = local(cli, stack, *command, "--format", "github", GITHUB_STEP_SUMMARY=summary)
    assert result.code == 0
    assert f"Warning: The summary of the step could not be written to {summary}" in result.err
    assert command == ("plan",) or "Apply complete! 2 added" in result.out


@pytest.mark.parametrize("form", ["markdown", "html", "github", "sarif", "junit", "codequality"])
def test_drift_has_every_format(cli: Cli, stack: Path, form: str) -> None:
    """Without drift each says so."""
    assert local(cli, stack, "apply", "-y").code == 0
    quiet = local(cli, stack, "drift", "--format", form).out
    well = {
        "markdown": "**No drift.",
        "html": "No drift.",
        "github": "No drift.",
        "sarif": '"results":[]',
        "junit": 'failures="0"',
        "codequality": "[]",
    }
    assert well[form] in quiet


@pytest.mark.parametrize("form", ["markdown", "html", "github", "sarif", "junit", "codequality"])
def test_what_drifted_is_named_in_every_format(live: Any, emulator: Emulator, form: str) -> None:
    assert live("apply", "-y").code == 0
    (assistant,) = emulator.all("assistants")
    emulator.edit("assistants", assistant["id"], {"first_message": "Somebody's"})
    result = live("drift", "--format", form, "--detailed-exitcode")
    assert result.code == 2
    assert "assistants.support" in result.out
    if form == "junit":
        root = ET.fromstring(result.out.encode())
        assert (root.get("tests"), root.get("failures")) == ("2", "1")
    if form == "sarif":
        (found,) = json.loads(result.out)["runs"][0]["results"]
        assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("a.yaml")


def test_a_broken_stack_is_marked_in_github_and_told_in_the_log(cli: Cli, stack: Path) -> None:
    """Every problem, in the order of how bad it is; the exit code stays 3."""
    write(stack, {"a.yaml": "assistants:\n  support:\n    nam: Support\n    first_message: Hello\n"})
    result = cli("-C", stack, "validate", "--format", "github")
    assert result.code == 3
    assert re.search(r"^::error file=\S*a\.yaml,line=3,col=\d+,title=hmsplan%3A ", result.out, re.MULTILINE)
    assert "problem" in result.err


def test_code_quality_marks_the_lines_of_a_plan_and_of_problems(cli: Cli, stack: Path) -> None:
    """One list on stdout, and nothing else there; a saved plan knows no lines."""
    file = stack / "saved.plan"
    planned = cli("-C", stack, "--emulator", "plan", "--format", "codequality", "-o", file).json
    assert {(issue["check_name"], issue["location"]["lines"]["begin"]) for issue in planned} >= {("planned-create", 2)}
    shown = cli("-C", stack, "show", file, "--format", "codequality").json
    assert [issue["check_name"] for issue in shown] == [issue["check_name"] for issue in planned]
    write(stack, {"a.yaml": "assistants:\n  support:\n    nam: Support\n    first_message: Hello\n"})
    result = cli("-C", stack, "validate", "--format", "codequality")
    assert result.code == 3
    assert 3 in {issue["location"]["lines"]["begin"] for issue in result.json}


def test_a_broken_stack_as_sarif_and_as_junit(cli: Cli, stack: Path) -> None:
    """One document on stdout, and nothing else there."""
    write(stack, {"a.yaml": "assistants:\n  support:\n    nam: Support\n    first_message: Hello\n"})
    sarif = cli("-C", stack, "validate", "--format", "sarif")
    assert sarif.code == 3
    assert {result["level"] for result in sarif.json["runs"][0]["results"]} == {"error"}
    junit = cli("-C", stack, "validate", "--format", "junit")
    assert junit.code == 3
    assert int(ET.fromstring(junit.out.encode()).get("failures") or 0) > 0


def test_a_sound_stack_passes_in_every_format(cli: Cli, stack: Path) -> None:
    assert cli("-C", stack, "validate", "--format", "sarif").json["runs"][0]["results"] == []
    root = ET.fromstring(cli.ok("-C", stack, "validate", "--format", "junit").encode())
    assert [case.get("name") for case in root.iter("testcase")] == ["assistants.support", "numbers.main"]
    assert cli.ok("-C", stack, "validate", "--format", "github") == "Valid: 2 resources.\n"


def test_an_apply_tells_its_events_from_the_plan_to_the_end(cli: Cli, stack: Path) -> None:
    """Each step begins before it ends, and the last line has the counts and the whole report."""
    result = local(cli, stack, "apply", "-y", "--json")
    assert result.code == 0
    found = events(result.out)
    kinds = [event["type"] for event in found]
    assert kinds[:4] == ["version", "planned_change", "planned_change", "change_summary"]
    assert found[1]["change"]["resource"]["addr"] == "assistants.support"
    assert found[1]["change"]["action"] == "create"
    assert found[3]["changes"] == {"add": 2, "change": 0, "import": 0, "remove": 0, "forget": 0, "operation": "plan"}
    begun = [event["hook"]["resource"]["addr"] for event in found if event["type"] == "apply_start"]
    ended = [event for event in found if event["type"] == "apply_complete"]
    assert begun == ["assistants.support", "numbers.main"] == [e["hook"]["resource"]["addr"] for e in ended]
    assert all(event["hook"]["id_value"] and event["hook"]["elapsed_seconds"] >= 0 for event in ended)
    assert found[-1]["changes"] == {"add": 2, "change": 0, "import": 0, "remove": 0, "forget": 0, "operation": "apply"}
    assert found[-1]["hmsplan"]["report"]["complete"] is True


def test_the_events_of_a_plan_say_whom_it_reaches(cli: Cli, stack: Path) -> None:
    """On the change and in sum, as the JSON of the plan does: a machine that watches must know which phones ring."""
    assert local(cli, stack, "apply", "-y").code == 0
    write(stack, {"a.yaml": "assistants:\n  support: {name: Support, first_message: Good morning}\n"})
    planned = local(cli, stack, "plan", "--json").json["hmsplan"]
    found = events(local(cli, stack, "apply", "-y", "--json").out)
    (change,) = [event for event in found if event["type"] == "planned_change"]
    assert change["hmsplan"] == planned["changes"][0]
    assert [(met["kind"], met["name"]) for met in change["hmsplan"]["reaches"]] == [("numbers", "+31850000001")]
    total = next(event for event in found if event["type"] == "change_summary")
    assert total["hmsplan"]["reach"] == planned["reach"]
    assert total["hmsplan"]["reach"]["numbers"] == 1


def test_drift_and_the_reason_of_a_delete_are_told_in_terraforms_words(
    live: Any, emulator: Emulator, stack: Path
) -> None:
    assert live("apply", "-y").code == 0
    (assistant,) = emulator.all("assistants")
    emulator.edit("assistants", assistant["id"], {"first_message": "Changed"})
    (stack / "n.yaml").write_text("{}", "utf-8")
    found = events(live("apply", "-y", "--json", "--allow", "*").out)
    (drift,) = [event for event in found if event["type"] == "resource_drift"]
    assert (drift["change"]["resource"]["addr"], drift["change"]["action"]) == ("assistants.support", "update")
    planned = {e["change"]["action"]: e["change"] for e in found if e["type"] == "planned_change"}
    assert planned["delete"]["reason"] == "delete_because_no_resource_config"


def test_an_adoption_that_is_written_to_is_an_update_that_imports(live: Any, emulator: Emulator) -> None:
    theirs = emulator.add("assistants", {"name": "Support", "first_message": "Other"}, key=KEY)
    found = events(live("apply", "-y", "--json").out)
    change = next(event["change"] for event in found if event["type"] == "planned_change")
    assert (change["action"], change["importing"]) == ("update", {"id": theirs})


def test_every_event_is_documented() -> None:
    """And the description names none that there is not."""
    text = (REPOSITORY / "docs" / "events.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([a-z_]+)`", text, re.MULTILINE)) == TYPES


def test_an_apply_with_nothing_to_do_ends_in_the_same_way(cli: Cli, stack: Path) -> None:
    assert local(cli, stack, "apply", "-y").code == 0
    found = events(local(cli, stack, "apply", "-y", "--json").out)
    assert [event["type"] for event in found] == ["version", "change_summary", "change_summary"]
    assert found[-1]["changes"]["operation"] == "apply"


def test_an_apply_that_cannot_begin_is_marked_on_the_line_and_summed_up(
    cli: Cli, stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(stack.parent))
    summary = tmp_path / "summary.md"
    write(stack, {"a.yaml": "assistants:\n  support:\n    nam: Support\n    first_message: Hello\n"})
    result = local(cli, stack, "apply", "-y", "--format", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert result.code == 3
    assert [line for line in result.out.splitlines() if line.startswith("::error file=stack/a.yaml,line=3,")]
    assert "It ended with an error" in summary.read_text("utf-8")
    assert "a.yaml:3" in result.err


def test_a_failed_step_is_an_event_and_a_diagnostic(live: Any, emulator: Emulator) -> None:
    """What waited for it is in the report at the end."""
    emulator.inject(Fault(do="status", method="POST", path="/numbers", status=400, body={"error": "no"}))
    result = live("apply", "-y", "--json")
    assert result.code == 6
    found = events(result.out)
    (errored,) = [event for event in found if event["type"] == "apply_errored"]
    assert errored["hook"]["resource"]["addr"] == "numbers.main"
    (told,) = [event["diagnostic"] for event in found if event["type"] == "diagnostic"]
    assert (told["severity"], told["address"]) == ("error", "numbers.main")
    assert found[-1]["@level"] == "error"
    assert found[-1]["hmsplan"]["report"]["counts"]["failed"] == 1


def test_a_refusal_is_a_diagnostic_for_each_risk(cli: Cli, stack: Path) -> None:
    """The stream ends with why; the exit code is the one of the table."""
    assert local(cli, stack, "apply", "-y").code == 0
    (stack / "n.yaml").write_text("numbers: {}\n", "utf-8")
    result = local(cli, stack, "apply", "-y", "--json")
    assert result.code == 4
    last = events(result.out)[-1]
    assert last["type"] == "diagnostic"
    assert "--allow delete:numbers.main" in last["diagnostic"]["detail"]


def test_a_broken_stack_is_told_as_diagnostics_with_their_lines(cli: Cli, stack: Path) -> None:
    write(stack, {"a.yaml": ASSISTANT + "  other: {name: O, first_mesage: x}\n"})
    result = local(cli, stack, "apply", "-y", "--json")
    assert result.code == 3
    told = [event["diagnostic"] for event in events(result.out) if event["type"] == "diagnostic"]
    assert {item["range"]["start"]["line"] for item in told} == {3}


def test_a_step_that_takes_long_is_heard_of_again(capsys: pytest.CaptureFixture[str]) -> None:
    """What has ended is not, and what only touches the state never is."""
    told = Events()
    step = Step("assistants.a:create", Verb.CREATE, Address("assistants", "a"))
    told.started(step)
    told.started(Step("assistants.b:bind", Verb.BIND, Address("assistants", "b")))
    capsys.readouterr()
    told.still()
    (event,) = events(capsys.readouterr().out)
    assert event["type"] == "apply_progress"
    assert event["hook"]["resource"]["addr"] == "assistants.a"
