"""Small stacks that rules of lint are shown: written to a folder, read as users' are, and linted."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from hmsplan.config.load import load_stack
from hmsplan.operations.lint import lint_stack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hmsplan.lint.rule import Rule
    from hmsplan.model import Diagnostic

TODAY: Final = date(2026, 11, 30)
STACK: Final = "version: 1\nstack: acme\n"
RESOURCES: Final = "stack.yaml"
_FILE: Final = "# file: "


def files_of(example: str) -> dict[str, str]:
    """Return the files of an example of a rule: one of resources, and each that a line ``# file: NAME`` begins."""
    files, name = {RESOURCES: ""}, RESOURCES
    for line in example.lstrip("\n").splitlines(keepends=True):
        if line.startswith(_FILE):
            name = line.removeprefix(_FILE).strip()
            files[name] = ""
        else:
            files[name] += line
    return files


def linted(
    root: Path, example: str, *rules: Rule, today: date = TODAY, environ: Mapping[str, str] | None = None
) -> tuple[Diagnostic, ...]:
    """Write *example* below *root*, and return what *rules* find in it; none = all rules."""
    for name, text in {"hmsplan.yaml": STACK, **files_of(example)}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    stack = load_stack(root, environ=environ or {})
    return lint_stack(stack, root, today=today, rules={rule.id: rule for rule in rules} if rules else None)
