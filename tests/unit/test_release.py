"""A tag is checked before anything of it is published, and its section of the changelog becomes the notes."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import hmsplan

ROOT = Path(__file__).parents[2]
STEP = "Check the tag, write the notes"
GOOD = """# Changelog

## [Unreleased]

## [1.2.0] - 2026-12-01

### Added

- A thing.

## [1.1.0] - 2026-11-01

- Old.
"""


@pytest.fixture
def problems() -> Any:
    return runpy.run_path(str(ROOT / "scripts" / "release.py"))["problems"]


def check(tmp_path: Path, tag: str, changelog: str) -> tuple[int, str, str | None]:
    """Run the step of the workflow as it stands, in a checkout of 1.2.0; return its exit code, words and notes."""
    for folder in ("scripts", "hmsplan", "temp", "bin"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / "scripts" / "release.py", tmp_path / "scripts")
    code = (ROOT / "hmsplan" / "__init__.py").read_text("utf-8")
    (tmp_path / "hmsplan" / "__init__.py").write_text(code.replace(f'"{hmsplan.__version__}"', '"1.2.0"'), "utf-8")
    (tmp_path / "CHANGELOG.md").write_text(changelog, "utf-8")
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))
    (script,) = (step["run"] for step in workflow["jobs"]["build"]["steps"] if step.get("name") == STEP)
    env = {
        "GITHUB_REF_NAME": tag,
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }
    command = ["bash", "-e", "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    notes = tmp_path / "temp" / "notes.md"
    return done.returncode, done.stdout + done.stderr, notes.read_text("utf-8") if notes.exists() else None


def test_the_section_of_the_version_becomes_the_notes(tmp_path: Path) -> None:
    assert check(tmp_path, "v1.2.0", GOOD) == (0, "", "### Added\n\n- A thing.\n")


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    changelog = GOOD.replace("## [1.2.0] - 2026-12-01\n", "")
    code, said, notes = check(tmp_path, "v1.3.0", changelog)
    assert (code, notes) == (1, None)
    assert said.splitlines() == [
        'The tag is v1.3.0, and hmsplan/__init__.py says __version__ = "1.2.0". Make them agree.',
        "CHANGELOG.md has no section ## [1.2.0] - DATE. Give its Unreleased section that heading.",
        "CHANGELOG.md has entries under Unreleased. Move them to 1.2.0, or they are in no release.",
    ]


@pytest.mark.parametrize(
    ("tag", "changelog", "expected"),
    [
        ("1.2.0", GOOD, "is not vX.Y.Z"),
        ("v1.2", GOOD, "is not vX.Y.Z"),
        ("v1.2.0-rc1", GOOD, "is not vX.Y.Z"),
        ("v1.2.1", GOOD, "Make them agree"),
        ("v1.2.0", GOOD.replace("### Added\n\n- A thing.\n", ""), "is empty"),
        ("v1.2.0", GOOD.replace(" - 2026-12-01", ""), "has no date"),
        ("v1.2.0", GOOD.replace("[Unreleased]\n", "[Unreleased]\n\n- Late.\n"), "entries under Unreleased"),
    ],
)
def test_each_mistake_is_found(problems: Any, tag: str, changelog: str, expected: str) -> None:
    (found,) = problems(tag, "1.2.0", changelog)
    assert expected in found


def test_a_candidate_is_a_tag_too(problems: Any) -> None:
    assert problems("v1.2.0rc1", "1.2.0rc1", GOOD.replace("[1.2.0]", "[1.2.0rc1]")) == []


@pytest.mark.parametrize(("tag", "flags"), [("v1.2.0", []), ("v1.2.0rc1", ["--prerelease"])])
def test_the_release_has_the_notes_and_both_files(tmp_path: Path, tag: str, flags: list[str]) -> None:
    """The last step as it stands, with a stand-in for gh."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))
    (script,) = (step["run"] for step in workflow["jobs"]["release"]["steps"] if "run" in step)
    files = ("bin/gh", "release/dist/a.tar.gz", "release/dist/a.whl", "release/notes/notes.md")
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', "utf-8")
    (tmp_path / "bin" / "gh").chmod(0o755)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = {"GITHUB_REF_NAME": tag, "RUNNER_TEMP": str(tmp_path), "PATH": path}
    done = subprocess.run(["bash", "-e", "-c", script], env=env, capture_output=True, text=True, check=True)
    said = done.stdout.splitlines()
    assert said[:3] == ["release", "create", tag]
    assert said[said.index("--notes-file") + 1 :] == ["notes/notes.md", *flags, "dist/a.tar.gz", "dist/a.whl"]
    assert "--verify-tag" in said


def test_the_files_that_are_published_are_those_that_were_judged() -> None:
    """The jobs that may write run nothing of this repository, and wait for the one that builds."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))
    build, publish, release = (workflow["jobs"][name] for name in ("build", "publish", "release"))
    assert build["permissions"] == {"contents": "read"}
    assert (publish["needs"], publish["environment"], release["needs"]) == ("build", "pypi", "publish")
    assert not [step for step in publish["steps"] if "run" in step]
    assert [step["uses"].partition("@")[0] for step in publish["steps"]] == [
        "actions/download-artifact",
        "actions/attest-build-provenance",
        "pypa/gh-action-pypi-publish",
    ]
