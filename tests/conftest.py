"""Options for every test, and the storages of the state."""

from __future__ import annotations

import pytest
from support.postgres_server import postgres, postgres_store  # noqa: F401 -- fixtures, for every folder of tests
from support.s3_server import bucket_store, s3, shared_s3  # noqa: F401 -- fixtures, for every folder of tests
from support.stores import file_store  # noqa: F401 -- fixtures, for every folder of tests


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be rewritten; the diff is then reviewed."""
    parser.addoption("--update-golden", action="store_true", default=False, help="rewrite golden files")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Say whether golden files are rewritten."""
    return bool(request.config.getoption("--update-golden"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what a test has counted (``record_property("counted", text)``), wherever it ran."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, text in report.user_properties:
            if name == "counted" and report.when == "call":
                terminalreporter.write_line(f"{report.nodeid}: {text}")
