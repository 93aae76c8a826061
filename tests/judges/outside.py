"""Where the judges are, and how they are asked; those that are not there are said to be missing by their tests."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from filelock import FileLock
from support.browser import CHROMIUM
from support.golden import CASES, plan_of

from hmsplan.formats.plan_file import plan_from_bytes, plan_to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hmsplan.model import Plan

HERE: Final = Path(__file__).parent
REPOSITORY: Final = HERE.parents[1]
JUDGES: Final = REPOSITORY / ".judges"
POLICIES: Final = REPOSITORY / "examples" / "policies"
NPM: Final = JUDGES / "npm" / "node_modules"
TIMEOUT_S: Final = 100

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


def needs(*judges: str) -> pytest.MarkDecorator:
    """Skip without the lists of ``scripts/judged-by`` that are named."""
    missing = [name for name in judges if not (JUDGES / name / "installed").exists()]
    return pytest.mark.skipif(bool(missing), reason=f"scripts/judges has not installed {', '.join(missing)}")


def golden_plans() -> dict[str, Plan]:
    """Return the plan of each golden case, as a reader of a saved one has it."""
    return {case: plan_from_bytes(plan_to_bytes(plan_of(case))) for case in CASES}


def ask(*command: str | Path, given: str | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a judge; what it says is for the test to read. Python may keep what it compiles: it is used again."""
    environ = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(
        [str(part) for part in command],
        input=given,
        cwd=cwd,
        env={**environ, "LOG_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )


def ask_python(judge: str, script: str, question: Any) -> Any:
    """Run a script of this folder with the packages of *judge*; question and answer are JSON."""
    done = ask(JUDGES / judge / "bin" / "python", HERE / script, given=json.dumps(question))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def ask_node(script: str, question: Any, folder: Path) -> Any:
    """Run a script of this folder with the npm packages; question and answer are JSON."""
    file = folder / "question.json"
    file.write_text(json.dumps(question), "utf-8")
    code = (HERE / script).read_text("utf-8")
    done = ask("node", "--input-type=module", "-", file, given=code, cwd=NPM.parent)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def once(factory: pytest.TempPathFactory, name: str, fill: Callable[[Path], None]) -> Path:
    """Return a folder that *fill* has filled, once for all processes of this run of the tests."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / name
    with FileLock(base / f"{name}.lock"):
        if not folder.exists():
            begun = base / f"{name}.begun"
            begun.mkdir()
            fill(begun)
            begun.rename(folder)
    return folder


def written(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write *files* and return where they are, in the same order."""
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return [folder / name for name in files]
