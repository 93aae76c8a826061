"""docs/errors.md names every exit code and every error, and no other."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path
from typing import TYPE_CHECKING

import hmsplan
from hmsplan.cli.terminal import ReaderGone
from hmsplan.errors import HmsplanError

from .helpers import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

PAGE = (REPOSITORY / "docs" / "errors.md").read_text("utf-8")
MISTAKES = (REPOSITORY / "docs" / "mistakes.md").read_text("utf-8")
PACKAGE = Path(hmsplan.__file__).parent


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages([str(PACKAGE)], "hmsplan."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def of_classes(loaded: list[ModuleType]) -> set[tuple[str, int]]:
    """Return summary and exit code of every class of errors."""
    classes = {value for module in loaded for value in vars(module).values() if isinstance(value, type)}
    found = {each for each in classes if issubclass(each, HmsplanError)} - {ReaderGone}  # who is left to read it?
    return {(each.summary, each.exit_code) for each in found}


def of_raises(module: ModuleType) -> Iterator[tuple[str, int]]:
    """Yield summary and exit code of each error that is made with a summary of its own."""
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        made = getattr(module, call.func.id, None)
        if not isinstance(made, type) or not issubclass(made, HmsplanError):
            continue
        for keyword in call.keywords:
            if keyword.arg == "summary" and isinstance(keyword.value, ast.Constant):
                yield str(keyword.value.value), made.exit_code


def problems() -> Iterator[str]:
    """Yield the fixed first words of every diagnostic."""
    for path in PACKAGE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            match call:
                case ast.Call(func=ast.Name(id="Diagnostic" | "lost"), args=[ast.Constant(value=str(summary)), *_]):
                    yield summary
                case ast.Call(func=ast.Name(id="Problem"), args=[_, ast.Constant(value=str(summary)), *_]):
                    yield summary
                case ast.Call(func=ast.Name(id="SchemaViolation"), args=[_, _, ast.Constant(value=str(summary)), *_]):
                    yield summary


def rows(title: str) -> list[tuple[str, str]]:
    """Return the first two cells of each row of the tables in a section."""
    _, _, rest = PAGE.partition(f"\n## {title}\n")
    section, _, _ = rest.partition("\n## ")
    return re.findall(r"^\| (?!-|exit |error )(.+?) \| (.+?) \| .+ \|$", section, re.MULTILINE)


def test_every_exit_code_of_the_readme_has_its_remedy() -> None:
    """In the same words."""
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    _, _, table = readme.partition("## Exit codes\n")
    table, _, _ = table.partition("\n\n## ")
    frozen = re.findall(r"^\| (\d[\d, ]*) \| (.+) \|$", table, re.MULTILINE)
    assert frozen
    assert rows("Exit codes") == frozen


def test_every_error_has_its_remedy_and_no_other() -> None:
    loaded = list(modules())
    raised = {pair for module in loaded for pair in of_raises(module)}
    expected = sorted({(summary, str(code)) for summary, code in of_classes(loaded) | raised})
    found = rows("Errors")
    assert sorted(found) == expected
    assert len(set(found)) == len(found)


def test_every_problem_is_told_as_a_mistake_or_has_its_remedy() -> None:
    shown = set(re.findall(r"^## (.+)$", MISTAKES, re.MULTILINE))
    _, _, section = PAGE.partition("\n## Problems and warnings\n")
    found = re.findall(r"^\| (?!-|first words )(.+?) \| .+ \|$", section, re.MULTILINE)
    assert sorted(found) == sorted({summary for summary in problems() if summary} - shown)
