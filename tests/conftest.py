"""Options for every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be rewritten; the diff is then reviewed."""
    parser.addoption("--update-golden", action="store_true", default=False, help="rewrite golden files")
