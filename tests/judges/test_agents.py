"""The inspector of MCP, which is how people look at a server of tools: it starts ``hmsplan mcp`` and calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest

from hmsplan.cli.mcp_tools import TOOLS
from hmsplan.emulator import Emulator, Settings, running

from .conftest import KEY, MAIN, Organization
from .outside import JUDGES, TIMEOUT_S, needs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INSPECTOR: Final = JUDGES / "editor/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"

pytestmark = [pytest.mark.system, needs("editor")]


class Inspector:
    """Runs the inspector on the stack of an organization."""

    def __init__(self, organization: Organization, home: Path) -> None:
        self.organization, self.home = organization, home

    def __call__(self, method: str, *more: str) -> Any:
        server = [sys.executable, "-c", MAIN, "-C", str(self.organization.root), "mcp"]
        told = {"HMS_SOVEREIGN_API_KEY": KEY, "HMS_SOVEREIGN_BASE_URL": self.organization.url}
        settings = [part for name, value in told.items() for part in ("-e", f"{name}={value}")]
        done = subprocess.run(
            ["node", str(INSPECTOR), "--cli", *settings, *server, "--method", method, *more],
            env={"PATH": os.environ["PATH"], "HOME": str(self.home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=False,
        )
        assert done.stdout, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def inspect(tmp_path: Path) -> Iterator[Inspector]:
    emulator = Emulator(settings=Settings(rate_limit=None))
    with running(emulator) as url:
        organization = Organization(url, tmp_path / "stack")
        organization.declare({"assistants": {"desk": {"name": "Desk"}, "night": {"name": "Night"}}})
        (tmp_path / "home").mkdir()
        yield Inspector(organization, tmp_path / "home")
    emulator.close()


def test_it_lists_every_tool_as_one_that_only_reads(inspect: Inspector) -> None:
    tools = inspect("tools/list")["tools"]
    assert [tool["name"] for tool in tools] == list(TOOLS)
    assert all(tool["annotations"]["readOnlyHint"] for tool in tools)
    assert all(tool["inputSchema"]["additionalProperties"] is False for tool in tools)


def test_it_calls_a_tool_with_arguments(inspect: Inspector) -> None:
    """A list among them; the result is text and structure."""
    result = inspect("tools/call", "--tool-name", "plan", "--tool-arg", 'targets=["assistants.night"]')
    assert not result.get("isError")
    assert "Plan: 1 to add" in result["content"][-1]["text"]
    assert result["structuredContent"]["events"][-1]["changes"]["add"] == 1
    assert "events" in result["structuredContent"]["foreign"]


def test_it_shows_a_mistake_as_an_error_of_the_tool(inspect: Inspector) -> None:
    result = inspect("tools/call", "--tool-name", "plan", "--tool-arg", "environment=nowhere")
    assert result["isError"]
    assert result["structuredContent"]["exit_code"] == 3
