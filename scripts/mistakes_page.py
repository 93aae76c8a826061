"""Write docs/mistakes.md from the broken stacks of the tests and the errors that they expect: ``make docs``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "mistakes.md"
HEAD: Final = """# Mistakes in the files

What `hmsplan validate` says about a mistake, as it is printed, one example for each first line: the place, the line,
why it matters, what to write instead. All mistakes of a stack are told at once, and the exit code is 3. `make docs`
takes the examples from the broken stacks of the tests. [Other errors](errors.md) have a page of their own.
"""
BLOCK: Final = re.compile(r"^(?:Error|Warning): (.+)\n(?:(?!Error: |Warning: ).*\n?)*", re.MULTILINE)


def page() -> str:
    """Return the page: one example for each first line of an error, the shortest one."""
    shortest: dict[str, str] = {}
    for file in sorted(ROOT.glob("tests/broken/*/expected.txt")):
        for block in BLOCK.finditer(file.read_text("utf-8")):
            known = shortest.get(block[1])
            if known is None or len(block[0].strip()) < len(known):
                shortest[block[1]] = block[0].strip()
    sections = (f"\n## {summary}\n\n````text\n{shortest[summary]}\n````\n" for summary in sorted(shortest))
    return HEAD + "".join(sections)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
