"""``hmsplan version`` and ``--help`` against a bare ``import click``."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measure import PYTHON, line, run

HMSPLAN = Path(PYTHON).with_name("hmsplan")


def main() -> bool:
    bare = run([PYTHON, "-c", "import click"], best_of=15).seconds
    figures = {command: run([HMSPLAN, command], best_of=15).seconds / bare for command in ("version", "--help")}
    good = [line(f"hmsplan {command} / python -c 'import click'", figure, 2.5) for command, figure in figures.items()]
    return all(good)
