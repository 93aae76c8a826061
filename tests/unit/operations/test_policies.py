"""Policies, evaluated for real in their own process: what they give, what is refused, and what they may not do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from hmsplan.errors import ConfigError
from hmsplan.model import Action, Address, Plan, Resource, ResourceChange, Severity, SourceLine, Stack
from hmsplan.operations import rego
from hmsplan.operations.policies import run_tests, with_policies
from hmsplan.operations.policy_files import Policies

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hmsplan.operations.rego import Result

DESK: Final = Address("assistants", "desk")
PLAN: Final = Plan(
    "acme",
    "default",
    (ResourceChange(DESK, Action.CREATE, None, after={"name": "Desk"}, source=SourceLine("a.yaml", 2)),),
)


def evaluated(source: str, given: dict[str, Any] | None = None) -> tuple[Result, ...]:
    return rego.evaluate(Policies({"policies/calls.rego": f"package hmsplan\n{source}"}), given)


def messages(source: str, given: dict[str, Any] | None = None) -> list[str]:
    return [message.msg for result in evaluated(source, given) for message in result.messages]


def problems(files: Mapping[str, str], time_s: float = rego.TIME_S) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        rego.evaluate(Policies(files), {}, time_s=time_s)
    return [f"{each.source or ''} {each.detail}".strip() for each in refused.value.diagnostics]


def problem(source: str) -> str:
    (found,) = problems({"policies/calls.rego": f"package hmsplan\n{source}"})
    return found


def judged(root: Path, source: str, plan: Plan = PLAN) -> Plan:
    root.joinpath("policies").mkdir(exist_ok=True)
    root.joinpath("policies/calls.rego").write_text(f"package hmsplan\n{source}\n", "utf-8")
    resource = Resource(DESK, {"name": "Desk"}, SourceLine("a.yaml", 2))
    return with_policies(plan, Stack("acme", "default", {DESK: resource}), root)


# What they give.


def test_each_result_knows_the_head_that_gave_it() -> None:
    """Two heads of one name, and a rule that uses the name, which holds the results of both."""
    source = 'deny contains "one"\n\ndeny contains "two" if input.x\n\nwarn_both contains "both" if count(deny) == 2'
    found = [(each.rule, each.line, [m.msg for m in each.messages]) for each in evaluated(source, {"x": 1})]
    assert found == [("deny", 2, ["one"]), ("deny", 4, ["two"]), ("warn_both", 6, ["both"])]


@pytest.mark.parametrize(
    "text", ['say "hi"', "a\nb", "a\\b", "\x00nul", "é日本😀", "\x1b[31m", "::error::", "\u202eodd", ""]
)
def test_texts_reach_policies_and_come_back_as_they_are(text: str) -> None:
    assert messages("deny contains input.text if input.text == input.list[0]", {"text": text, "list": [text]}) == [text]


def test_texts_are_the_same_as_those_of_the_policy() -> None:
    source = 'deny contains "yes" if input.x == "say \\"hi\\"\\n"\n\ndeny contains "part" if contains(input.x, `"hi"`)'
    assert messages(source, {"x": 'say "hi"\n'}) == ["yes", "part"]


def test_what_another_builtin_made_is_printed_without_quotes() -> None:
    """rego-cpp's own sprintf puts quotes around it."""
    assert messages('deny contains sprintf("%s %d", [concat(", ", ["b", upper("a")]), 3])', {}) == ["b, A 3"]


def test_a_policy_may_know_the_hour_of_a_place() -> None:
    """Time zones are files, and files are taken away."""
    assert messages('deny contains sprintf("%d", [time.clock([0, "Asia/Tokyo"])[0]])', {}) == ["9"]


def test_a_long_message_is_cut_and_many_are_counted() -> None:
    (text,) = messages("deny contains input.x", {"x": "m" * 1_000_000})
    assert len(text) == 1001
    (result,) = evaluated("deny contains x if some x in numbers.range(1, 120)", {})
    assert (len(result.messages), result.more) == (50, 70)


