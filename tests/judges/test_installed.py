"""hmsplan installed without a network: from the wheel, by the action, by the steps of the Dockerfile, by pre-commit.

What is tested is what stands in those files, run as it stands. GitHub's own actions and a Docker engine are not here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tarfile
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

import hmsplan

from .outside import REPOSITORY, needs, once
from .packages import WHEELS, Packages, environment, repository, run, step

pytestmark = needs("distribution", "wheels")

VERSION: Final = hmsplan.__version__
EXAMPLE: Final = REPOSITORY / "examples" / "stack"
MOST_MB: Final = 80
BIN: Final = "Scripts" if os.name == "nt" else "bin"


@pytest.fixture(scope="session")
def installed(packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of programs of an environment that has the wheel, and what the wheel asks for."""

    def fill(folder: Path) -> None:
        run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
        pip = (sys.executable, "-m", "pip", "--python", folder / "venv" / BIN / "python", "install", "--quiet")
        run(*pip, "--compile", packages.wheel, cwd=folder)
        (folder / "bytes").write_text(str(sum(size(file) for file in (folder / "venv").rglob("*"))), "utf-8")
        run(*pip, f"{packages.wheel}[emulator]", cwd=folder)
        rename = re.compile(
            rf"^#!.*/{folder.name}/", re.MULTILINE
        )  # `once` moves the folder, and a script names its Python
        for script in (folder / "venv" / BIN).glob("hmsplan*"):
            script.write_text(rename.sub(f"#!{folder.parent}/installed/", script.read_text("utf-8")), "utf-8")

    return once(tmp_path_factory, "installed", fill)


def test_the_installs_of_the_readme_work_in_a_checkout(packages: Packages, tmp_path: Path) -> None:
    """As they stand there: from the checkout itself, and from the wheel that ``make dist`` has put into it."""
    text = (REPOSITORY / "README.md").read_text("utf-8").partition("\n## Install\n")[2].partition("\n## ")[0]
    commands = re.findall(r"^\$ (python -m pip install [^#\n]+)", text, re.MULTILINE)
    assert len(commands) == 2
    with tarfile.open(packages.sdist) as sdist:
        sdist.extractall(tmp_path, filter="data")
    checkout = tmp_path / f"hmsplan-{VERSION}"
    (checkout / "dist").mkdir()
    shutil.copy(packages.wheel, checkout / "dist")
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    programs = tmp_path / "venv" / BIN
    env = environment(PATH=f"{programs}{os.pathsep}{os.defpath}")
    for name, command in zip(("checkout", "wheel"), commands, strict=True):
        run("/bin/sh", "-c", command, cwd=checkout, env=env)
        run(programs / "hmsplan", "init", name, cwd=tmp_path, env=env)
        run(programs / "hmsplan", "-C", name, "--emulator", "plan", cwd=tmp_path, env=env)
        run(programs / "python", "-m", "pip", "uninstall", "--quiet", "--yes", "hmsplan", cwd=tmp_path, env=env)


def size(file: Path) -> int:
    return 0 if file.is_symlink() or file.is_dir() else file.stat().st_size


def test_a_base_install_is_small(installed: Path, record_property: Any) -> None:
    """Everything that ``pip install hmsplan`` brings, compiled; neither Python nor pip."""
    megabytes = int((installed / "bytes").read_text("utf-8")) / 1e6
    record_property("counted", f"a base install takes {megabytes:.1f} MB, {MOST_MB} are allowed")
    assert 1 < megabytes < MOST_MB


def test_the_wheel_works_by_itself(installed: Path, tmp_path: Path) -> None:
    """The first steps of the README, in a process that sees nothing of this repository."""
    program = installed / "venv" / BIN / "hmsplan"
    env = environment(PATH=f"{program.parent}{os.pathsep}{os.defpath}")
    code = "import hmsplan; print(hmsplan.__file__)"
    assert str(installed) in run(program.with_name("python"), "-c", code, cwd=tmp_path, env=env).stdout
    assert run(program, "version", cwd=tmp_path, env=env).stdout == f"hmsplan {VERSION}\n"
    run(program, "init", "my-practice", "--ci", "github", "--install", VERSION, cwd=tmp_path, env=env)
    stack = tmp_path / "my-practice"
    assert run(program, "validate", cwd=stack, env=env).stdout.startswith("Valid: ")
    plan = run(program, "--emulator", "plan", "--format", "html", cwd=stack, env=env).stdout
    assert "<style>" in plan
    assert "<script" in plan
    assert "$defs" in json.loads(run(program, "schema", cwd=stack, env=env).stdout)
    run(program, "demo", cwd=stack, env=env)


