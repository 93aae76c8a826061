"""The sdist and the wheel, built as a release builds them, and what installs them without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import yaml

from .outside import JUDGES, REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

WHEELS: Final = JUDGES / "wheels"
URL: Final = "https://github.com/OWNER/hmsplan"
STRAY: Final = "examples/stack/.hmsplan/production/state.json"
NOT_COPIED: Final = (
    ".git",
    ".venv*",
    ".judges",
    "dist",
    "mutants",
    "site",
    ".hmsplan",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
)
TIMEOUT_S: Final = 300


@dataclass(frozen=True, slots=True)
class Packages:
    """The two files, in one folder."""

    folder: Path

    @property
    def wheel(self) -> Path:
        (found,) = self.folder.glob("*.whl")
        return found

    @property
    def sdist(self) -> Path:
        (found,) = self.folder.glob("*.tar.gz")
        return found


def step(file: str, name: str) -> dict[str, Any]:
    """Return the step called *name* of a workflow, or of an action."""
    read = yaml.safe_load((REPOSITORY / file).read_text("utf-8"))
    jobs = read.get("jobs") or {"": read["runs"]}
    (found,) = (step for job in jobs.values() for step in job["steps"] if step.get("name") == name)
    return cast("dict[str, Any]", found)


def environment(**more: str | Path) -> dict[str, str]:
    """Return variables for a process: pip finds the wheels of ``.judges`` and nothing else, git nobody's settings."""
    names = {name: text for name, text in os.environ.items() if not name.startswith(("HMS", "PIP_", "GIT", "MAKE"))}
    names |= {"PATH": f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"}  # noqa: PTH120 -- not resolved
    names |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(WHEELS), "PIP_CONFIG_FILE": os.devnull, "NO_COLOR": "1"}
    names |= {"PIP_NO_COMPILE": "1"}  # most programs run once
    names |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return names | {name: str(value) for name, value in more.items()}


def run(
    *command: str | Path, cwd: Path, env: dict[str, str] | None = None, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run a command that ends with *code*."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env or environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def repository(folder: Path) -> None:
    """Make *folder* a repository of git that holds what is in it."""
    run("git", "init", "--quiet", "--initial-branch", "main", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    run("git", *author, "commit", "--quiet", "--message", "All", cwd=folder)


def build(folder: Path) -> None:
    """Build both files in a clone of this tree: below ``published`` as the release does, and below ``local``.

    A state that a run against the emulator left in the example must not get into them.
    """
    shutil.copytree(REPOSITORY, folder / "clone", symlinks=True, ignore=shutil.ignore_patterns(*NOT_COPIED))
    clone = folder / "clone"
    repository(clone)
    for name in (".venv", ".judges"):
        (clone / name).symlink_to(REPOSITORY / name)
    (clone / STRAY).parent.mkdir(parents=True)
    (clone / STRAY).write_text("{}", "utf-8")
    published = environment(GITHUB_SERVER_URL="https://github.com", GITHUB_REPOSITORY="OWNER/hmsplan")
    run("bash", "-e", "-c", step(".github/workflows/release.yml", "Build and judge")["run"], cwd=clone, env=published)
    (clone / "dist").rename(folder / "published")
    run("make", "dist", cwd=clone)
    (clone / "dist").rename(folder / "local")
    shutil.rmtree(clone)