def test_a_plan_of_ten_thousand_changes_is_read() -> None:
    changes = [
        {"address": f"numbers.n{n}", "type": "hms_number", "change": {"actions": ["update"]}} for n in range(10_000)
    ]
    changes[7_000]["change"] = {"actions": ["delete"]}
    source = 'deny contains each.address if { some each in input.resource_changes; "delete" in each.change.actions }'
    assert messages(source, {"resource_changes": changes}) == ["numbers.n7000"]


def test_helpers_may_lie_in_other_files_and_packages() -> None:
    files = {
        "policies/calls.rego": 'package main\n\nimport data.lib.own\n\ndeny contains "x" if own.bad(input.x)',
        "policies/own.rego": "package lib.own\n\nbad(x) if x > limit\n\nlimit := 3",
    }
    (result,) = rego.evaluate(Policies(files), {"x": 4})
    assert [each.msg for each in result.messages] == ["x"]


# What is refused. OPA refuses it too; rego-cpp by itself lets such a rule never hold.


@pytest.mark.parametrize(
    ("source", "line", "told"),
    [
        ("deny contains msg if {\n\tmsg := mesage\n}", 3, "Nothing gives a value to a name on this line"),
        ("deny contains msg if { msg := prnt(1) }", 2, "There is no function prnt"),
        ("import data.lib\n\ndeny contains msg if { msg := lib.nope(1) }", 4, "There is no function data.lib.nope"),
        ("a if b\n\nb if a\n\ndeny contains 1 if a", 2, "It needs itself: a -> b -> a"),
        ("deny[msg] { msg := 1 }", 2, "deny is not a set of messages. Write: deny contains message if"),
        ("deny := true", 2, "deny is not a set of messages"),
        ("deny_all if input.x", 2, "deny_all is not a set of messages"),
        ('deny contains "x" if { http.send({}) }', 2, "http.send may not be used"),
        ("deny contains opa.runtime().env.HMS_SOVEREIGN_API_KEY", 2, "opa.runtime may not be used"),
        ('deny contains "x" if net.lookup_ip_addr("a.example")', 2, "net.lookup_ip_addr may not be used"),
        ('deny contains "x" if rand.intn("a", 2) == 1', 2, "rand.intn may not be used"),
    ],
)
def test_what_would_never_hold_or_reaches_out_is_refused_by_its_line(source: str, line: int, told: str) -> None:
    assert problem(source).startswith(f"policies/calls.rego:{line}:1 {told}")


def test_every_file_that_is_no_rego_is_named_at_once() -> None:
    files = {
        "policies/a.rego": "package hmsplan\n\ndeny contains {",
        "policies/b.rego": 'package hmsplan\n\ndeny contains "fine"',
        "policies/c.rego": 'deny contains "x"',
    }
    told = problems(files)
    assert any(each.startswith("policies/a.rego:3:1 ") for each in told)
    assert any("It does not say its package. Begin it with: package hmsplan" in each for each in told)
    assert not any("b.rego" in each for each in told)


def test_a_rule_in_another_package_is_never_skipped_silently() -> None:
    (told,) = problems({"policies/a.rego": 'package calls\n\ndeny contains "x"'})
    assert told == "policies/a.rego:3:1 deny is never asked, because its package is calls, and not hmsplan or main"


def test_files_without_a_policy_are_refused() -> None:
    assert problem("x := 1") == "No file has a rule deny or warn. Write: deny contains message if { … }"


def test_a_policy_that_runs_away_is_stopped() -> None:
    loop = "deny contains x if { some x in numbers.range(1, 30000); some y in numbers.range(1, 30000); x * y == -1 }"
    (told,) = problems({"policies/calls.rego": f"package hmsplan\n{loop}"}, time_s=1.0)
    assert told.startswith("They took longer than 1 s, and were stopped")
    assert told.endswith("Nothing is planned without them.")


