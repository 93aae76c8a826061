"""What a command takes before it does its work: against a bare ``import click``, and a whole plan against httpx."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import organization
from benchmarks.measure import PYTHON, line, run

HMSPLAN = Path(PYTHON).with_name("hmsplan")
RUNS = 15
OBJECTS = 5


def main() -> bool:
    bare = run([PYTHON, "-c", "import click"], best_of=RUNS).seconds
    figures = {command: run([HMSPLAN, command], best_of=RUNS).seconds / bare for command in ("version", "--help")}
    good = [line(f"hmsplan {command} / python -c 'import click'", figure, 2.5) for command, figure in figures.items()]
    return all([*good, line(f"hmsplan plan of {OBJECTS} unchanged / python -c 'import httpx'", _plan(), 2.2)])


def _plan() -> float:
    """Return the time of a plan against the time of the import; by turns, so that a busy machine is unfair to neither.

    The server that it reads from is started before.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "stack")
        with organization.serving(organization.write(root, OBJECTS)) as url:
            env = {"HMS_SOVEREIGN_API_KEY": "fl_bench", "HMS_SOVEREIGN_BASE_URL": url}
            under, over = [], []
            for _ in range(RUNS):
                under.append(run([PYTHON, "-c", "import httpx"]))
                over.append(run([HMSPLAN, "-C", root, "plan"], env=env))
    if "No changes" not in over[0].output:
        raise SystemExit(over[0].output)
    cpu = min(taken.cpu_s for taken in over) / min(taken.cpu_s for taken in under)
    print(f"      the same in CPU time, which a busy machine changes less: {cpu:.2f}x")
    return min(taken.seconds for taken in over) / min(taken.seconds for taken in under)
