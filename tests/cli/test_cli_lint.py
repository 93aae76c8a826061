"""``hmsplan lint``, and what validate, plan and apply say of its findings."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any, Final

import pytest

from hmsplan.lint.rule import Group
from hmsplan.lint.rules import all_rules

if TYPE_CHECKING:
    from pathlib import Path

    from cli.helpers import Cli

STACK: Final = "version: 1\nstack: acme\n"
CALLS: Final = """
assistants:
  caller:
    name: Caller
    first_message: Hello {{%s}}, this is the digital assistant of Acme.
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
    leads: [{phone_number: "+31201234567", variables: {first_name: Ann}}]
"""
RULE: Final = "unknown-placeholder"


def write(root: Path, name: str = "frist_name", settings: str = "") -> None:
    root.joinpath("hmsplan.yaml").write_text(STACK + settings, "utf-8")
    root.joinpath("calls.yaml").write_text(CALLS % name, "utf-8")


def found(out: str) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = json.loads(out)["findings"]
    return [each for each in findings if each["rule"] == RULE]


def test_lint_shows_a_finding_with_its_line_and_its_rule(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path)
    result = cli("-C", str(tmp_path), "lint", "--rule", RULE)
    assert result.code == 3
    assert f"Error: Placeholder without a value [{RULE}]\n  calls.yaml:5:20" in result.out
    assert "Did you mean first_name?" in result.out
    assert "1 error. What a rule means: hmsplan explain RULE" in result.out


def test_what_nothing_is_wrong_with_passes(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, "first_name")
    assert cli("-C", str(tmp_path), "lint", "--rule", RULE).out == "Nothing found by 1 rule in 2 resources.\n"


def test_the_stack_and_the_flag_decide_what_fails(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, settings=f"lint: {{rules: {{{RULE}: info}}}}\n")
    command = ("-C", str(tmp_path), "lint", "--rule", RULE)
    assert cli(*command).code == 0
    assert cli(*command, "--fail-severity", "warning").code == 0
    assert cli(*command, "--fail-severity", "info").code == 3
    write(tmp_path, settings=f"lint: {{fail_severity: warning, rules: {{{RULE}: warning}}}}\n")
    assert cli(*command).code == 3
    assert cli(*command, "--fail-severity", "error").code == 0


def test_a_rule_that_there_is_not_is_a_usage_error(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path)
    result = cli("-C", str(tmp_path), "lint", "--rule", "unknown-placeholdr")
    assert result.code == 1
    assert "Did you mean unknown-placeholder?" in " ".join(result.err.split())


def test_rules_are_chosen_by_group_and_by_pattern(cli: Cli, tmp_path: Path) -> None:
    def chosen(*names: str) -> set[str]:
        options = [option for name in names for option in ("--rule", name)]
        return {rule["id"] for rule in json.loads(cli("lint", "--rules", "--json", *options).out)["rules"]}

    every = all_rules().values()
    assert chosen("law") == {rule.id for rule in every if rule.group is Group.LAW}
    assert chosen("spoken-*", RULE) == {RULE} | {rule.id for rule in every if rule.id.startswith("spoken-")}
    write(tmp_path)
    assert RULE in cli("-C", str(tmp_path), "lint", "--rule", "placeholders").out
    assert RULE not in cli("-C", str(tmp_path), "lint", "--rule", "law").out
    assert cli("lint", "--rules", "--rule", "spok-*").code == 1


def test_every_format_has_the_finding_at_its_line(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path)
    command = ("-C", str(tmp_path), "lint", "--rule", RULE, "--format")
    (told,) = found(cli(*command, "json").out)
    assert (told["range"]["filename"], told["range"]["start"]) == ("calls.yaml", {"line": 5, "column": 20})
    assert (told["severity"], told["address"], told["path"]) == ("error", "assistants.caller", "first_message")
    run = json.loads(cli(*command, "sarif").out)["runs"][0]
    assert [each["ruleId"] for each in run["results"]] == [RULE]
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["shortDescription"]["text"]) == (RULE, "Placeholder without a value")
    assert rule["fullDescription"]["text"].endswith(".")
    (failure,) = ET.fromstring(cli(*command, "junit").out).iter("failure")
    assert failure.get("type") == RULE
    (issue,) = json.loads(cli(*command, "codequality").out)
    assert issue["check_name"] == RULE
    assert issue["location"]["lines"]["begin"] == 5
    assert "line=5,col=20" in cli(*command, "github").out


def test_a_url_without_encryption_can_be_silenced_as_all_findings(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, "first_name")
    comment = "# hmsplan: ignore url-without-encryption because the receiver is in our own network"
    web = "assistants:\n  a:\n    name: A\n{}    webhook_url: 'http://a.example/x'\n"
    tmp_path.joinpath("more.yaml").write_text(web.format(""), "utf-8")
    assert "Warning: URL without encryption [url-without-encryption]\n" in cli("-C", str(tmp_path), "lint").out
    tmp_path.joinpath("more.yaml").write_text(web.format(f"    {comment}\n"), "utf-8")
    assert "encryption" not in cli("-C", str(tmp_path), "lint").out


def test_lint_tells_what_the_loader_warns_of_too(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, "first_name")
    tmp_path.joinpath("more.yaml").write_text(
        "assistants:\n  a: {name: A, webhook_url: 'https://a.example/x?token=t'}\n", "utf-8"
    )
    assert "Credential in a readable field" in cli("-C", str(tmp_path), "lint").out
    assert cli("-C", str(tmp_path), "lint", "--fail-severity", "warning").code == 3


@pytest.mark.parametrize("form", ["json", "sarif", "junit", "codequality", "github"])
def test_an_invalid_stack_has_its_errors_in_every_format(cli: Cli, tmp_path: Path, form: str) -> None:
    write(tmp_path)
    tmp_path.joinpath("more.yaml").write_text("assistants: {a: {nmae: A}}\n", "utf-8")
    result = cli("-C", str(tmp_path), "lint", "--format", form)
    assert (result.code, "nmae" in result.out, "none was asked" in result.out) == (3, True, True)


def test_an_invalid_stack_says_that_lint_was_not_run(cli: Cli, tmp_path: Path) -> None:
    """Else what a rule would say of the rest seems to be in order."""
    write(tmp_path)
    tmp_path.joinpath("more.yaml").write_text("assistants: {a: {nmae: A}}\n", "utf-8")
    result = cli("-C", str(tmp_path), "lint")
    assert result.code == 3
    assert result.err.index("nmae") < result.err.index("Info: Lint not run\n")
    assert f"    hmsplan -C {tmp_path} lint\n" in result.err
    assert "2 problems. Lint was not run" in cli("-C", str(tmp_path), "validate").err
    tmp_path.joinpath("more.yaml").unlink()
    assert "not run" not in cli("-C", str(tmp_path), "lint").err + cli("-C", str(tmp_path), "validate").err


def test_validate_fails_for_an_error_of_lint_and_shows_no_more_than_warnings(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path)
    result = cli("-C", str(tmp_path), "validate")
    assert result.code == 3
    assert f"[{RULE}]" in result.err
    write(tmp_path, settings=f"lint: {{rules: {{{RULE}: info}}}}\n")
    result = cli("-C", str(tmp_path), "validate")
    assert result.code == 0
    assert f"[{RULE}]" not in result.err


def test_plan_and_apply_refuse_an_error_of_lint_before_anything_is_written(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path)
    for command in (("plan",), ("apply", "-y")):
        result = cli("-C", str(tmp_path), "--emulator", *command)
        assert result.code == 3
        assert f"[{RULE}]" in result.err
    assert cli("-C", str(tmp_path), "--emulator", "state", "list").out.strip() in {"", "Nothing is bound."}


def test_plan_shows_a_warning_of_what_it_touches_alone(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, settings=f"lint: {{rules: {{{RULE}: warning}}}}\n")
    at = ("-C", str(tmp_path), "--emulator")
    assert f"[{RULE}]" in cli(*at, "plan").out
    warnings = json.loads(cli(*at, "plan", "--format", "json").out)["hmsplan"]["plan"]["warnings"]
    assert RULE in {each.get("rule") for each in warnings}
    assert cli(*at, "apply", "-y").code == 0
    tmp_path.joinpath("more.yaml").write_text("assistants:\n  other: {name: Other}\n", "utf-8")
    result = cli(*at, "plan")
    assert "assistants.other" in result.out
    assert f"[{RULE}]" not in result.out


def test_rules_are_listed_and_explained(cli: Cli, tmp_path: Path) -> None:
    listed = cli("lint", "--rules").out
    assert f"  {RULE} (error)" in listed
    assert all(len(line) <= 80 for line in listed.splitlines())
    rules = json.loads(cli("lint", "--rules", "--json").out)["rules"]
    assert RULE in {rule["id"] for rule in rules}
    page = cli("explain", RULE).out
    assert f"# hmsplan: ignore {RULE} until" in page
    assert json.loads(cli("explain", RULE, "--format", "json").out)["id"] == RULE
    assert "lacks its reason" in cli("explain", "ignore-without-effect").out
    wrong = cli("-C", str(tmp_path), "explain", "unknown-placeholdr")
    assert (wrong.code, "Did you mean unknown-placeholder?" in wrong.err) == (1, True)


@pytest.mark.parametrize("settings", ["lint: {rules: {missing-goodbye: fatal}}", "lint: {rule: {}}", "lint: []"])
def test_settings_that_mean_nothing_are_errors(cli: Cli, tmp_path: Path, settings: str) -> None:
    write(tmp_path, settings=f"{settings}\n")
    result = cli("-C", str(tmp_path), "lint")
    assert result.code == 3
    assert "hmsplan.yaml:3" in result.err
