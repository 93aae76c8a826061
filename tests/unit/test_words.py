"""What users read is plain English: no word that another writer of this field would not use."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import hmsplan

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(hmsplan.__file__).parent
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if "emulator" not in path.relative_to(PACKAGE).parts]
PRIVATE = re.compile(
    r"\b(nobody|[Ss]omebody|anew|whoever|[Mm]end|yet to come)\b"
    r"|(?<!here )\b(is|are) (no|none) (?!longer\b|more\b)(?=[a-z])"  # "is not a lock", not "is no lock"
)


def texts(path: Path) -> Iterator[str]:
    """Yield every text of a module but its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_message_uses_a_word_of_our_own(path: Path) -> None:
    """See docs/glossary.md; what is wrong is said in the present tense, and what to do."""
    assert [text for text in texts(path) if PRIVATE.search(text)] == []