def install(tmp_path: Path, packages: Packages, code: int = 0, **inputs: str) -> tuple[str, dict[str, str]]:
    """Run the step of the action that installs; return what it said, and its output and path."""
    action = yaml.safe_load((REPOSITORY / "action.yml").read_text("utf-8"))
    given = {f"inputs.{name}": about.get("default", "") for name, about in action["inputs"].items()}
    given |= {f"inputs.{name}": text for name, text in inputs.items()}
    given |= {"steps.python.outputs.python-path": sys.executable}
    it = step("action.yml", "Install hmsplan")
    files = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_PATH")}
    env = environment(
        **{name: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: given[found[1]], text) for name, text in it["env"].items()},
        **files,
        RUNNER_TEMP=tmp_path / "temp",
        PIP_FIND_LINKS=f"{WHEELS} {packages.folder}",
    )
    (tmp_path / "temp").mkdir()
    script = tmp_path / "step.sh"
    script.write_text(it["run"], "utf-8")
    checkout = tmp_path / "checkout"
    checkout.mkdir(exist_ok=True)
    (checkout / "pip.py").write_text("raise SystemExit('a module of the checkout was run')\n", "utf-8")
    done = run("bash", "--noprofile", "--norc", "-eo", "pipefail", script, cwd=checkout, env=env, code=code)
    return done.stdout + done.stderr, {n: file.read_text("utf-8") for n, file in files.items() if file.exists()}


def lock(folder: Path, digest: str) -> None:
    """Write a lock with hashes, as a user of the action keeps one in the repository."""
    run_lock = (REPOSITORY / "requirements" / "run.lock").read_text("utf-8")
    folder.mkdir()
    (folder / "requirements.lock").write_text(f"{run_lock}hmsplan=={VERSION} --hash=sha256:{digest}\n", "utf-8")


def test_the_action_installs_a_version_into_an_environment_of_its_own(packages: Packages, tmp_path: Path) -> None:
    _, made = install(tmp_path, packages, version=VERSION, extras="")
    assert made["GITHUB_OUTPUT"] == f"version={VERSION}\n"
    program = Path(made["GITHUB_PATH"].strip()) / "hmsplan"
    assert program.is_relative_to(tmp_path / "temp")
    assert run(program, "-C", EXAMPLE, "validate", cwd=tmp_path).stdout == "Valid: 14 resources.\n"


def test_the_action_installs_what_a_lock_names_and_only_the_version_that_is_asked_for(
    packages: Packages, tmp_path: Path
) -> None:
    lock(tmp_path / "checkout", hashlib.sha256(packages.wheel.read_bytes()).hexdigest())
    said, made = install(tmp_path, packages, lock="requirements.lock", version="99.0.0", code=1)
    assert f"::error title=setup-hmsplan::requirements.lock installs hmsplan {VERSION}, and version is 99.0.0" in said
    assert made == {}


def test_the_action_installs_nothing_that_has_another_hash(packages: Packages, tmp_path: Path) -> None:
    lock(tmp_path / "checkout", "0" * 64)
    said, made = install(tmp_path, packages, lock="requirements.lock", code=1)
    assert "DO NOT MATCH THE HASHES" in said
    assert made == {}


def test_the_action_installs_no_version_that_nobody_named(packages: Packages, tmp_path: Path) -> None:
    said, made = install(tmp_path, packages, code=1)
    assert "Neither version nor lock is given" in said
    assert made == {}


@needs("readers")
def test_the_action_is_one_to_its_schema_and_to_zizmor(tmp_path: Path) -> None:
    """By the schema that check-jsonschema brings along; zizmor looks for what a caller could smuggle in."""
    readers = REPOSITORY / ".judges" / "readers" / "bin"
    action = REPOSITORY / "action.yml"
    run(readers / "check-jsonschema", "--builtin-schema", "vendor.github-actions", action, cwd=tmp_path)
    run(readers / "zizmor", "--offline", "--no-progress", action, cwd=tmp_path)


