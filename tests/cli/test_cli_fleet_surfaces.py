"""What the reports of a fleet say, on every surface: text, Markdown and HTML."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml
from support.fleets import DESK, emulator_of, environ, greetings, key_of, write_fleet

from hmsplan.emulator import Emulator, running

from .helpers import MAIN, REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .helpers import Cli, Result

NAMES = ("acme", "beta", "gamma", "delta")
FORMS = ("text", "markdown", "html")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with emulator_of(NAMES) as made:
        yield made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_fleet(tmp_path / "agency", NAMES)


@pytest.fixture
def fleet(emulator: Emulator, cli: Cli, root: Path) -> Iterator[Callable[..., Result]]:
    """Return what runs a command of the fleet in threads, with the keys of all members."""
    with running(emulator) as url:

        def call(command: str, *args: str, **env: str) -> Result:
            words = ("-C", str(root), "fleet", command, *args, "--executor", "threads")
            return cli(*words, **{"HMS_SOVEREIGN_BASE_URL": url, **environ(NAMES), **env})

        yield call


def told(result: Result) -> str:
    """Return what a person reads, in one line."""
    return " ".join((result.out + result.err).split())


@pytest.mark.parametrize("form", FORMS)
def test_whose_plan_is_shown_and_that_values_differ(fleet: Callable[..., Result], form: str) -> None:
    assert "Shown for acme; values of variables differ." in fleet("plan", "--format", form).out


@pytest.mark.parametrize("form", FORMS)
def test_members_without_a_state_are_named_with_their_organization(
    fleet: Callable[..., Result], emulator: Emulator, form: str
) -> None:
    """A mistyped key of a new member reaches a stranger's organization, and nothing else shows it."""
    assert fleet("apply", "-y", "--member", "!delta").code == 0
    plan = fleet("plan", "--format", form)
    assert f"No state yet: delta ({emulator.organization(key_of('delta'))})" in told(plan).replace("`", "")
    assert fleet("apply", "-y").code == 0
    assert "No state yet" not in fleet("plan", "--format", form).out


@pytest.mark.parametrize("form", FORMS)
def test_whom_a_group_reaches_is_counted_over_all_of_it(
    fleet: Callable[..., Result], emulator: Emulator, root: Path, form: str
) -> None:
    """The number of the member that is shown is not that of the others."""
    stack = f"{DESK}numbers:\n  main: {{phone_number: '${{var:number}}', agent_id: '${{assistants.desk}}'}}\n"
    write_fleet(root, NAMES, desk=stack)
    settings = root / "clinics/hmsplan.yaml"
    declared = settings.read_text("utf-8") + "  number: {}\n"
    settings.write_text(declared, "utf-8")
    lines = (root / "clients.csv").read_text("utf-8").splitlines()
    table = "\n".join([f"{lines[0]},number", *(f"{line},+3185000002{at}" for at, line in enumerate(lines[1:]))])
    (root / "clients.csv").write_text(table, "utf-8")
    assert fleet("apply", "-y").code == 0
    for name in NAMES:
        (number,) = emulator.all("numbers", key=key_of(name))
        emulator.edit("numbers", number["id"], {"status": "active"})
    (root / "clinics/desk.yaml").write_text(stack.replace("morning", "evening"), "utf-8")
    plan = fleet("plan", "--format", form)
    assert "Together they reach 4 active numbers." in told(plan)
    assert "reaches +31850000020" in fleet("plan", "--member", "acme").out
    assert "+3185000002" not in plan.out
    assert "reaches 1 active number" not in plan.out


@pytest.fixture
def refused(fleet: Callable[..., Result], root: Path) -> None:
    write_fleet(root, NAMES, desk=f"{DESK}    lifecycle: {{prevent_destroy: true}}\n")
    assert fleet("apply", "-y", "--member", "acme", "--member", "beta").code == 0
    write_fleet(root, NAMES, desk=DESK.replace("desk:", "front:").replace("Desk", "Front"))


@pytest.mark.usefixtures("refused")
def test_a_refusal_in_markdown_is_the_reason_and_the_command(fleet: Callable[..., Result], root: Path) -> None:
    page = fleet("plan", "--format", "markdown").out
    assert "Refused in 2 members" in page
    (row,) = [line for line in page.splitlines() if line.startswith("- `acme`, `beta`: `assistants.desk`: ")]
    assert "--allow" not in row
    command = f"hmsplan -C {root} fleet apply --executor threads --allow delete:assistants.desk"
    assert f"```console\n{command}\n```" in page


