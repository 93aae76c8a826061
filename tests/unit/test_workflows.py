"""The GitHub workflows, ours and those of ``init``: pinned, least privileged, and no data reaches a shell as code."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from hmsplan.emulator import Emulator, Fault, Settings, running
from hmsplan.export import scaffold

REPOSITORY = Path(__file__).parents[2]
STARTERS = {
    re.sub(r".*/hmsplan-(\w+)-production.yml", r"\1", path): text
    for path, text in scaffold.ci_files("github", "production", ".", scaffold.requirement("0.1.0")).items()
}
TEXTS = {
    **{file.stem: file.read_text("utf-8") for file in sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))},
    **STARTERS,
}

# What a job may hold beyond reading the repository. A job with a write permission has no secret (see below).
WRITES = {
    ("plan", "report"): {"pull-requests"},
    ("drift", "report"): {"issues"},
    ("drift", "propose"): {"contents", "pull-requests"},
    ("release", "publish"): {"attestations", "id-token"},
    ("release", "release"): {"contents"},
}

# Where a string becomes code: shell, and the JavaScript of github-script.
EXPRESSION = re.compile(r"\$\{\{")

Workflow = dict[str, Any]
Step = dict[str, Any]

every_workflow = pytest.mark.parametrize("stem", TEXTS)
every_starter = pytest.mark.parametrize("stem", STARTERS)


def load(stem: str) -> Workflow:
    return cast("Workflow", yaml.safe_load(TEXTS[stem]))


def triggers(workflow: Workflow) -> dict[str, Any]:
    # YAML 1.1, and so PyYAML, reads the bare key `on` as the boolean true.
    raw: Any = cast("dict[Any, Any]", workflow).get(True, workflow.get("on"))
    return (
        cast("dict[str, Any]", raw) if isinstance(raw, dict) else dict.fromkeys([raw] if isinstance(raw, str) else raw)
    )


def jobs(workflow: Workflow) -> dict[str, dict[str, Any]]:
    return cast("dict[str, dict[str, Any]]", workflow["jobs"])


def steps(workflow: Workflow) -> list[Step]:
    return [step for job in jobs(workflow).values() for step in job["steps"]]


def step_named(stem: str, name: str) -> Step:
    (found,) = (step for step in steps(load(stem)) if step.get("name") == name)
    return found


def run_step(tmp_path: Path, step: Step, env: dict[str, str], exit_code: int = 0) -> tuple[int, list[list[str]], str]:
    """Run a step's script with a stand-in for hmsplan; answer its exit code, hmsplan's calls and the step's outputs."""
    calls, output, stand_in = tmp_path / "calls", tmp_path / "output", tmp_path / "bin" / "hmsplan"
    stand_in.parent.mkdir()
    stand_in.write_text(
        f"#!/bin/bash\n"
        f'(IFS=$\'\\x1f\'; echo "$*") >> "{calls}"\n'
        f'for arg; do if [[ "$previous" == -o ]]; then echo saved > "$arg"; fi; previous="$arg"; done\n'
        f'if [[ " $* " == *" show "* ]]; then exit 0; fi\n'
        f"exit {exit_code}\n",
        encoding="utf-8",
    )
    stand_in.chmod(0o755)
    base = {
        "PATH": f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_OUTPUT": str(output),
        "GITHUB_RUN_ATTEMPT": "1",
        "RUNNER_TEMP": str(tmp_path),
        "OUT": str(tmp_path / "out"),
        "DIRECTORY": ".",
        "ENVIRONMENT": "production",
        "ARGS": "",
        "HMS_SOVEREIGN_API_KEY": "fl_test_example",
        "HMSPLAN_SECRETS_DOTENV": "",
        "HMSPLAN_STATE": "",
        "HMSPLAN_FINGERPRINT_KEY": "",
    }
    script = tmp_path / "step.sh"
    script.write_text(step["run"], encoding="utf-8")
    done = subprocess.run(["bash", "-e", str(script)], env=base | env, cwd=tmp_path, capture_output=True, check=False)
    made = [line.split("\x1f") for line in calls.read_text(encoding="utf-8").splitlines()] if calls.exists() else []
    return done.returncode, made, output.read_text(encoding="utf-8") if output.exists() else ""


def test_the_workflows_are_the_ones_the_documentation_names() -> None:
    assert set(TEXTS) == {"ci", "plan", "apply", "drift", "release"}


