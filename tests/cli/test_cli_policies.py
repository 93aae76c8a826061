"""Policies of the user through the real command line, against the emulator over HTTP."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest

from hmsplan.operations import rego

from .helpers import EXAMPLE, REPOSITORY, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hmsplan.emulator import Emulator

    from .helpers import Cli, Result

EXAMPLES: Final = REPOSITORY / "examples" / "policies" / "hmsplan"
NO_NUMBERS: Final = """\
package hmsplan

deny_no_numbers contains {"address": each.address, "msg": "no numbers here"} if {
	some each in input.resource_changes
	each.type == "hms_number"
}
"""
DENIED: Final = "no numbers here (n.yaml:2). Denied by policy no_numbers (policies/calls.rego:3)"


def policy(stack: Path, text: str = NO_NUMBERS, name: str = "calls.rego") -> None:
    write(stack, {f"policies/{name}": text})


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@acme.example", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", "-C", folder, *identity, *words], check=True, capture_output=True, encoding="utf-8"
    ).stdout.strip()


def committed(stack: Path) -> str:
    git(stack, "init", "-q", "-b", "main")
    git(stack, "add", "-A")
    git(stack, "commit", "-q", "-m", "Merged")
    return git(stack, "rev-parse", "HEAD")


# plan and apply


def test_plan_is_refused_and_names_policy_and_line(live: Callable[..., Result], stack: Path) -> None:
    policy(stack)
    result = live("plan")
    assert result.code == 4
    told = " ".join(result.out.split())
    assert f"! numbers.main: {DENIED}" in told
    assert "Nothing is applied: no flag and no approval lifts it." in told
    assert "--allow" not in result.out


def test_apply_judges_what_it_plans_itself_and_no_flag_lifts_it(
    live: Callable[..., Result], stack: Path, emulator: Emulator, tmp_path: Path
) -> None:
    """A plan that was saved before there was a policy, or whose file says that nothing is denied."""
    saved = tmp_path / "saved.plan"
    assert live("plan", "-o", saved).code == 0
    policy(stack)
    for command in (("apply", "-y"), ("apply", "-y", "--allow", "*"), ("apply", saved), ("plan", "--check", saved)):
        result = live(*command)
        assert result.code == 4, command
        assert f"Denied: numbers.main: {DENIED}" in " ".join(result.err.split())
    assert emulator.writes == []


def test_without_the_policy_the_same_is_applied(live: Callable[..., Result], stack: Path) -> None:
    policy(stack, NO_NUMBERS.replace("hms_number", "hms_campaign"))
    assert live("apply", "-y").code == 0
    assert live("plan", "--detailed-exitcode").code == 0


def test_an_approval_does_not_lift_it(live: Callable[..., Result], stack: Path) -> None:
    policy(stack)
    text = "approvals: [{allow: 'delete:numbers.main', change: 'sha256:%s', reason: x, expires: 2027-01-01}]\n" % (
        "0" * 64
    )
    write(stack, {"approvals.yaml": text})
    assert live("apply", "-y").code == 4


def test_every_surface_has_the_denial_at_its_line(live: Callable[..., Result], stack: Path, tmp_path: Path) -> None:
    policy(stack)
    document = json.loads(live("plan", "--json").out)
    assert document["applyable"] is False
    assert document["hmsplan"]["denials"] == [
        {
            "policy": "no_numbers",
            "rule": "policies/calls.rego:3",
            "message": "no numbers here",
            "address": "numbers.main",
            "source": "n.yaml:2:3",
        }
    ]
    assert "/n.yaml,line=2,col=3,title=hmsplan%3A Denied by a policy::" in live("plan", "--format", "github").out
    (issue, *_) = json.loads(live("plan", "--format", "codequality").out)
    assert (issue["check_name"], issue["location"]["lines"]["begin"]) == ("denied-by-a-policy", 2)
    assert "**Denied by policies." in live("plan", "--format", "markdown").out
    assert "no numbers here" in live("plan", "--format", "html").out
    saved = tmp_path / "saved.plan"
    assert live("plan", "-o", saved).code == 4
    assert "Denied by policy no_numbers" in " ".join(live("show", saved).out.split())


def test_a_warning_stops_nothing(live: Callable[..., Result], stack: Path) -> None:
    policy(stack, NO_NUMBERS.replace("deny_no_numbers", "warn_numbers"))
    result = live("plan")
    assert result.code == 0
    assert "Warning: Warned by a policy\n  n.yaml:2:3, numbers.main" in result.out
    assert "Warned by policy numbers (policies/calls.rego:3)" in result.out
    assert live("apply", "-y").code == 0


def test_impact_keeps_what_policies_deny(live: Callable[..., Result], stack: Path) -> None:
    assert live("apply", "-y").code == 0
    policy(stack)
    assert live("plan", "--impact").code == 4


def test_a_policy_that_is_wrong_fails_the_plan_by_its_line(live: Callable[..., Result], stack: Path) -> None:
    policy(stack, "package hmsplan\n\ndeny contains msg if {\n\tmsg := mesage\n}\n")
    result = live("plan")
    assert result.code == 3
    assert "Error: Policy not understood\n  policies/calls.rego:4:1" in result.err


def test_a_hostile_message_commands_neither_terminal_nor_ci(live: Callable[..., Result], stack: Path) -> None:
    text = "\\u001b]0;owned\\u0007\\n::error file=x::y\\n::stop-commands::z \\u202e <script>alert(1)</script> | `x`"
    policy(stack, f'package hmsplan\n\ndeny contains "{text}"\n\nwarn contains "{text}"\n')
    for form in ("text", "github", "markdown", "html", "json", "codequality"):
        said = live("plan", "--format", form)
        assert said.code == 4
        for stream in (said.out, said.err):
            assert not set("\x1b\x07\u202e") & set(stream), form
            commands = [line for line in stream.splitlines() if line.startswith("::")]
            assert all("/hmsplan.yaml,line=1" in line or "title=hmsplan%3A " in line for line in commands), form
            assert not any(
                line.lstrip().startswith(("::error file=x", "::stop-commands")) for line in stream.splitlines()
            )
        if form == "html":
            assert "<script>alert" not in said.out


def test_a_message_of_a_megabyte_is_cut(live: Callable[..., Result], stack: Path) -> None:
    policy(stack, f'package hmsplan\n\ndeny contains "{"m" * 900_000}"\n')
    result = live("plan", "--json")
    assert result.code == 4
    assert len(json.loads(result.out)["hmsplan"]["denials"][0]["message"]) == 1001


def test_policies_see_no_secret_and_nothing_of_our_environment(
    live: Callable[..., Result], stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    run = subprocess.run

    def spy(command: Any, **settings: Any) -> Any:
        asked.append(settings)
        return run(command, **settings)

    monkeypatch.setattr(subprocess, "run", spy)
    text = (
        "assistants:\n  support: {name: Support, webhook_url: 'https://a.example', webhook_secret: '${secret:hook}'}\n"
    )
    write(stack, {"a.yaml": text})
    policy(stack, 'package hmsplan\n\nwarn contains "x"\n')
    assert live("plan", HMSPLAN_SECRET_HOOK="canary-0123456789").code == 0
    (settings,) = asked
    assert b"webhook_secret" in settings["input"]
    assert b"canary" not in settings["input"]
    assert not {name for name in settings["env"] if name.startswith("HMS")}


def test_without_the_extra_nothing_is_planned(
    live: Callable[..., Result], stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy(stack)
    monkeypatch.setattr(rego, "find_spec", lambda _name: None)
    for command in (("plan",), ("apply", "-y"), ("policy", "test")):
        result = live(*command)
        if command[0] == "policy":
            assert result.code == 0  # there are no tests
            continue
        assert result.code == 1
        assert "pip install 'hmsplan[policies]'" in " ".join(result.err.split())


def test_a_stack_without_policies_loads_nothing_of_them(stack: Path) -> None:
    code = """