@pytest.mark.usefixtures("refused")
def test_a_refusal_in_html_is_marked_as_in_the_page_of_one_plan(fleet: Callable[..., Result], root: Path) -> None:
    page = fleet("plan", "--format", "html").out
    assert re.search(r'<section class="ask" [^>]*>\n<h2 [^>]*>Refused: 1 risk\.', page)
    assert f"hmsplan -C {root} fleet apply --executor threads --allow delete:assistants.desk" in page


def test_a_warning_in_markdown_stands_once_with_its_place(fleet: Callable[..., Result], root: Path) -> None:
    stack = root / "clinics/hmsplan.yaml"
    stack.write_text(stack.read_text("utf-8") + "  unused_one: {default: x}\n", "utf-8")
    text = fleet("plan")
    (where,) = re.findall(r"^Warning: .*\n  of .*\n  (clinics/hmsplan\.yaml:\d+:\d+)", text.out, re.MULTILINE)
    page = fleet("plan", "--format", "markdown").out
    assert page.count("unused_one") == 1
    assert f"(`{where}`)" in page


def test_one_member_that_changes_is_not_compared_with_others(fleet: Callable[..., Result]) -> None:
    assert fleet("apply", "-y", "--member", "!delta").code == 0
    assert fleet("plan").out.startswith("1 member of 4 would change.\n")


@pytest.mark.parametrize("form", FORMS)
def test_why_there_is_no_digest_is_said(fleet: Callable[..., Result], form: str) -> None:
    plan = fleet("plan", "--format", form, HMS_KEY_BETA="")
    assert "No digest: 1 member could not be planned." in plan.out


def test_the_same_problem_of_many_members_is_told_by_the_first_three(fleet: Callable[..., Result]) -> None:
    """It differs by nothing but the name of the member, its line and its variable."""
    plan = fleet("plan", **{f"HMS_KEY_{name.upper()}": "" for name in NAMES})
    assert plan.out.count("Error: No API key") == 1
    assert "of acme, beta, delta, gamma HMS_KEY_ACME is not set." in told(plan)
    assert "HMS_KEY_DELTA is not set." in told(plan)
    assert "HMS_KEY_GAMMA" not in told(plan)
    assert "And 1 more like these." in told(plan)


def test_two_findings_in_the_shared_files_are_two(fleet: Callable[..., Result], root: Path) -> None:
    write_fleet(root, NAMES, desk="assistants:\n  a: {name: A, frist_message: Hi}\n  b: {name: B, frist_message: Hi}\n")
    assert fleet("lint").out.count("Error: Unknown field") == 2


def test_members_without_their_secret_are_told_once(fleet: Callable[..., Result], root: Path) -> None:
    server = 'mcp_servers: {crm: {name: crm, url: "https://crm.example.com", headers: {X: "${secret:crm}"}}}\n'
    (root / "clinics/server.yaml").write_text(server, "utf-8")
    rows = [f"{name},HMS_KEY_{name.upper()},{name}_crm" for name in NAMES]
    (root / "clients.csv").write_text("\n".join(["name,key,secret:crm", *rows]), "utf-8")
    assert fleet("plan").out.count("Error: Missing secret") == 1
    (root / "clients.csv").write_text("\n".join(["name,key,secret:crn", *rows]), "utf-8")
    plan = fleet("plan", HMSPLAN_SECRET_CRM="of-all-0123456789")
    assert plan.out.count("Error: Unknown secret") == 1
    assert "clients.csv:1:10" in plan.out


def test_what_holds_no_key_may_be_the_wrong_variable_or_the_wrong_name(fleet: Callable[..., Result]) -> None:
    plan = told(fleet("plan", HMS_KEY_BETA="nothing-of-this-kind"))
    assert "Set HMS_KEY_BETA to the key of beta, or correct the name at clients.csv:3:1." in plan


def test_lint_says_once_which_members_take_any_key(fleet: Callable[..., Result], root: Path) -> None:
    """The advice is to change the fleet file: an environment is that of many members."""
    (root / "clinics/environments").mkdir()
    (root / "clinics/environments/normal.yaml").write_text("variables: {}\n", "utf-8")
    ids = {"acme": "3f0c0d5e-0000-4000-8000-000000000001", "delta": "3f0c0d5e-0000-4000-8000-000000000002"}
    rows = [f"{name},HMS_KEY_{name.upper()},normal,{ids.get(name, '')}" for name in NAMES]
    (root / "clients.csv").write_text("\n".join(["name,key,environment,organization", *rows]), "utf-8")
    lint = fleet("lint")
    assert lint.out.count("[environment-of-any-organization]") == 1
    assert "of beta, gamma The fleet does not say which organization" in told(lint)
    assert "environments/normal.yaml" not in lint.out