def test_a_policy_that_cannot_be_evaluated_fails_the_plan(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"calls\.rego:2:1 Policy not evaluated: deny: a builtin cannot take"):
        judged(tmp_path, 'deny contains to_number("x")')


# How results become a plan.


def test_a_denial_points_to_the_resource_and_its_line(tmp_path: Path) -> None:
    source = 'deny_names contains {"address": "assistants.desk", "msg": "no desks"}'
    (denial,) = judged(tmp_path, source).denials
    assert (denial.policy, denial.address, denial.source) == ("names", DESK, SourceLine("a.yaml", 2))
    assert denial.told == "no desks (a.yaml:2). Denied by policy names (policies/calls.rego:2)"


def test_a_message_of_conftest_names_its_resource_in_front(tmp_path: Path) -> None:
    (denial,) = judged(tmp_path, 'deny contains "assistants.desk: no desks"').denials
    assert (denial.policy, denial.address, denial.message) == ("calls", DESK, "no desks")


@pytest.mark.parametrize(
    ("result", "denies"),
    [
        ('deny contains "x"', True),
        ('violation contains "x"', True),
        ('warn contains "x"', False),
        ('deny contains {"msg": "x", "severity": "warning"}', False),
        ('warn contains {"msg": "x", "severity": "error"}', True),
        ('warn contains {"msg": "x", "severity": "fatal"}', True),
        ("deny contains 7", True),
        ('deny contains {"message": "x"}', True),
        ('deny contains ""', True),
    ],
)
def test_the_rule_and_the_severity_decide_what_denies(result: str, denies: bool, tmp_path: Path) -> None:
    plan = judged(tmp_path, result)
    assert (len(plan.denials), len(plan.warnings)) == ((1, 0) if denies else (0, 1))
    assert plan.is_refused is denies
    assert all(each.severity is Severity.WARNING for each in plan.warnings)


def test_a_message_is_one_line(tmp_path: Path) -> None:
    (denial,) = judged(tmp_path, 'deny contains "a\\n::error::b\\r\\n\\tc"').denials
    assert denial.message == "a ::error::b c"


def test_a_plan_without_changes_is_judged_too(tmp_path: Path) -> None:
    plan = Plan("acme", "default", ())
    assert len(judged(tmp_path, 'deny contains "x" if count(input.resource_changes) == 0', plan).denials) == 1


# Tests of policies.


def test_tests_pass_and_fail_one_by_one() -> None:
    files = {
        "policies/calls.rego": "package hmsplan\n\n"
        'deny contains "x" if { some n in input.all; every m in n { m > limit } }\n\nlimit := 1',
        "policies/calls_test.rego": "package hmsplan\n\n"
        'test_denied if {\n\tcount(deny) == 1 with input as {"all": [[2]]}\n}\n\n'
        'test_let_pass if { count(deny) == 0 with input as given }\n\ngiven := {"all": [[1, 2]]}\n\n'
        'test_wrong if {\n\t"y" in deny with input as {"all": [[2]]}\n}\n\n'
        "test_without_input if count(deny) == 0\n",
    }
    found = {each.rule: (each.line, each.holds) for each in run_tests(Policies(files))}
    assert found == {
        "test_denied": (3, True),
        "test_let_pass": (7, True),
        "test_wrong": (11, False),
        "test_without_input": (15, True),
    }


def test_a_test_has_one_input() -> None:
    files = {
        "policies/calls.rego": 'package hmsplan\n\ndeny contains "x" if input.x',
        "policies/calls_test.rego": "package hmsplan\n\n"
        'test_two if {\n\tdeny with input as {"x": 1}\n\tdeny with input as {"x": 2}\n}',
    }
    with pytest.raises(ConfigError, match=r"calls_test\.rego:3:1 .*test_two has several inputs"):
        run_tests(Policies(files))