import sys
from hmsplan.cli.root import run
assert run(["-C", sys.argv[1], "--emulator", "plan"]) == 0
assert not [name for name in sys.modules if "rego" in name or "policies" in name]
"""
    subprocess.run([sys.executable, "-c", code, stack], check=True, capture_output=True)


# --trust-from


def test_a_pull_request_cannot_weaken_the_policies(live: Callable[..., Result], stack: Path) -> None:
    policy(stack)
    committed(stack)
    policy(stack, NO_NUMBERS.replace("hms_number", "hms_nothing"))
    assert live("plan").code == 0
    for result in (live("plan", "--trust-from", "main"), live("plan", HMSPLAN_TRUST_FROM="main")):
        assert result.code == 4
        told = " ".join(result.out.split())
        assert "policies/calls.rego differs from main; the one of main counts." in told
        assert "Denied by policy no_numbers (policies/calls.rego:3 of main)" in told
    assert live("apply", "-y", "--trust-from", "main").code == 4


def test_a_trusted_revision_that_is_empty_is_not_the_working_tree(live: Callable[..., Result], stack: Path) -> None:
    """A variable of CI that was not set would let a pull request choose its own policies."""
    policy(stack, NO_NUMBERS.replace("hms_number", "hms_nothing"))
    result = live("plan", HMSPLAN_TRUST_FROM="")
    assert (result.code, "Error: No trusted revision" in result.err) == (1, True)
    assert live("plan", "--trust-from", "").code == 1
    assert live("validate", HMSPLAN_TRUST_FROM="").code == 0


def test_policies_that_were_removed_or_added_are_told(live: Callable[..., Result], stack: Path) -> None:
    policy(stack)
    committed(stack)
    shutil.rmtree(stack / "policies")
    policy(stack, 'package hmsplan\n\ndeny contains "new"', "new.rego")
    result = live("plan", "--trust-from", "main")
    assert result.code == 4
    told = " ".join(result.out.split())
    assert "policies/calls.rego is not here any more; the one of main counts." in told
    assert "policies/new.rego is not in main, and counts once it is there." in told
    assert "new" not in [
        each["message"] for each in json.loads(live("plan", "--trust-from", "main", "--json").out)["hmsplan"]["denials"]
    ]


def test_a_stack_below_the_root_of_its_repository_has_its_own_policies(
    online: Callable[..., Result], stack: Path
) -> None:
    policy(stack)
    write(stack.parent, {"policies/other.rego": 'package hmsplan\n\ndeny contains "other"'})
    committed(stack.parent)
    shutil.rmtree(stack / "policies")
    result = online("-C", stack, "plan", "--trust-from", "main", "--json")
    assert [each["rule"] for each in json.loads(result.out)["hmsplan"]["denials"]] == ["policies/calls.rego:3 of main"]


@pytest.mark.parametrize(
    ("ref", "told"),
    [
        ("origin/main", "git does not give the policies of origin/main: it knows no such revision."),
        ("--output=x", "cannot be a revision: it begins with a hyphen"),
        ("main;touch x", "git does not give the policies of main;touch x"),
        ("main:policies", "git does not give the policies of main:policies"),
    ],
)
def test_a_revision_that_is_not_there_is_an_error(
    ref: str, told: str, live: Callable[..., Result], stack: Path
) -> None:
    policy(stack)
    committed(stack)
    result = live("plan", f"--trust-from={ref}")
    assert result.code == 1
    assert "Error: Policies not read" in result.err
    assert told in " ".join(result.err.split())
    assert result.out == ""
    assert not stack.joinpath("x").exists()


def test_outside_of_git_trust_is_an_error(live: Callable[..., Result]) -> None:
    result = live("plan", "--trust-from", "main", GIT_CEILING_DIRECTORIES="/")
    assert result.code == 1
    assert "Policies not read" in result.err


def test_a_link_in_the_trusted_revision_is_refused(live: Callable[..., Result], stack: Path) -> None:
    policy(stack)
    stack.joinpath("policies/link.rego").symlink_to("calls.rego")
    committed(stack)
    result = live("plan", "--trust-from", "main")
    assert result.code == 1
    assert "policies/link.rego of main is a link" in result.err


def test_a_link_out_of_the_stack_is_refused(live: Callable[..., Result], stack: Path, tmp_path: Path) -> None:
    tmp_path.joinpath("outside.rego").write_text(NO_NUMBERS, "utf-8")
    stack.joinpath("policies").mkdir()
    stack.joinpath("policies/out.rego").symlink_to(tmp_path / "outside.rego")
    result = live("plan")
    assert result.code == 3
    assert "a symbolic link to a place outside the stack" in " ".join(result.err.split())


# policy test


def test_policy_test_prints_each_test_and_fails_with_one(cli: Cli, stack: Path) -> None:
    policy(stack)
    tests = "package hmsplan\n\ntest_none if count(deny_no_numbers) == 0\n\ntest_some if count(deny_no_numbers) == 1\n"
    policy(stack, tests, "calls_test.rego")
    result = cli("-C", stack, "policy", "test")
    assert result.code == 1
    assert result.out.splitlines() == [
        "policies/calls_test.rego:3  test_none  passed",
        "policies/calls_test.rego:5  test_some  FAILED",
        "2 tests, 1 failed.",
    ]
    told = json.loads(cli("-C", stack, "policy", "test", "--json").out)
    assert [(each["name"], each["passed"]) for each in told["tests"]] == [("test_none", True), ("test_some", False)]


def test_policy_test_without_policies_is_an_error(cli: Cli, stack: Path) -> None:
    result = cli("-C", stack, "policy", "test")
    assert result.code == 1
    assert "there is no policies/*.rego" in result.err


# The examples.


@pytest.fixture
def practice(tmp_path: Path) -> Path:
    """Return the example stack with the example policies."""
    stack = tmp_path / "practice"
    shutil.copytree(EXAMPLE, stack, ignore=shutil.ignore_patterns(".hmsplan"))
    shutil.copytree(EXAMPLES, stack / "policies")
    return stack


def test_the_examples_pass_their_own_tests(cli: Cli, practice: Path) -> None:
    assert cli.ok("-C", practice, "policy", "test").endswith("16 tests, 0 failed.\n")


def denials(result: Result) -> set[tuple[str, str]]:
    return {(each["policy"], each["address"]) for each in json.loads(result.out)["hmsplan"]["denials"]}


def test_the_examples_deny_what_they_say(cli: Cli, practice: Path) -> None:
    """Providers in production only; a number that loses its assistant or goes; a campaign of too many people."""
    common = ("-C", practice, "--emulator", "--secrets-file", EXAMPLE / "secrets.example.env")
    desks = {("providers", "assistants.balie"), ("providers", "assistants.international")}
    assert denials(cli(*common, "-e", "production", "plan", "--json")) == desks
    assert cli(*common, "apply", "-y").code == 0
    assert denials(cli(*common, "plan", "--json")) == set()
    numbers = practice / "telephony/numbers.yaml"
    text = numbers.read_text("utf-8")
    agent = next(line for line in text.splitlines() if "agent_id: ${assistants.balie}" in line)
    numbers.write_text(text.replace(agent, agent.split("agent_id")[0] + "agent_id: null"), "utf-8")
    assert denials(cli(*common, "plan", "--json")) == {("number_answered", "numbers.main")}
    numbers.write_text("numbers: {}\n", "utf-8")
    environment = practice / "environments/staging.yaml"
    kept_lines = [line for line in environment.read_text("utf-8").splitlines() if not line.startswith("  numbers.")]
    environment.write_text("\n".join(kept_lines) + "\n", "utf-8")
    kept = {("number_kept", "numbers.main"), ("number_kept", "numbers.international")}
    assert denials(cli(*common, "plan", "--json")) == kept


def test_the_example_for_campaigns_counts_people(cli: Cli, practice: Path) -> None:
    common = ("-C", practice, "--emulator", "--secrets-file", EXAMPLE / "secrets.example.env")
    environment = practice / "environments/staging.yaml"
    text = environment.read_text("utf-8")
    if "exclude:" in text:
        environment.write_text(text[: text.index("exclude:")], "utf-8")
    campaign = practice / "campaigns/recall.yaml"
    campaign.write_text(campaign.read_text("utf-8").replace("status: draft", "status: scheduled"), "utf-8")
    assert denials(cli(*common, "plan", "--json")) == set()
    leads = practice / "leads/recall.csv"
    first, *rows = leads.read_text("utf-8").splitlines()
    more = [rows[0].replace(rows[0].split(",")[0], f"+3120123{n:04}") for n in range(60)]
    leads.write_text("\n".join([first, *rows, *more]) + "\n", "utf-8")
    assert denials(cli(*common, "plan", "--json")) == {("campaign_size", "campaigns.recall")}


# what would take another policy than the trusted one


def test_a_tag_never_stands_for_a_branch(live: Callable[..., Result], stack: Path) -> None:
    """Everyone who may push a tag could name one like the branch that is trusted."""
    policy(stack)
    committed(stack)
    git(stack, "branch", "trusted")
    (stack / "policies" / "calls.rego").unlink()
    git(stack, "commit", "-q", "-a", "-m", "Without policies")
    git(stack, "tag", "trusted")
    git(stack, "tag", "origin/main")
    both = live("plan", "--trust-from", "trusted")
    assert (both.code, "refs/heads/trusted and refs/tags/trusted" in " ".join(both.err.split())) == (1, True)
    alone = live("plan", "--trust-from", "origin/main")
    assert (alone.code, "--trust-from refs/tags/origin/main" in alone.err) == (1, True)
    assert live("plan", "--trust-from", "refs/heads/trusted").code == 4
    assert live("plan", "--trust-from", "trusted~0").code == 1
    git(stack, "tag", "-d", "trusted")
    assert live("plan", "--trust-from", "trusted").code == 4


@pytest.mark.parametrize("link", ["policies", "policies/more"])
def test_a_folder_of_policies_that_is_a_link_is_an_error_everywhere(
    live: Callable[..., Result], stack: Path, link: str
) -> None:
    policy(stack)
    (stack / "policies").rename(stack / "shared")
    (stack / link).parent.mkdir(exist_ok=True)
    (stack / link).symlink_to(stack / "shared" if link == "policies" else "../shared")
    committed(stack)
    here = live("plan")
    assert (here.code, "Linked policies" in here.err) == (3, True)
    trusted = live("plan", "--trust-from", "HEAD")
    assert (trusted.code, "link" in trusted.err) == (1, True)


@pytest.mark.parametrize("message", ["null", '{"msg": null}', "3"])
def test_a_message_of_any_form_denies(live: Callable[..., Result], stack: Path, message: str) -> None:
    policy(stack, f"package hmsplan\n\ndeny_all contains {message} if true\n")
    result = live("plan")
    assert (result.code, "Denied by policy all" in " ".join(result.out.split())) == (4, True)