def test_a_wrong_key_is_refused_by_the_line_of_the_fleet(
    fleet: Callable[..., Result], emulator: Emulator, root: Path
) -> None:
    organization = emulator.organization(key_of("acme"))
    (root / "clients.csv").write_text(f"name,key,organization\nacme,HMS_KEY_ACME,{organization}\n", "utf-8")
    plan = told(fleet("plan", HMS_KEY_ACME=key_of("beta")))
    assert f"the fleet, for acme (clients.csv:2:1), declares {organization}" in plan


def test_overrides_at_the_top_lie_over_the_stack_of_one_member(
    fleet: Callable[..., Result], emulator: Emulator, root: Path
) -> None:
    write_fleet(root, NAMES, "overrides: {beta: {assistants.desk: {first_message: Hello}}}\n")
    assert fleet("apply", "-y").code == 0
    assert greetings(emulator, ["acme", "beta"]) == {"acme": ["Good morning, this is Acme Dental."], "beta": ["Hello"]}
    write_fleet(root, NAMES, "overrides: {beta: {assistants.dusk: {first_message: Hello}}}\n")
    plan = fleet("plan")
    assert (plan.code, "\n  of beta\n  fleet.yaml:3:" in plan.out) == (3, True)


def test_what_an_export_leaves_out_is_named_once_and_what_to_type_next(
    fleet: Callable[..., Result], cli: Cli, emulator: Emulator, tmp_path: Path
) -> None:
    for name in NAMES:
        fields = {"name": "Desk", "first_message": "Hi", "no_such_field": {"a": 1}}
        emulator.add("assistants", fields, key=key_of(name))
    done = fleet("export", str(tmp_path / "out"))
    assert done.code == 0
    assert done.out.count("no_such_field") == 1
    assert "does not know the field (of acme, beta, delta, gamma)" in told(done)
    (command,) = [line.strip() for line in done.out.splitlines() if line.strip().startswith("hmsplan ")]
    assert cli(*command.split()[1:]).code == 0


def test_the_jobs_of_a_matrix_have_the_keys_of_their_members_and_no_other_secret(
    emulator: Emulator, cli: Cli, root: Path, tmp_path: Path
) -> None:
    """The step of docs/fleets.md, run as GitHub runs it: what is called hmsplan first tells what it was given."""
    page = (REPOSITORY / "docs" / "fleets.md").read_text("utf-8")
    (text,) = [each for each in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "toJSON(secrets)" in each]
    step = yaml.safe_load(text)["jobs"]["plan"]["steps"][-1]
    assert step["shell"] == "python"
    rows = ["name,key,secret:crm", "acme,secret:acme_key,acme_crm", "beta,HMS_KEY_BETA,"]
    (root / "clients.csv").write_text("\n".join(rows), "utf-8")
    (root / "clinics/server.yaml").write_text(
        'mcp_servers: {crm: {name: crm, url: "https://crm.example.com", headers: {X: "${secret:crm}"}}}\n', "utf-8"
    )
    (job, _) = cli("-C", str(root), "fleet", "matrix", "--shards", "2").json["include"]
    given = {"HMSPLAN_SECRET_ACME_KEY": key_of("acme"), "HMSPLAN_SECRET_ACME_CRM": "of-acme-0123456789"}
    program = tmp_path / "bin" / "hmsplan"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nenv\nexec {sys.executable} -c '{MAIN}' \"$@\"\n", "utf-8")
    program.chmod(0o755)
    with running(emulator) as url:
        env = {
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "HMS_SOVEREIGN_BASE_URL": url,
            "EVERY": json.dumps({**given, "HMS_KEY_BETA": key_of("beta"), "GITHUB_TOKEN": "c4nary-token"}),
            "NEEDED": json.dumps(job),
        }
        done = subprocess.run(
            [sys.executable, "-c", step["run"]], cwd=root, env=env, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done
    assert "1 member of 1 would change." in done.stdout
    assert all(f"{name}={value}\n" in done.stdout for name, value in given.items())
    assert key_of("beta") not in done.stdout
    assert "c4nary" not in done.stdout
