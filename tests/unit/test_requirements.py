"""What `make test` installs is written down with hashes, and covers everything that pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = [ROOT / "requirements" / f"{name}.lock" for name in ("dev", "tools", "run")]

every_lock = pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)


def entries(lock: Path) -> list[str]:
    """Each requirement of a lock, on one line with its hashes."""
    text = re.sub(r"(?m)^#.*\n", "", lock.read_text(encoding="utf-8"))
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def locked(lock: Path) -> list[Requirement]:
    return [Requirement(entry.split(" --hash=")[0]) for entry in entries(lock)]


def asked() -> list[Requirement]:
    """Everything that pyproject.toml names, the build backend and every extra too."""
    project = PROJECT["project"]
    extras = [line for extra in project["optional-dependencies"].values() for line in extra]
    lines = [*PROJECT["build-system"]["requires"], *project["dependencies"], *extras]
    return [requirement for requirement in map(Requirement, lines) if requirement.name != project["name"]]


@pytest.mark.parametrize("requirement", asked(), ids=str)
def test_the_lock_has_every_dependency(requirement: Requirement) -> None:
    """In a version that pyproject.toml allows; `make lock` writes it again after a dependency is added or raised."""
    found = [
        pinned for pinned in locked(LOCKS[0]) if canonicalize_name(pinned.name) == canonicalize_name(requirement.name)
    ]
    assert found, f"{requirement} is not in requirements/dev.lock: make lock"
    for pinned in found:
        (only,) = pinned.specifier
        assert requirement.specifier.contains(only.version), "make lock"


def test_the_lock_of_the_tools_has_every_tool() -> None:
    text = (ROOT / "requirements" / "tools.in").read_text(encoding="utf-8")
    tools = {Requirement(line).name for line in text.splitlines() if line and not line.startswith("#")}
    assert tools <= {pinned.name for pinned in locked(LOCKS[1])}


@pytest.mark.parametrize("lock", LOCKS[1:], ids=lambda lock: lock.stem)
def test_the_locks_agree(lock: Path) -> None:
    """The tools go into one environment with what is tested, and what an image holds is what was tested."""
    first, second = ({pinned.name: pinned.specifier for pinned in locked(each)} for each in (LOCKS[0], lock))
    shared = first.keys() & second.keys()
    assert shared
    assert {name: first[name] for name in shared} == {name: second[name] for name in shared}


def test_the_lock_of_the_image_has_what_hmsplan_runs_with_and_no_tool_of_ours() -> None:
    """Every extra but `dev`."""
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for extra in extras if extra != "dev" for line in extras[extra])]
    found = {canonicalize_name(pinned.name) for pinned in locked(LOCKS[2])}
    assert {canonicalize_name(Requirement(line).name) for line in lines} <= found
    assert found < {canonicalize_name(pinned.name) for pinned in locked(LOCKS[0])}


def test_what_tests_build_with_is_the_build_backend_of_the_lock() -> None:
    text = (ROOT / "scripts" / "judged-by" / "wheels.txt").read_text(encoding="utf-8")
    known = {str(pinned) for pinned in locked(LOCKS[0])}
    assert {line for line in text.splitlines() if line not in known} == set(), "copy it from requirements/dev.lock"


@every_lock
def test_each_entry_is_one_version_with_hashes(lock: Path) -> None:
    for entry in entries(lock):
        assert re.fullmatch(r"[a-z0-9-]+==[\w.!+]+( ; [^\\]+?)?( +--hash=sha256:[0-9a-f]{64})+ *", entry), entry[:80]


@every_lock
def test_a_lock_names_no_registry(lock: Path) -> None:
    """It installs from the registry that the machine is set up for."""
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"(?m)^--", text)


def test_one_job_tests_the_newest_releases_and_may_fail_alone() -> None:
    """A release elsewhere is seen within a week, and makes nobody's pull request red."""
    ci = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    _, newest = ci.split("\n  newest:\n")
    assert "continue-on-error: true" in newest
    assert "make test RELEASES=newest" in newest
    assert "schedule:" in ci
