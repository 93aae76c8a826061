"""Commands in messages: bare where they are written, complete where they are printed."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import hmsplan
from hmsplan.cli.root import COMMANDS
from hmsplan.output.commands import BARE, NAMES, CommandLine

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE: Final = Path(hmsplan.__file__).parent
RUN: Final = CommandLine(("-C", "my stack", "-e", "production"))
HEAD: Final = "hmsplan -C 'my stack' -e production"
NO_COMMAND: Final = {
    "cli/__init__.py",  # the help of the program
    "cli/completion.py",  # a script for every folder
    "cli/demo.py",  # a shell of its own
    "cli/elsewhere.py",  # said of a line that cannot be read
    "cli/manual.py",  # examples of --help
    "export/scaffold.py",  # comments in files that are written
}
"""Where a text that names a command is none of this run."""
OWNERS: Final = ("hmsplan state", "hmsplan export", "hmsplan state unlock", "### hmsplan apply")
LABELS: Final = ("hmsplan drift", "hmsplan lint", "hmsplan validate", "hmsplan webhook test")
"""Names of who holds a lock, titles, and suites of JUnit."""


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a module with their lines; what is filled in is written {}."""
    tree = ast.parse(path.read_text("utf-8"))
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)} - {
        id(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
    }
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in documented or id(node) in inside:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
            yield node.lineno, "".join(map(str, parts))


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_command_of_a_message_stands_where_it_is_completed(path: Path) -> None:
    """On an indented line of its own, which is also never broken, or behind a colon."""
    if str(path.relative_to(SOURCE)) in NO_COMMAND:
        return
    named = re.compile(rf"hmsplan (?:{'|'.join(NAMES)})\b(?! by )")
    for line, text in texts(path):
        if text in OWNERS or text in LABELS:
            continue
        completed = RUN.complete(text)
        left = [found[0] for found in named.finditer(completed)]
        assert left == [], f"{path.name}:{line}: {text}"


def test_the_names_are_those_of_the_program() -> None:
    assert set(NAMES) == set(COMMANDS)


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("Type\n  hmsplan plan -o FILE", f"Type\n  {HEAD} plan -o FILE"),
        ("To see it: hmsplan drift", f"To see it:\n  {HEAD} drift"),
        ("one of\n  hmsplan state rm a.b\n  hmsplan plan", f"one of\n  {HEAD} state rm a.b\n  {HEAD} plan"),
        ("hmsplan apply by alice holds it", "hmsplan apply by alice holds it"),
        ("it was held by: hmsplan apply by alice", "it was held by: hmsplan apply by alice"),
        ("This hmsplan plans: hmsplan planned", "This hmsplan plans: hmsplan planned"),
        ("what hmsplan export does", "what hmsplan export does"),
        ("", ""),
    ],
)
def test_a_message_is_completed(text: str, complete: str) -> None:
    """Every command of it, and nothing that only speaks of one."""
    assert RUN.complete(text) == complete
    assert RUN.complete(complete) == complete
    assert BARE.complete(text) == complete.replace(HEAD, "hmsplan")


def test_a_command_is_quoted_for_a_shell_and_shown_safely() -> None:
    """A folder with a space, an id with an escape sequence."""
    assert RUN.command("show", "a b\x1b") == f"{HEAD} show 'a b\\u001b'"
    assert BARE.command("plan") == "hmsplan plan"
