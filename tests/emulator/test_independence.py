"""The emulator is a reading of its own: it shares no code with the tool it tests."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import hmsplan.emulator

FILES = sorted(Path(hmsplan.emulator.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_of_the_rest_is_imported(path: Path) -> None:
    modules = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            modules.append(node.module or "")
        elif isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
    ours = [module for module in modules if module.split(".")[0] == "hmsplan"]
    assert all(module.startswith("hmsplan.emulator") for module in ours), ours
