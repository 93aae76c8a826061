"""Run the benchmarks named on the command line, or all."""

from __future__ import annotations

import importlib
import sys

ALL = ("startup", "apply", "requests", "plan", "lint", "leads", "prose", "history", "fleet")


def main(names: list[str]) -> int:
    results = [importlib.import_module(f"benchmarks.{name}").main() for name in names or ALL]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
