"""Run a command as a whole process and say what it took."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PYTHON = sys.executable
_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""An installed package is compiled, so a checkout that is measured has to be, too."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run took.

    Attributes:
        seconds: of wall time.
        cpu_s: of all cores together, user and system, its own processes included; a busy machine adds little to it.
        peak_mib: resident memory.
        output: what it printed.
    """

    seconds: float
    cpu_s: float
    peak_mib: float
    output: str


def run(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, best_of: int = 1) -> Taken:
    """Return the fastest of *best_of* runs; a run that fails is an error."""
    given = {**os.environ, **_COMPILED, **(env or {})}
    return min((_once([*map(str, command)], given) for _ in range(best_of)), key=_seconds)


def _once(command: list[str], env: dict[str, str]) -> Taken:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    output = process.stdout.read() if process.stdout is not None else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} ended with {process.returncode}:\n{output}")
    seconds = time.perf_counter() - began
    return Taken(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def _seconds(taken: Taken) -> float:
    return taken.seconds


def line(name: str, figure: float, bound: float, unit: str = "x") -> bool:
    """Print one figure beside its bound; return whether it is within."""
    good = figure <= bound
    print(f"{'ok  ' if good else 'OVER'}  {name:<66} {figure:8.2f}{unit}  (at most {bound:g}{unit})")
    return good