@every_workflow
def test_every_action_is_pinned_by_commit_and_says_which_version_it_is(stem: str) -> None:
    lines = [line.strip().removeprefix("- ") for line in TEXTS[stem].splitlines()]
    uses = [line for line in lines if line.startswith("uses:")]
    assert len(uses) == sum("uses" in step for step in steps(load(stem)))
    for line in uses:
        assert re.fullmatch(r"uses: [\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_an_action_has_the_same_commit_everywhere() -> None:
    pins: dict[str, set[str]] = {}
    for stem in TEXTS:
        for step in steps(load(stem)):
            action, _, commit = str(step.get("uses", "")).partition("@")
            pins.setdefault(action, set()).add(commit)
    assert {action: commits for action, commits in pins.items() if len(commits) > 1} == {}


@every_workflow
def test_permissions_are_set_at_the_top_and_grant_at_most_reading(stem: str) -> None:
    assert load(stem)["permissions"] in ({}, {"contents": "read"})


@every_workflow
def test_a_job_may_write_only_what_it_is_for(stem: str) -> None:
    for name, job in jobs(load(stem)).items():
        granted = cast("dict[str, str]", job.get("permissions", {}))
        writes = {scope for scope, access in granted.items() if access != "read"}
        assert writes == WRITES.get((stem, name), set()), name


@every_workflow
def test_a_job_that_may_write_holds_no_secret_and_checks_nothing_out(stem: str) -> None:
    workflow = load(stem)
    for name, job in jobs(workflow).items():
        if (stem, name) in WRITES:
            assert "secrets." not in yaml.safe_dump(job)
            assert not [step for step in job["steps"] if "actions/checkout" in step.get("uses", "")]


@every_workflow
def test_no_expression_is_pasted_into_a_script(stem: str) -> None:
    for step in steps(load(stem)):
        for script in (step.get("run", ""), step.get("with", {}).get("script", "")):
            assert not EXPRESSION.search(script), step.get("name")


@every_workflow
def test_every_job_ends_by_itself(stem: str) -> None:
    for name, job in jobs(load(stem)).items():
        assert 0 < job["timeout-minutes"] <= 60, name


@every_workflow
def test_pull_requests_from_strangers_never_run_with_secrets(stem: str) -> None:
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(triggers(load(stem)))


@every_workflow
def test_a_checkout_leaves_no_token_behind(stem: str) -> None:
    for step in steps(load(stem)):
        if "actions/checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


@every_starter
def test_secrets_reach_only_the_step_that_runs_hmsplan(stem: str) -> None:
    workflow = load(stem)
    assert "secrets." not in yaml.safe_dump([workflow.get("env"), [job.get("env") for job in jobs(workflow).values()]])
    for step in steps(workflow):
        values = [value for value in step.get("env", {}).values() if "secrets." in str(value)]
        asks_whether_there_is_one = values == ["${{ secrets.HMS_SOVEREIGN_API_KEY != '' }}"]
        assert not values or asks_whether_there_is_one or "hmsplan " in step["run"], step.get("name")


@every_starter
def test_runs_of_one_environment_wait_for_each_other_and_are_not_cancelled(stem: str) -> None:
    job = jobs(load(stem))[stem]
    assert job["concurrency"]["group"].startswith(f"hmsplan-{stem}-production")
    assert job["concurrency"]["cancel-in-progress"] is False


def test_an_apply_never_shares_its_queue() -> None:
    # A group keeps one waiting run: a waiting plan or drift in the same group would throw a waiting apply out.
    groups = [
        job["concurrency"]["group"] for stem in STARTERS for job in jobs(load(stem)).values() if "concurrency" in job
    ]
    assert len(groups) == len(set(groups))


@every_starter
def test_no_module_of_the_checkout_takes_part_in_the_install(stem: str) -> None:
    """`python -m` looks into the current folder first, and a wheel in the repository needs the checkout before it."""
    for name, job in jobs(load(stem)).items():
        order = [step.get("name", step.get("uses", "").partition("@")[0]) for step in job["steps"]]
        if "Install hmsplan" in order:
            assert order.index("actions/checkout") < order.index("Install hmsplan"), name
            assert job["steps"][order.index("Install hmsplan")]["run"].startswith("python -I -m pip install "), name


def test_each_job_uses_the_environment_that_it_is_for() -> None:
    """Plans and drift have a key of their own; only the job that applies can reach the other."""
    used = {
        f"{stem}.{name}": job["environment"]
        for stem in STARTERS
        for name, job in jobs(load(stem)).items()
        if "environment" in job
    }
    assert used == {
        "plan.plan": "production-plan",
        "apply.again": "production-plan",
        "apply.apply": "production",
        "drift.drift": "production-plan",
    }
    for stem in STARTERS:
        for name, job in jobs(load(stem)).items():
            assert ("secrets." in yaml.safe_dump(job)) == ("environment" in job), name


def test_only_the_default_branch_is_applied() -> None:
    work = jobs(load("apply"))
    for name in ("reviewed", "again"):
        assert "github.ref_name == github.event.repository.default_branch" in work[name]["if"]
    assert set(work["apply"]["needs"]) == {"reviewed", "again"}


@every_starter
def test_nothing_is_left_to_fill_in_and_nothing_of_ours_is_called(stem: str) -> None:
    assert not re.search(r"<[A-Z]+>|OWNER|COMMIT_SHA", TEXTS[stem])
    called = {str(step.get("uses", "")).partition("/")[0] for step in steps(load(stem))}
    assert called <= {"", "actions"}
    assert not any("uses" in job for job in jobs(load(stem)).values())


@every_starter
def test_a_step_hands_its_signals_or_its_exit_code_on(stem: str) -> None:
    """`exec hmsplan` is the last command, or (commands that only read) the exit code is kept and judged."""
    for step in steps(load(stem)):
        script = str(step.get("run", "")).strip()
        if not re.search(r"^\s*(exec )?hmsplan ", script, re.MULTILINE):
            continue
        last = script.splitlines()[-1]
        reads_only = not re.search(r"hmsplan .*\bapply\b", script)
        assert last.startswith("exec hmsplan ") or (reads_only and "|| code=$?" in script), step.get("name")


def test_apply_replaces_the_shell_and_never_asks() -> None:
    script = step_named("apply", "Apply")["run"].strip()
    assert script.splitlines()[-1].startswith('exec hmsplan "${flags[@]}" apply "${args[@]}"')
    assert "args=(-y " in script


def test_apply_without_a_digest_fails_before_hmsplan_starts(tmp_path: Path) -> None:
    code, calls, _ = run_step(tmp_path, step_named("apply", "Apply"), {"EXPECT_DIGEST": ""})
    assert code == 1
    assert calls == []


def test_apply_passes_the_digest_and_arguments_on_unchanged(tmp_path: Path) -> None:
    allow, var = "--allow=delete:numbers.old", "--var=greeting=$(id) `id` *; two  spaces"
    env = {"EXPECT_DIGEST": "f00d", "ARGS": f"{allow}\n\n{var}\n"}
    _, calls, _ = run_step(tmp_path, step_named("apply", "Apply"), env)
    assert calls == [
        ["-C", ".", "-e", "production", "apply", "-y", "--format", "github", "--expect-digest", "f00d", allow, var]
    ]


@pytest.mark.parametrize("exit_code", [0, 1, 3, 4, 5, 6, 7, 8, 9])
def test_apply_ends_with_the_exit_code_of_hmsplan(tmp_path: Path, exit_code: int) -> None:
    code, calls, _ = run_step(tmp_path, step_named("apply", "Apply"), {"EXPECT_DIGEST": "f00d"}, exit_code)
    assert code == exit_code
    assert calls == [["-C", ".", "-e", "production", "apply", "-y", "--format", "github", "--expect-digest", "f00d"]]


def test_what_an_apply_did_is_in_the_summary_of_its_step(tmp_path: Path) -> None:
    """The script of the step with hmsplan itself: the plan, then what became of it, and a mark on the line at fault."""
    stack, summary, stand_in = tmp_path / "stack", tmp_path / "summary.md", tmp_path / "bin" / "hmsplan"
    for folder in (stack / "environments", stand_in.parent):
        folder.mkdir(parents=True)
    (stack / "hmsplan.yaml").write_text("version: 1\nstack: small\nsafety: {settle_grace: 0s}\n", encoding="utf-8")
    (stack / "environments" / "production.yaml").write_text("variables: {}\n", encoding="utf-8")
    two = "assistants:\n  good: {name: Good, first_message: Hi}\n  bad: {name: Bad, first_message: Hi}\n"
    (stack / "a.yaml").write_text(two, encoding="utf-8")
    stand_in.write_text(
        f'#!/bin/bash\nexec "{sys.executable}" -c "from hmsplan.cli import main; main()" "$@"\n', encoding="utf-8"
    )
    stand_in.chmod(0o755)
    fault = Fault(do="status", method="POST", path="/assistants", nth=1, status=400, body={"error": "no | <b>"})
    with Emulator(settings=Settings(rate_limit=None), faults=[fault]) as emulator, running(emulator) as url:
        env = {
            "PATH": f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}",
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_WORKSPACE": str(tmp_path),
            "RUNNER_TEMP": str(tmp_path),
            "DIRECTORY": str(stack),
            "ENVIRONMENT": "production",
            "HMS_SOVEREIGN_BASE_URL": url,
            "HMS_SOVEREIGN_API_KEY": "fl_test_example",
            **dict.fromkeys(("ARGS", "HMSPLAN_SECRETS_DOTENV", "HMSPLAN_STATE", "HMSPLAN_FINGERPRINT_KEY"), ""),
        }
        script = tmp_path / "step.sh"
        script.write_text(step_named("apply", "Apply")["run"], encoding="utf-8")
        reviewed = ["bash", str(stand_in), "-C", str(stack), "-e", "production", "plan", "--json"]
        planned = subprocess.run(reviewed, env=env, cwd=REPOSITORY, capture_output=True, check=True)
        env["EXPECT_DIGEST"] = json.loads(planned.stdout)["hmsplan"]["digest"]
        command = ["bash", "-e", str(script)]
        done = subprocess.run(command, env=env, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 6, done
    (marked,) = [line for line in done.stdout.splitlines() if line.startswith("::error")]
    assert marked.startswith("::error file=stack/a.yaml,line=")
    assert "title=hmsplan%3A Step failed::assistants." in marked
    text = summary.read_text(encoding="utf-8")
    assert (
        text.index("### hmsplan plan:")
        < text.index("### hmsplan apply")
        < text.index("Apply incomplete: 1 done, 1 failed")
    )


@pytest.mark.parametrize(("stem", "name"), [("plan", "Plan"), ("apply", "Apply"), ("drift", "Look for drift")])
@pytest.mark.parametrize("debug", ["", "1"])
def test_a_run_with_debug_logging_tells_each_request(tmp_path: Path, stem: str, name: str, debug: str) -> None:
    env = {"RUNNER_DEBUG": debug, "EXPECT_DIGEST": "any"}
    _, (call, *_), _ = run_step(tmp_path, step_named(stem, name), env)
    assert ("-vv" in call) is bool(debug)


def test_secrets_travel_in_a_file_that_only_the_runner_can_read(tmp_path: Path) -> None:
    env = {
        "EXPECT_DIGEST": "any",
        "HMSPLAN_SECRETS_DOTENV": "HMSPLAN_SECRET_WEBHOOK=a b\nHMSPLAN_SECRET_SIP_PASSWORD=c",
    }
    _, calls, _ = run_step(tmp_path, step_named("apply", "Apply"), env)
    secrets = tmp_path / "hmsplan-secrets.env"
    assert calls == [
        [
            *("-C", ".", "-e", "production", "--secrets-file", str(secrets)),
            *("apply", "-y", "--format", "github", "--expect-digest", "any"),
        ]
    ]
    assert secrets.read_text(encoding="utf-8") == env["HMSPLAN_SECRETS_DOTENV"] + "\n"
    assert secrets.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("exit_code", [0, 2])
def test_a_plan_with_or_without_changes_is_a_success(tmp_path: Path, exit_code: int) -> None:
    code, calls, output = run_step(tmp_path, step_named("plan", "Plan"), {}, exit_code)
    assert code == 0
    assert f"exit-code={exit_code}\n" in output
    assert [call[4] for call in calls] == ["plan", "show", "show", "show"]
    assert [call[call.index("--format") + 1] for call in calls] == ["github", "json", "markdown", "html"]
    assert "--detailed-exitcode" in calls[0]


@pytest.mark.parametrize("exit_code", [1, 3, 4, 7, 8, 9])
def test_a_plan_that_failed_fails_the_job_and_still_names_its_exit_code(tmp_path: Path, exit_code: int) -> None:
    code, _, output = run_step(tmp_path, step_named("plan", "Plan"), {}, exit_code)
    assert code == exit_code
    assert f"exit-code={exit_code}\n" in output


@pytest.mark.parametrize("name", ["Plan", "Plan against the snapshot"])
def test_a_plan_that_is_refused_is_red_and_told_in_the_comment(tmp_path: Path, name: str) -> None:
    """The comment has what allows it: it is drawn before the job fails, and written although it does."""
    code, calls, output = run_step(tmp_path, step_named("plan", name), {"SNAPSHOT": "x"}, 4)
    assert code == 4
    assert "exit-code=4\n" in output
    assert [call[call.index("--format") + 1] for call in calls] == ["github", "json", "markdown", "html"]
    work = jobs(load("plan"))
    kept = [step for job in work.values() for step in job["steps"] if step.get("name", "").startswith("Keep the plan")]
    assert all("!cancelled()" in step["if"] and "outputs.exit-code != ''" in step["if"] for step in kept)
    assert "!cancelled()" in work["report"]["if"]


@pytest.mark.parametrize(("exit_code", "drift"), [(0, "false"), (2, "true")])
def test_drift_is_a_finding_and_not_a_failure(tmp_path: Path, exit_code: int, drift: str) -> None:
    code, _, output = run_step(tmp_path, step_named("drift", "Look for drift"), {}, exit_code)
    assert code == 0
    assert f"has-drift={drift}\n" in output


def test_a_drift_run_that_could_not_look_says_nothing_about_drift(tmp_path: Path) -> None:
    code, _, output = run_step(tmp_path, step_named("drift", "Look for drift"), {}, 9)
    assert code == 9
    assert "has-drift" not in output


@pytest.mark.parametrize(("has_key", "mode"), [("true", "plan"), ("false", "validate")])
def test_without_a_key_the_stack_is_only_validated(tmp_path: Path, has_key: str, mode: str) -> None:
    _, _, output = run_step(tmp_path, step_named("plan", "Is there a key?"), {"HAS_KEY": has_key})
    assert output == f"mode={mode}\n"
    assert "steps.mode.outputs.mode == 'plan'" in step_named("plan", "Plan")["if"]


def test_an_artifact_name_holds_no_character_that_github_refuses(tmp_path: Path) -> None:
    _, _, output = run_step(tmp_path, step_named("plan", "Plan"), {"DIRECTORY": "stacks/de linde"})
    assert "artifact=hmsplan-plan-stacks-de-linde-production-1\n" in output


# Plans without a key


def offline() -> dict[str, Any]:
    return jobs(load("plan"))["offline"]


def test_the_job_without_a_key_holds_no_secret_and_writes_nothing() -> None:
    assert "secrets." not in yaml.safe_dump(offline())
    assert offline()["permissions"] == {"actions": "read", "contents": "read"}
    assert "environment" not in offline()


def test_no_job_that_holds_a_key_may_read_the_artifacts_of_others() -> None:
    for stem in STARTERS:
        for name, job in jobs(load(stem)).items():
            assert "actions" not in job.get("permissions", {}) or (stem, name) == ("plan", "offline")


def test_it_plans_only_where_there_is_no_key_and_a_snapshot() -> None:
    assert "needs.plan.outputs.mode == 'validate'" in offline()["if"]
    first, *others = offline()["steps"]
    assert first["name"] == "Find the newest snapshot"
    assert all("steps.find.outputs.artifact != ''" in step["if"] for step in others[:-1])


@pytest.mark.parametrize("exit_code", [0, 2])
def test_a_plan_against_the_snapshot_is_told_like_any_other(tmp_path: Path, exit_code: int) -> None:
    env = {"SNAPSHOT": "/the/snapshot.json", "ARGS": "--target=numbers.main\n"}
    code, calls, _ = run_step(tmp_path, step_named("plan", "Plan against the snapshot"), env, exit_code)
    assert code == 0
    assert [call[4] for call in calls] == ["plan", "show", "show", "show"]
    assert calls[0][calls[0].index("--against") :] == ["--against", "/the/snapshot.json", "--target=numbers.main"]


def test_a_snapshot_that_is_refused_fails_the_job(tmp_path: Path) -> None:
    code, _, output = run_step(tmp_path, step_named("plan", "Plan against the snapshot"), {"SNAPSHOT": "x"}, 1)
    assert code == 1
    assert "exit-code=1\n" in output


@pytest.mark.parametrize("stem", ["apply", "drift"])
def test_a_snapshot_is_taken_only_when_asked_for(stem: str) -> None:
    workflow = load(stem)
    assert workflow["env"]["SNAPSHOT"] == "false"
    step = step_named(stem, "Take a snapshot")
    assert "env.SNAPSHOT == 'true' &&" in step["if"]
    assert step["continue-on-error"] is True
    assert "outcome == 'success'" in step_named(stem, "Keep the snapshot")["if"]


@pytest.mark.parametrize("stem", ["apply", "drift"])
def test_a_snapshot_is_kept_under_the_name_that_is_looked_for(tmp_path: Path, stem: str) -> None:
    code, calls, output = run_step(tmp_path, step_named(stem, "Take a snapshot"), {"DIRECTORY": "stacks/de linde"})
    assert code == 0
    file = tmp_path / "hmsplan-snapshot.json"
    assert calls == [["-C", "stacks/de linde", "-e", "production", "snapshot", "-o", str(file)]]
    assert output == "artifact=hmsplan-snapshot-stacks-de-linde-production\n"
    assert step_named(stem, "Keep the snapshot")["with"]["overwrite"] is True
    assert step_named("plan", "Plan against the snapshot")["env"]["SNAPSHOT"].endswith(f"/{file.name}")


REPOSITORY_ID = 7
OURS = {"id": 5, "head_branch": "main", "head_repository_id": REPOSITORY_ID}


def artifact(number: int, created: str, name: str = "", **run: Any) -> dict[str, Any]:
    """Return an artifact as the API of GitHub lists it."""
    made = {"id": number, "name": name or "hmsplan-snapshot-stacks-de-linde-production", "expired": False}
    return made | {"created_at": f"2026-11-{created}T03:17:00Z", "workflow_run": OURS | run}


@pytest.mark.system
@pytest.mark.skipif(shutil.which("node") is None, reason="the script is JavaScript, and there is no node")
@pytest.mark.parametrize(
    ("artifacts", "found"),
    [
        ([], {}),
        ([artifact(1, "20"), artifact(2, "22"), artifact(3, "21")], {"artifact": 2, "run": 5}),
        ([artifact(1, "20"), artifact(2, "22", head_repository_id=8)], {"artifact": 1, "run": 5}),
        ([artifact(1, "20"), artifact(2, "22", head_branch="feature")], {"artifact": 1, "run": 5}),
        ([artifact(1, "20"), artifact(2, "22") | {"expired": True}], {"artifact": 1, "run": 5}),
        ([artifact(1, "20"), artifact(2, "22") | {"workflow_run": None}], {"artifact": 1, "run": 5}),
        ([artifact(1, "20", "hmsplan-snapshot-other-production")], {}),
    ],
    ids=["none", "newest", "of a fork", "of another branch", "expired", "of no run", "of another stack"],
)
def test_the_newest_snapshot_of_the_default_branch_of_this_repository_is_found(
    tmp_path: Path, artifacts: list[dict[str, Any]], found: dict[str, int]
) -> None:
    """A fork can upload an artifact of any name from a branch of any name."""
    script = step_named("plan", "Find the newest snapshot")["with"]["script"]
    around = f"""
      const outputs = {{}};
      const core = {{setOutput: (key, value) => {{ outputs[key] = value; }}, notice: () => {{}}}};
      const context = {{repo: {{owner: 'o', repo: 'r'}}}};
      const github = {{
        rest: {{
          repos: {{get: async () => ({{data: {{id: {REPOSITORY_ID}, default_branch: 'main'}}}})}},
          actions: {{listArtifactsForRepo: 'list'}},
        }},
        paginate: async () => ({json.dumps(artifacts)}),
      }};
      (async () => {{ {script} }})().then(() => console.log(JSON.stringify(outputs)));
    """
    file = tmp_path / "find.cjs"
    file.write_text(around, encoding="utf-8")
    env = {"DIRECTORY": "stacks/de linde", "ENVIRONMENT": "production", "PATH": os.environ["PATH"]}
    done = subprocess.run(["node", str(file)], env=env, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == found
