"""Options for every test, and the storages of the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from support.postgres_server import postgres, postgres_store  # noqa: F401 -- fixtures, for every folder of tests
from support.s3_server import bucket_store, s3, shared_s3  # noqa: F401 -- fixtures, for every folder of tests
from support.stores import file_store  # noqa: F401 -- fixtures, for every folder of tests

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVERS: Final = frozenset({"postgres", "postgres_store", "shared_s3", "bucket_store"})
"""Fixtures that start a server."""
SLOW: Final = ("kills", "faults", "judges", "properties", "integration")
"""Folders whose tests take seconds, or a minute."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be rewritten; the diff is then reviewed."""
    parser.addoption("--update-golden", action="store_true", default=False, help="rewrite golden files")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts a server ``system``, whether a test asks for it by a fixture or by a parameter."""
    for item in items:
        if not SERVERS.isdisjoint(_asked(item)):
            item.add_marker("system")


@pytest.hookimpl(trylast=True, specname="pytest_collection_modifyitems")
def pytest_longest_first(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that in the end no process works while the others wait."""
    items.sort(key=lambda item: [folder not in item.nodeid.split("/") for folder in SLOW])


def _asked(item: pytest.Item) -> Iterator[str]:
    yield from getattr(item, "fixturenames", ())
    callspec: Any = getattr(item, "callspec", None)
    for value in callspec.params.values() if callspec else ():
        yield from (name for name in (value if isinstance(value, tuple) else [value]) if isinstance(name, str))


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