def instructions(stage: int) -> list[tuple[str, str]]:
    """Return the instructions of one stage of the Dockerfile, each on one line."""
    text = re.sub(r"(?m)^#.*\n", "", (REPOSITORY / "Dockerfile").read_text("utf-8")).replace("\\\n", "")
    stages = re.split(r"(?m)^(?=FROM )", text)[1:]
    parts = [line.partition(" ") for line in stages[stage].splitlines() if line]
    return [(word, rest) for word, _, rest in parts]


def test_the_steps_of_the_image_make_an_environment_that_works(packages: Packages, tmp_path: Path) -> None:
    """They are run as they stand, without Docker, in a folder with what ``.dockerignore`` lets through."""
    context, work = tmp_path / "context", tmp_path / "build"
    ignored = (REPOSITORY / ".dockerignore").read_text("utf-8").splitlines()
    sent = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    assert [line for line in ignored if line and line[0] not in "!#"] == ["*"]
    for folder in (context / "dist", context / "requirements", work):
        folder.mkdir(parents=True)
    shutil.copy(packages.wheel, context / "dist")
    shutil.copy(REPOSITORY / "requirements" / "run.lock", context / "requirements")
    assert all(any(context.glob(pattern)) for pattern in sent)
    venv = tmp_path / "venv"
    for word, rest in instructions(0):
        if word == "COPY":
            *patterns, target = rest.split()
            for file in (file for pattern in patterns for file in context.glob(pattern)):
                shutil.copy(file, work / target)
        elif word == "RUN":
            run("/bin/sh", "-c", rest, cwd=work, env=environment(VENV=venv))
    image = dict(instructions(1))
    assert image["COPY"] == "--from=build {0} {0}".format(dict(instructions(0))["ENV"].removeprefix("VENV="))
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", image["USER"])  # what Kubernetes can tell from root
    (program,) = json.loads(image["ENTRYPOINT"])
    first, more = venv / "bin" / program, json.loads(image["CMD"])
    assert run(first, *more, cwd=tmp_path).stdout.startswith("Usage: hmsplan")
    shutil.copytree(EXAMPLE, tmp_path / "stack", ignore=shutil.ignore_patterns(".hmsplan"))
    secrets = ("--secrets-file", "secrets.example.env")
    said = run(first, "--emulator", "-e", "staging", *secrets, "plan", cwd=tmp_path / "stack")
    assert "Plan: " in said.stdout


def test_pre_commit_runs_the_hooks(packages: Packages, tmp_path: Path) -> None:
    """The real one: it clones the repository, installs it, and refuses what is not in form or not valid."""
    with tarfile.open(packages.sdist) as sdist:
        sdist.extractall(tmp_path, filter="data")
    hooks = tmp_path / f"hmsplan-{VERSION}"
    repository(hooks)
    commit = run("git", "rev-parse", "HEAD", cwd=hooks).stdout.strip()
    stack = tmp_path / "stack"
    shutil.copytree(EXAMPLE, stack, ignore=shutil.ignore_patterns(".hmsplan"))
    given = [{"id": "hmsplan-fmt"}, {"id": "hmsplan-validate", "args": ["-e", "production"]}]
    config = {"repos": [{"repo": str(hooks), "rev": commit, "hooks": given}]}
    (stack / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    other = stack / ".github" / "other.yml"
    other.parent.mkdir()
    other.write_text("a:  1\n", "utf-8")
    repository(stack)
    judges = REPOSITORY / ".judges" / "distribution" / "bin"
    env = environment(PRE_COMMIT_HOME=tmp_path / "cache")

    def pre_commit(code: int) -> str:
        command = (judges / "python", "-m", "pre_commit", "run", "--all-files", "--color", "never")
        return run(*command, cwd=stack, env=env, code=code).stdout

    assert re.findall(r"^hmsplan (\w+)\.+(\w+)$", pre_commit(0), re.MULTILINE) == [
        ("fmt", "Passed"),
        ("validate", "Passed"),
    ]
    file = stack / "telephony" / "numbers.yaml"
    good = file.read_text("utf-8")
    file.write_text(good.replace("agent_id: ", "agent_idd:   ", 1), "utf-8")
    said = pre_commit(1)
    assert "files were modified by this hook" in said
    assert "agent_idd" in said
    assert "telephony/numbers.yaml:" in said
    assert other.read_text("utf-8") == "a:  1\n"
